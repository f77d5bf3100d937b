// Real time, or real time that runs faster: the machine's clock behind the Clock everything else uses.

import { cancellable } from '../base/abort.ts';
import type { Clock, Timer } from '../base/clock.ts';

/** setTimeout takes no more than this; longer waits are made of several. */
const longestTimeout = 2 ** 31 - 1;

/**
 * Waits keep the process alive, since somebody awaits them; whoever starts a timer that should not must cancel it when done.
 * @param options.speed how many seconds of the cluster pass in a real one (default 1)
 */
export function realClock({ speed = 1 }: { readonly speed?: number } = {}): Clock {
  const origin = performance.now();
  const start = Date.now();
  const elapsed = (): number => (performance.now() - origin) * speed;

  function after(delay: number, fire: () => void): Timer {
    if (delay <= 0) {
      const immediate = setImmediate(fire);
      return { cancel: () => clearImmediate(immediate) };
    }
    const due = elapsed() + delay;
    let timeout: NodeJS.Timeout;
    // Timeouts may come a little early, and long ones come in pieces.
    const wait = (): void => {
      const left = due - elapsed();
      if (left <= 0) fire();
      else timeout = setTimeout(wait, Math.min(longestTimeout, Math.ceil(left / speed)));
    };
    wait();
    return { cancel: () => clearTimeout(timeout) };
  }

  return {
    // At natural speed the wall clock is followed when it is set; a faster one starts there and runs away.
    now: speed === 1 ? Date.now : () => start + elapsed(),
    elapsed,
    after,
    sleep: (delay, signal) => cancellable(signal, (resolve) => after(delay, resolve)),
  };
}
