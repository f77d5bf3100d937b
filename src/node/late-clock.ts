// Time for a program that began before its node's agent did: what it slept through meanwhile is over at once.

import type { Clock, Instant } from '../base/clock.ts';

/** How often it may have slept; one that slept more goes on as if it had. */
const mostTurns = 10_000;

export function lateClock(since: Instant, clock: Clock): Clock {
  let past = since;
  let turns = 0;
  const isBehind = (): boolean => turns < mostTurns && past < clock.now();
  return {
    ...clock,
    now: () => (isBehind() ? past : clock.now()),
    async sleep(delay, signal) {
      if (!isBehind()) return clock.sleep(delay, signal);
      turns++;
      const due = past + delay;
      past = Math.min(due, clock.now());
      if (due > clock.now()) await clock.sleep(due - clock.now(), signal);
    },
  };
}
