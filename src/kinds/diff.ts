// Two values compared line by line, as refusals of changes to whole specifications show them.

/** A unified diff of both values' indented JSON, with three lines around each change; empty when nothing differs. */
export function differenceOf(previous: unknown, next: unknown): string {
  const [before, after] = [linesOf(previous), linesOf(next)];
  return hunksOf(changesOf(before, after)).map(printHunk).join('');
}

const linesOf = (value: unknown): string[] => JSON.stringify(value, null, 1).split('\n');

interface Line {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
  /** Line numbers, from one, in either text. */
  readonly before: number;
  readonly after: number;
}

/** The shortest list of removals and additions, by the longest common subsequence of what lies between equal ends. */
function changesOf(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const lengths = commonLengths(before.slice(start, before.length - end), after.slice(start, after.length - end));
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  const keep = () => {
    lines.push({ sign: ' ', text: before[i] ?? '', before: i + 1, after: j + 1 });
    i++;
    j++;
  };
  while (i < start) keep();
  while (i < before.length - end || j < after.length - end) {
    const [removed, added] = [i < before.length - end, j < after.length - end];
    if (removed && added && before[i] === after[j]) keep();
    else if (
      removed &&
      (!added || lengthAt(lengths, i + 1 - start, j - start) >= lengthAt(lengths, i - start, j + 1 - start))
    ) {
      lines.push({ sign: '-', text: before[i] ?? '', before: ++i, after: j + 1 });
    } else lines.push({ sign: '+', text: after[j] ?? '', before: i + 1, after: ++j });
  }
  while (i < before.length) keep();
  return lines;
}

const lengthAt = (lengths: readonly Uint16Array[], i: number, j: number): number => lengths[i]?.[j] ?? 0;

/** `[i][j]`: how many lines both texts have in common from there on. */
function commonLengths(before: readonly string[], after: readonly string[]): Uint16Array[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const row = lengths[i];
      if (!row) continue;
      row[j] =
        before[i] === after[j]
          ? lengthAt(lengths, i + 1, j + 1) + 1
          : Math.max(lengthAt(lengths, i + 1, j), lengthAt(lengths, i, j + 1));
    }
  }
  return lengths;
}

const around = 3;

function hunksOf(lines: readonly Line[]): Line[][] {
  const hunks: Line[][] = [];
  let last = -Infinity;
  lines.forEach((line, i) => {
    if (line.sign === ' ') return;
    const from = Math.max(0, i - around);
    if (from > last + around + 1) hunks.push(lines.slice(from, i));
    else hunks.at(-1)?.push(...lines.slice(last + 1, i));
    hunks.at(-1)?.push(line);
    last = i;
    const next = lines.findIndex((other, k) => k > i && other.sign !== ' ');
    if (next < 0 || next - around > i + around + 1) hunks.at(-1)?.push(...lines.slice(i + 1, i + 1 + around));
  });
  return hunks;
}

function printHunk(lines: readonly Line[]): string {
  const first = lines[0];
  const removed = lines.filter((line) => line.sign !== '+').length;
  const added = lines.filter((line) => line.sign !== '-').length;
  const head = `@@ -${rangeOf(first?.before ?? 0, removed)} +${rangeOf(first?.after ?? 0, added)} @@\n`;
  return head + lines.map(({ sign, text }) => `${sign}${text}\n`).join('');
}

const rangeOf = (start: number, count: number): string => (count === 1 ? `${start}` : `${start},${count}`);
