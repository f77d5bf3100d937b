// Watches one node for what it runs short of, and remembers what it saw.

import type { Clock, Instant } from '../base/clock.ts';
import type { Node } from '../kinds/generated/types/core-v1.ts';
import type { Candidate } from './eviction.ts';
import type { NodeHealth } from './node-object.ts';
import { ownUse } from './own-use.ts';
import {
  conditionsOf,
  parsePressure,
  pressureAnnotation,
  seenAfter,
  shortagesAt,
  type Seen,
  type Shortage,
} from './pressure.ts';

export interface PressureWatch {
  /** Looks at the node as it is now. `shortage`: what has to be reclaimed first. `errors` are told once. */
  observe(
    node: Node,
    candidates: readonly Candidate[],
  ): { readonly shortage: Shortage | undefined; readonly errors: readonly string[] };
  health(): NodeHealth;
}

/** `capacity`: the node's memory, in bytes. */
export function pressureWatch(clock: Clock, capacity: number): PressureWatch {
  let script: { text: string; since: Instant } & ReturnType<typeof parsePressure> = {
    text: '',
    since: 0,
    spells: [],
    errors: [],
  };
  let seen: Seen = new Map();

  return {
    observe({ metadata }, candidates) {
      const now = clock.now();
      const text = metadata.annotations?.[pressureAnnotation] ?? '';
      const isNew = text !== script.text;
      if (isNew) script = { text, since: now, ...parsePressure(text) };
      const used = candidates.reduce((sum, { usage }) => usage.reduce((all, { memory }) => all + memory, sum), 0);
      const freeMemory = capacity - ownUse.memory - used;
      const shortages = shortagesAt(now - script.since, { spells: script.spells, freeMemory });
      seen = seenAfter(seen, shortages, now);
      return { shortage: shortages[0], errors: isNew ? script.errors : [] };
    },
    health: () => ({ pressures: conditionsOf(seen) }),
  };
}
