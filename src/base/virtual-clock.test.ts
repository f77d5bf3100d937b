// Virtual time: nothing happens before its time, and everything that follows from one moment happens before the next.

import { expect, test } from 'vitest';
import { hours, seconds } from './clock.ts';
import { seededRandom } from './random.ts';
import { virtualClock } from './virtual-clock.ts';

test('timers fire in order of time, then of creation, each at its own instant', async () => {
  const clock = virtualClock(1000);
  const seen: string[] = [];
  clock.after(20, () => seen.push(`c ${clock.now()}`));
  clock.after(10, () => seen.push(`a ${clock.now()}`));
  clock.after(10, () => seen.push(`b ${clock.now()}`));
  clock.after(30, () => seen.push('too late'));
  await clock.advance(25);
  expect(seen).toEqual(['a 1010', 'b 1010', 'c 1020']);
  expect([clock.now(), clock.elapsed(), clock.pending(), clock.nextDue()]).toEqual([1025, 25, 1, 1030]);
});

test('what a timer causes through promises is done before time moves on', async () => {
  const clock = virtualClock(0);
  const seen: number[] = [];
  clock.after(1, async () => {
    for (let i = 0; i < 50; i++) await Promise.resolve();
    seen.push(clock.now());
    await clock.sleep(5);
    seen.push(clock.now());
  });
  clock.after(2, () => seen.push(clock.now()));
  await clock.run();
  expect(seen).toEqual([1, 2, 6]);
});

test('a timer never fires synchronously, and a cancelled one never', async () => {
  const clock = virtualClock(0);
  let fired = 0;
  clock.after(0, () => fired++);
  const cancelled = clock.after(0, () => fired++);
  expect(fired).toBe(0);
  cancelled.cancel();
  cancelled.cancel();
  await clock.advance(0);
  expect(fired).toBe(1);
});

test('a sleep ends with the reason of its signal', async () => {
  const clock = virtualClock(0);
  const abort = new AbortController();
  const sleep = clock.sleep(seconds(1), abort.signal);
  abort.abort(new Error('enough'));
  await expect(sleep).rejects.toThrow('enough');
  await expect(clock.sleep(1, abort.signal)).rejects.toThrow('enough');
  expect(clock.pending()).toBe(0);
});

test('run stops at its condition, or when its time is over', async () => {
  const clock = virtualClock(0);
  let ticks = 0;
  const tick = (): void => {
    ticks++;
    clock.after(seconds(1), tick);
  };
  tick();
  expect(await clock.run({ until: () => ticks === 5 })).toBe(true);
  expect(clock.now()).toBe(seconds(4));
  expect(await clock.run({ until: () => ticks < 0, max: hours(1) })).toBe(false);
  expect(clock.now()).toBe(seconds(4) + hours(1));
});

test('the seed, and nothing else, decides the order at one instant', async () => {
  const order = async (seed: number): Promise<number[]> => {
    const clock = virtualClock(0, { random: seededRandom(seed) });
    const seen: number[] = [];
    for (let i = 0; i < 10; i++) clock.after(1, () => seen.push(i));
    await clock.run();
    return seen;
  };
  expect(await order(1)).toEqual(await order(1));
  expect(await order(1)).not.toEqual(await order(2));
});

test('two movements at once are refused', async () => {
  const clock = virtualClock(0);
  const first = clock.advance(1);
  await expect(clock.advance(1)).rejects.toThrow('already moving');
  await first;
});
