// The work queue of a controller: each key once, due now or later, never handed out twice at the same time.

import type { Clock, Duration, Instant, Timer } from './clock.ts';
import { type Heap, type HeapEntry, heap } from './heap.ts';

export interface Queue {
  /** Asks for the key after a delay; the earliest due time wins. A key under way comes again once it is done. */
  add(key: string, after?: Duration): void;
  /** The key was done: it may be handed out again. */
  done(key: string): void;
  /** How many keys wait or are under way. */
  size(): number;
  stop(): void;
}

interface Waiting {
  readonly key: string;
  readonly due: Instant;
}

/** Calls `ready` whenever a key can be taken; `take` gives the next one. */
export function createQueue(clock: Clock, ready: () => void): Queue & { take(): string | undefined } {
  /** Keys that are due, in the order they became so. */
  const due = new Set<string>();
  const underWay = new Set<string>();
  /** Keys asked for while they were under way, with the delay asked for. */
  const again = new Map<string, Instant>();
  const later: Heap<Waiting> = heap((a, b) => a.due - b.due);
  const waiting = new Map<string, HeapEntry<Waiting>>();
  let timer: Timer | undefined;
  let stopped = false;

  function add(key: string, after = 0): void {
    if (stopped || due.has(key)) return;
    const at = clock.now() + Math.max(0, after);
    if (underWay.has(key)) {
      again.set(key, Math.min(at, again.get(key) ?? Number.POSITIVE_INFINITY));
      return;
    }
    if (after <= 0) {
      forget(key);
      due.add(key);
      ready();
      return;
    }
    const known = waiting.get(key);
    if (known && known.value.due <= at) return;
    forget(key);
    waiting.set(key, later.push({ key, due: at }));
    arm();
  }

  function forget(key: string): void {
    const known = waiting.get(key);
    if (!known) return;
    later.remove(known);
    waiting.delete(key);
  }

  function arm(): void {
    timer?.cancel();
    const next = later.peek();
    if (next) timer = clock.after(next.due - clock.now(), release);
  }

  function release(): void {
    const now = clock.now();
    for (let next = later.peek(); next && next.due <= now; next = later.peek()) {
      later.pop();
      waiting.delete(next.key);
      due.add(next.key);
    }
    arm();
    ready();
  }

  return {
    add,
    take() {
      const [key] = due;
      if (key === undefined || stopped) return undefined;
      due.delete(key);
      underWay.add(key);
      return key;
    },
    done(key) {
      underWay.delete(key);
      const at = again.get(key);
      again.delete(key);
      if (at !== undefined) add(key, at - clock.now());
    },
    size: () => due.size + underWay.size + waiting.size,
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
