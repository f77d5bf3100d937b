// How long things take on a simulated node, from least to most, in milliseconds. The seed decides in between.

import type { Duration } from '../base/clock.ts';
import type { Random } from '../base/random.ts';

export type Span = readonly [least: Duration, most: Duration];

export const paces = {
  sandbox: [50, 300],
  create: [10, 40],
  start: [40, 160],
  resize: [20, 100],
  stop: [20, 200],
  pullSmall: [300, 800],
  pullMedium: [800, 1800],
  pullLarge: [1800, 3000],
  pullCheck: [50, 250],
  crash: [1000, 3000],
  initWork: [500, 2000],
  work: [2000, 5000],
} satisfies Record<string, Span>;

export const between = (random: Random, [least, most]: Span): number =>
  Math.round(least + random.next() * (most - least));
