// Ranges of sizes and costs that do not overflow: from the least to the most there can be.

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Where counting stops: what 64 bits hold. */
export const unbounded = 2 ** 64;

export const unknownSize: Range = { min: 0, max: unbounded };
export const nothing: Range = { min: 0, max: 0 };
export const exactly = (size: number): Range => ({ min: size, max: size });
export const atMost = (max: number): Range => ({ min: 0, max });

const capped = (size: number): number => Math.min(size, unbounded);

export const plus = (...ranges: readonly Range[]): Range => ({
  min: capped(ranges.reduce((sum, each) => sum + each.min, 0)),
  max: capped(ranges.reduce((sum, each) => sum + each.max, 0)),
});

export const times = (a: Range, b: Range): Range => ({ min: capped(a.min * b.min), max: capped(a.max * b.max) });

/** By a factor, rounded up. */
export const scaled = (range: Range, factor: number): Range => ({
  min: capped(Math.ceil(range.min * factor)),
  max: capped(Math.ceil(range.max * factor)),
});

export const either = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) });
