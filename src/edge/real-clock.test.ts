// Real time behind the Clock.

import { expect, test } from 'vitest';
import { realClock } from './real-clock.ts';

test('a timer fires once its time has come, not before', async () => {
  const clock = realClock();
  const before = clock.elapsed();
  await clock.sleep(20);
  expect(clock.elapsed() - before).toBeGreaterThanOrEqual(20);
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
});

test('a fast clock lets minutes pass in moments', async () => {
  const clock = realClock({ speed: 10_000 });
  const [wall, start] = [clock.now(), Date.now()];
  await clock.sleep(60_000);
  expect(clock.now() - wall).toBeGreaterThanOrEqual(60_000);
  expect(Date.now() - start).toBeLessThan(5_000);
});

test('waits beyond what a timeout can hold do not fire at once', async () => {
  const clock = realClock();
  let fired = 0;
  const long = clock.after(2 ** 33, () => fired++);
  clock.after(0, () => fired--);
  expect(fired).toBe(0);
  await clock.sleep(10);
  expect(fired).toBe(-1);
  long.cancel();
});

test('an aborted sleep rejects', async () => {
  await expect(realClock().sleep(10_000, AbortSignal.abort(new Error('no')))).rejects.toThrow('no');
});
