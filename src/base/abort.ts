// Waiting that can be called off.

import type { Timer } from './clock.ts';

/**
 * A promise that `start` resolves, unless the signal aborts first: then what `start` returned is cancelled, and the promise
 * rejects with the signal's reason.
 */
export function cancellable<T>(
  signal: AbortSignal | undefined,
  start: (resolve: (value: T) => void) => Timer,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = start((value) => {
      signal?.removeEventListener('abort', abort);
      resolve(value);
    });
    function abort(): void {
      timer.cancel();
      reject(signal?.reason);
    }
    signal?.addEventListener('abort', abort, { once: true });
  });
}
