// What a simulated container was told to use, and when: spans of its running time, of which the last said that covers a moment counts.

import type { Duration } from '../base/clock.ts';

export interface UseSpan {
  /** Cores or bytes; where it is a share, the part of the request: 0.8 for 80 %. */
  readonly amount: number;
  readonly share?: true;
  /** Since the container's start; `to` is left out for what does not end. */
  readonly from: Duration;
  readonly to?: Duration;
}

/** A part of the running time in which the use stays the same. */
export interface Steady {
  readonly from: Duration;
  readonly to: Duration;
  readonly use: number;
}

/** From the start on: told where something is said of it and, for a share, something was requested; else as if untold. */
export function steadyUse(
  spans: readonly UseSpan[] | undefined,
  { requested, untold }: { readonly requested: number | undefined; readonly untold: number },
): readonly Steady[] {
  const told = (spans ?? []).filter(({ share }) => !share || requested !== undefined);
  const edges = new Set([0, Infinity, ...told.flatMap(({ from, to = Infinity }) => [from, to])]);
  const ordered = [...edges].sort((a, b) => a - b);
  return ordered.slice(0, -1).map((from, i) => {
    const span = told.findLast((each) => each.from <= from && from < (each.to ?? Infinity));
    const use = span ? span.amount * (span.share ? (requested ?? 0) : 1) : untold;
    return { from, to: ordered[i + 1] ?? Infinity, use };
  });
}

export const useAt = (steady: readonly Steady[], age: Duration): number =>
  steady.find(({ from, to }) => from <= age && age < to)?.use ?? 0;

/** Use times time, from the start to this age: core-seconds for cores. */
export const useUntil = (steady: readonly Steady[], age: Duration): number =>
  steady.reduce((sum, { from, to, use }) => sum + (use * Math.max(0, Math.min(to, age) - from)) / 1000, 0);

/** When a use that grows by `growth` a millisecond besides first passes a limit; undefined: never. */
export function passes(steady: readonly Steady[], growth: number, limit: number): Duration | undefined {
  for (const { from, to, use } of steady) {
    if (use + growth * from > limit) return from;
    const at = growth > 0 ? (limit - use) / growth : Infinity;
    if (at < to) return at;
  }
  return undefined;
}
