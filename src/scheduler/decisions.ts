// The last decisions about pods, for whoever asks why.

import type { Decision } from './decide.ts';

export interface Decisions {
  /** The newest decision about a pod, if it is remembered still. */
  of(uid: string): Decision | undefined;
  /** All that are remembered, the oldest first. */
  all(): readonly Decision[];
  add(decision: Decision): void;
}

/** Remembers the newest decision about each of the last so many pods. */
export function createDecisions(limit = 512): Decisions {
  const decisions = new Map<string, Decision>();
  return {
    of: (uid) => decisions.get(uid),
    all: () => [...decisions.values()],
    add(decision) {
      decisions.delete(decision.uid);
      decisions.set(decision.uid, decision);
      if (decisions.size > limit) decisions.delete(decisions.keys().next().value ?? '');
    },
  };
}
