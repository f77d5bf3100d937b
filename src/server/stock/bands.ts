// A range of numbers given out by chance from its upper band first: wishes for low ones then seldom find them taken.

import type { Random } from '../../base/random.ts';

export interface Bands {
  readonly size: number;
  /** How many of the lowest are kept for wishes as long as there are others. */
  readonly reserved: number;
}

export interface BandRule {
  readonly least: number;
  readonly most: number;
  /** The part of the range that is reserved, between those. */
  readonly share: number;
}

export function reservedOf(size: number, { least, most, share }: BandRule): number {
  if (size <= least) return 0;
  return Math.min(Math.max(Math.floor(size / share), least), most);
}

/** A free offset into the range, or undefined where it is full. */
export function drawOffset(
  random: Random,
  { size, reserved }: Bands,
  isUsed: (offset: number) => boolean,
): number | undefined {
  return drawBetween(random, reserved, size, isUsed) ?? drawBetween(random, 0, reserved, isUsed);
}

function drawBetween(
  random: Random,
  from: number,
  to: number,
  isUsed: (offset: number) => boolean,
): number | undefined {
  const size = to - from;
  if (size <= 0) return undefined;
  const start = random.below(size);
  for (let step = 0; step < size; step++) {
    const offset = from + ((start + step) % size);
    if (!isUsed(offset)) return offset;
  }
  return undefined;
}
