// The storage drivers that are only simulated: all of them, whatever their names. Nothing is behind their volumes but the memory of this program.

import { type Duration, type Instant, milliseconds } from '../../base/clock.ts';
import type { KubeObject } from '../../api/object.ts';
import { isDriverName, simulatedDriver } from '../../kinds/storage/driver-name.ts';
import type { Context } from '../../reconcile/controller.ts';

/** Signs the writes, and the events of what has no name of its own elsewhere. */
export const agent = 'portolan-storage';
/** Labels and annotates every volume that is only simulated. */
export const mark = 'portolan.dev/simulated';
/** The driver of the volumes that a provisioner makes: it bears the same name, where that can be one. */
export const driverOf = (provisioner: string): string => (isDriverName(provisioner) ? provisioner : simulatedDriver);

/** A driver's name as a part of a finalizer's. */
export const sanitized = (driver: string): string => driver.replace(/[^a-zA-Z0-9-]/g, '-').replace(/-$/, '-X');

/** What the simulated volumes and snapshots hold, by their handles. Copies are independent of what they were made from. */
export interface VolumeContents {
  /** An unknown source gives an empty copy. */
  copy(from: string, to: string): void;
  remove(handle: string): void;
}

/** Making, enlarging, changing, attaching or detaching a volume takes so long at least, and up to as much again by chance. */
const shortest: Duration = milliseconds(400);

/** When work that takes its time is done. */
export function pacing() {
  /** By the name of the work, which is forgotten once it is done. */
  const due = new Map<string, Instant>();
  return {
    isUnderWay: (work: string): boolean => due.has(work),
    /** How long it still takes; the first question begins it, and 0 ends it. */
    remaining(work: string, { clock, random }: Pick<Context, 'clock' | 'random'>): Duration {
      const now = clock.now();
      const at = due.get(work) ?? now + shortest + random.below(shortest);
      due.set(work, at);
      if (at <= now) due.delete(work);
      return Math.max(0, at - now);
    },
    forget: (work: string): void => void due.delete(work),
  };
}

/** A merge patch of an object's finalizers; undefined where they are as wanted. */
export function finalizersPatch(
  { metadata: { finalizers = [], resourceVersion } }: KubeObject,
  { add, remove }: { readonly add?: string; readonly remove?: string },
): { readonly metadata: object } | undefined {
  const wanted = finalizers.filter((each) => each !== remove);
  if (add !== undefined && !wanted.includes(add)) wanted.push(add);
  if (wanted.length === finalizers.length) return undefined;
  return { metadata: { resourceVersion, finalizers: wanted.length > 0 ? wanted : null } };
}
