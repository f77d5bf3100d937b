// How benchmarks print: a figure, its limit, and whether it holds.

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limit?: number;
}

export function report(title: string, figures: readonly Figure[]): void {
  console.log(title);
  for (const { name, value, unit, limit } of figures) {
    const shown = `${value >= 100 ? value.toFixed(0) : value.toFixed(2)} ${unit}`;
    const verdict =
      limit === undefined
        ? ''
        : `limit ${limit} ${unit}, ${((value / limit) * 100).toFixed(0)} % of it ${value <= limit ? '✓' : '✗'}`;
    console.log(`  ${name.padEnd(36)} ${shown.padStart(12)}   ${verdict}`.trimEnd());
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
