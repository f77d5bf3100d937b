// Sets of an indexed job's indexes as text: `1,3-5,7`.

export interface Indexes {
  readonly intervals: readonly (readonly [first: number, last: number])[];
  readonly total: number;
}

/** Reads the text, or says what is wrong with it. Indexes grow, and are smaller than the number of completions. */
export function indexesOf(text: string, completions: number): Indexes | { readonly problem: string } {
  const intervals: (readonly [number, number])[] = [];
  if (text === '') return { intervals, total: 0 };
  let previous: number | undefined;
  for (const part of text.split(',')) {
    const interval = intervalOf(part, completions);
    if (!Array.isArray(interval)) return interval;
    const [first, last] = interval;
    if (previous !== undefined && previous >= first) return { problem: outOfOrder(previous, first) };
    intervals.push([first, last]);
    previous = last;
  }
  return { intervals, total: intervals.reduce((sum, [first, last]) => sum + last - first + 1, 0) };
}

const outOfOrder = (previous: number, current: number) =>
  `non-increasing order, previous: ${previous}, current: ${current}`;

function intervalOf(text: string, completions: number): [number, number] | { problem: string } {
  const parts = text.split('-');
  if (parts.length > 2) {
    const rule = "violates the requirement that an index interval can have at most two parts separated by '-'";
    return { problem: `the fragment ${JSON.stringify(text)} ${rule}` };
  }
  for (const part of parts) {
    if (!/^[+-]?\d+$/.test(part)) {
      return { problem: `cannot convert string to integer for index: ${JSON.stringify(part)}` };
    }
    if (Number(part) >= completions) return { problem: `too large index: ${JSON.stringify(part)}` };
  }
  const [first = 0, last = first] = parts.map(Number);
  return parts.length === 2 && first >= last ? { problem: outOfOrder(first, last) } : [first, last];
}

/** The first index that is in both; undefined for none. */
export function commonIndex(a: Indexes, b: Indexes): number | undefined {
  for (const [first, last] of a.intervals) {
    const other = b.intervals.find(([from, to]) => from <= last && to >= first);
    if (other) return Math.max(first, other[0]);
  }
  return undefined;
}
