// Waiting that can be called off.

/**
 * A promise that `start` resolves, unless the signal aborts first: then what `start` returned is called, and the promise
 * rejects with the signal's reason.
 */
export function cancellable<T>(
  signal: AbortSignal | undefined,
  start: (resolve: (value: T) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = start((value) => {
      signal?.removeEventListener('abort', abort);
      resolve(value);
    });
    function abort(): void {
      stop();
      reject(signal?.reason);
    }
    signal?.addEventListener('abort', abort, { once: true });
  });
}
