import { expect, test } from 'vitest';
import { parseBehavior } from './behaviors.ts';
import { passes, steadyUse, useAt, useUntil } from './use.ts';

const cpu = (text: string, requested = 0.5) => steadyUse(parseBehavior(text).behavior.cpu, { requested, untold: 0.1 });

test('the last said of a moment counts, and before anything is said the container does as it likes', () => {
  const steady = cpu('cpu 80% from 60s; cpu 2 from 2m to 3m');
  expect([0, 59_999, 60_000, 120_000, 180_000].map((age) => useAt(steady, age))).toEqual([0.1, 0.1, 0.4, 2, 0.4]);
});

test('a share of nothing requested is not followed', () => {
  expect(useAt(cpu('cpu 80%'), 0)).toBe(0.4);
  expect(useAt(steadyUse(parseBehavior('cpu 80%').behavior.cpu, { requested: undefined, untold: 0.1 }), 0)).toBe(0.1);
});

test('what was used so far adds up over the spans', () => {
  expect(useUntil(cpu('cpu 1 from 10s to 20s'), 30_000)).toBeCloseTo(20 * 0.1 + 10);
});

test('a limit is passed at the first moment that it is', () => {
  const memory = steadyUse(parseBehavior('memory 50; memory 200 from 10s').behavior.memory, {
    requested: 1,
    untold: 1,
  });
  expect(passes(memory, 0, 100)).toBe(10_000);
  expect(passes(memory, 0.01, 100)).toBe(5_000);
  expect(passes(memory, 0, 200)).toBeUndefined();
});
