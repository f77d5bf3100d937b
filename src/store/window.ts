// How much history is kept, and so when to compact.

import { type Clock, type Duration, type Instant, minutes } from '../base/clock.ts';
import type { Revision } from './store.ts';

export interface Window {
  /** History at least this long is kept, unless there are too many changes. */
  readonly duration: Duration;
  /** At most about this many changes are kept, however young. */
  readonly changes: number;
}

/** Five minutes, as kube-apiserver has etcd keep. */
export const usualWindow: Window = { duration: minutes(5), changes: 200_000 };

/** Tells, write by write, up to which revision history may go. No timer: a store at rest does not grow. */
export interface Horizon {
  /** The revision to compact to after a write, if any. `remembered` is how many changes are kept now. */
  after(revision: Revision, remembered: number): Revision | undefined;
}

export function horizon(clock: Clock, { duration, changes }: Window): Horizon {
  // What the revision was, at moments a fifth of the window apart.
  const marks: { readonly at: Instant; readonly revision: Revision }[] = [];

  function outlived(now: Instant): Revision | undefined {
    let revision: Revision | undefined;
    for (let oldest = marks[0]; oldest && now - oldest.at >= duration; oldest = marks[0]) {
      revision = oldest.revision;
      marks.shift();
    }
    return revision;
  }

  return {
    after(revision, remembered) {
      const now = clock.now();
      const last = marks.at(-1);
      const due = last && now - last.at < duration / 5 ? undefined : outlived(now);
      if (!last || now - last.at >= duration / 5) marks.push({ at: now, revision });
      // In large steps, since each has a cost.
      return remembered > changes ? revision - Math.floor(changes * 0.75) : due;
    },
  };
}
