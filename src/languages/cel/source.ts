// The text of an expression, and mistakes in it as cel-go prints them: the place, the message, the line and a pointer.

export interface Issue {
  /** Code points from the beginning. Undefined: it is about the whole text. */
  readonly at: number | undefined;
  readonly message: string;
}

export interface Source {
  readonly text: string;
  /** By code point. */
  readonly points: readonly string[];
  /** Where each line begins. */
  readonly lines: readonly number[];
}

export function sourceOf(text: string): Source {
  const points = Array.from(text);
  const lines = [0];
  for (const [i, point] of points.entries()) if (point === '\n') lines.push(i + 1);
  return { text, points, lines };
}

/** `ERROR: <input>:1:5: undeclared reference to 'x' …`, the line it is in, and where. */
export function formatIssue(source: Source, { at, message }: Issue): string {
  if (at === undefined) return `ERROR: <input>:-1:0: ${message}`;
  // Upstream has no place to point at in an empty text.
  if (source.points.length === 0) return `ERROR: <input>:1:0: ${message}`;
  const line = source.lines.findLastIndex((start) => start <= at);
  const start = source.lines[line] ?? 0;
  const end = source.lines[line + 1];
  const text = source.points.slice(start, end === undefined ? undefined : end - 1);
  const column = at - start;
  const dots = Array.from({ length: column }, (_, i) => (isWide(text[i]) ? '．' : '.')).join('');
  const pointer = isWide(text[column]) ? '＾' : '^';
  const shown = text.join('').replaceAll('\t', ' ');
  return `ERROR: <input>:${line + 1}:${column + 1}: ${message}\n | ${shown}\n | ${dots}${pointer}`;
}

/** Written in several bytes: pointed at with a wide sign, as upstream does. */
const isWide = (point: string | undefined): boolean => point !== undefined && (point.codePointAt(0) ?? 0) >= 0x80;

/** All of them, in the order of their places. */
export function formatIssues(source: Source, issues: readonly Issue[]): string {
  return issues.map((issue) => formatIssue(source, issue)).join('\n');
}
