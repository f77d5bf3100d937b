// How programs wait: for a while, or until nobody wants them any more.

import type { Clock, Duration } from '../../base/clock.ts';
import type { Task } from './task.ts';

/** What one timer can wait, in milliseconds. */
const longest = 2 ** 31 - 1;

/** Infinity: until the task is aborted. Rejects then. */
export async function pass(time: Duration, { machine, signal, steps }: Task): Promise<void> {
  if (time === Infinity) await aborted(signal);
  signal.throwIfAborted();
  for (let left = time; left >= 0; left -= longest) await machine.clock.sleep(Math.min(left, longest), signal);
  if (time > 0) steps.count = 0;
}

export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Resolves after a while, or as soon as nobody waits any more. */
export async function pause(
  time: Duration,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  try {
    await clock.sleep(time, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
