// Keys that vanish by themselves: one timer for the earliest, however many there are.

import type { Clock, Instant, Timer } from '../base/clock.ts';
import { heap } from '../base/heap.ts';
import type { Revision } from './store.ts';

export interface Lifetime {
  readonly key: string;
  /** The write that gave the key its lifetime; a later write ends it. */
  readonly revision: Revision;
  readonly expires: Instant;
}

export interface Lifetimes {
  add(lifetime: Lifetime): void;
  close(): void;
}

/** Calls `expire` with each lifetime when it is over. */
export function lifetimes(clock: Clock, expire: (lifetime: Lifetime) => void): Lifetimes {
  const waiting = heap<Lifetime>((a, b) => a.expires - b.expires || a.revision - b.revision);
  let timer: { readonly due: Instant; readonly timer: Timer } | undefined;

  function arm(): void {
    const first = waiting.peek();
    if (!first || (timer && timer.due <= first.expires)) return;
    timer?.timer.cancel();
    timer = { due: first.expires, timer: clock.after(first.expires - clock.now(), fire) };
  }

  function fire(): void {
    timer = undefined;
    for (let first = waiting.peek(); first && first.expires <= clock.now(); first = waiting.peek()) {
      waiting.pop();
      expire(first);
    }
    arm();
  }

  return {
    add(lifetime) {
      waiting.push(lifetime);
      arm();
    },
    close() {
      timer?.timer.cancel();
      timer = undefined;
    },
  };
}
