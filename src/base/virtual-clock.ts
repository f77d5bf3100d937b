// Time that moves only when told to, and only while the program is silent: a day passes in a millisecond, the same way every time.

import { cancellable } from './abort.ts';
import type { Clock, Duration, Instant } from './clock.ts';
import { heap } from './heap.ts';
import type { Random } from './random.ts';

export interface VirtualClock extends Clock {
  /** Lets this much time pass, with everything that is due in it. */
  advance(by: Duration): Promise<void>;
  /** Lets time pass up to the instant, inclusive. An instant in the past only lets the program come to rest. */
  advanceTo(instant: Instant): Promise<void>;
  /** When the next timer is due. */
  nextDue(): Instant | undefined;
  /** How many timers wait. */
  pending(): number;
  /**
   * Jumps from timer to timer until the condition holds (asked whenever the program is silent), nothing is left to wait for, or
   * `max` has passed (and then all of it has). Tells whether the condition holds; without one, whether nothing is left to wait for.
   */
  run(options?: RunOptions): Promise<boolean>;
  /** Resolves when the program is silent: every promise continuation has run. Time stands still. */
  settle(): Promise<void>;
}

export interface RunOptions {
  readonly until?: () => boolean;
  readonly max?: Duration;
}

interface Pending {
  readonly due: Instant;
  /** Orders timers due at the same instant: by chance, or by creation. */
  readonly rank: number;
  readonly number: number;
  readonly fire: () => void;
}

/** More timers than this at one instant is a loop that would never let time move. */
const timersPerInstant = 1_000_000;

/** @param options.random decides the order of timers due at the same instant; without it they come in order of creation */
export function virtualClock(start: Instant, options: { readonly random?: Random } = {}): VirtualClock {
  const { random } = options;
  const timers = heap<Pending>((a, b) => a.due - b.due || a.rank - b.rank || a.number - b.number);
  const settle = silence();
  let now = start;
  let created = 0;
  let moving = false;

  async function moveTo(limit: Instant, reached: () => boolean): Promise<boolean> {
    if (moving) throw new Error('The clock is already moving: await the earlier advance or run first');
    moving = true;
    try {
      return await steps(limit, reached);
    } finally {
      moving = false;
    }
  }

  async function steps(limit: Instant, reached: () => boolean): Promise<boolean> {
    let fired = 0;
    for (;;) {
      await settle();
      if (reached()) return true;
      const next = timers.peek();
      if (!next || next.due > limit) return false;
      fired = next.due > now ? 0 : fired + 1;
      if (fired > timersPerInstant) throw new Error(`Time stands still: ${fired} timers fired at one instant`);
      timers.pop();
      now = Math.max(now, next.due);
      next.fire();
    }
  }

  async function advanceTo(instant: Instant): Promise<void> {
    await moveTo(instant, () => false);
    now = Math.max(now, instant);
  }

  const clock: VirtualClock = {
    now: () => now,
    elapsed: () => now - start,
    after(delay, fire) {
      const number = created++;
      const entry = timers.push({ due: now + Math.max(0, delay), rank: random?.next() ?? 0, number, fire });
      return { cancel: () => void timers.remove(entry) };
    },
    sleep: (delay, signal) => cancellable(signal, (resolve) => clock.after(delay, resolve)),
    advance: (by) => advanceTo(now + by),
    advanceTo,
    nextDue: () => timers.peek()?.due,
    pending: () => timers.size,
    async run({ until, max = Infinity } = {}) {
      const limit = now + max;
      const reached = await moveTo(limit, until ?? (() => false));
      if (!reached && max < Infinity) now = limit;
      return until ? reached : timers.size === 0;
    },
    settle,
  };
  return clock;
}

/** A turn of the event loop: everything that promises still had to do happens before it resolves. */
function silence(): () => Promise<void> {
  let channel: MessageChannel | undefined;
  let waiting: (() => void)[] = [];

  function wake(): void {
    // Without a listener the port does not keep the process alive.
    if (channel) channel.port1.onmessage = null;
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  }

  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length > 1) return;
      channel ??= new MessageChannel();
      channel.port1.onmessage = wake;
      channel.port2.postMessage(undefined);
    });
}
