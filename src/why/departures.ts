// Who asked for objects to go, and pods as they were last: kept for those who ask why, so many of each.

import type { Clock } from '../base/clock.ts';
import { type Kind, resourceKey } from '../api/kind.ts';
import type { MirrorChange } from '../api/mirror.ts';
import type { KubeObject } from '../api/object.ts';
import type { Pod } from '../kinds/core/pod.ts';
import type { DeletedBy } from '../server/explains.ts';
import type { Deletion, Departure } from './view.ts';

export interface Departures {
  readonly deletion: (uid: string) => Deletion | undefined;
  readonly departure: (kind: Kind, namespace: string, name: string) => Departure | undefined;
  /** Somebody asked for this object to go. The first who asks is remembered. */
  readonly asked: (object: KubeObject, by: DeletedBy) => void;
  /** Pods came, changed and went. */
  readonly podsChanged: (changes: readonly MirrorChange<Pod>[]) => void;
}

export function createDepartures(clock: Clock, limit = 2048): Departures {
  const deletions = new Map<string, Deletion>();
  const gone = new Map<string, Departure>();
  const pods = 'pods';
  return {
    deletion: (uid) => deletions.get(uid),
    departure: (kind, namespace, name) => (resourceKey(kind) === pods ? gone.get(`${namespace}/${name}`) : undefined),
    asked({ metadata: { uid = '' } }, by) {
      if (!deletions.has(uid)) put(deletions, uid, { ...by, at: clock.now() }, limit);
    },
    podsChanged(changes) {
      for (const { object, previous } of changes) {
        if (object || !previous) continue;
        put(gone, nameOf(previous), { object: previous, at: clock.now() }, limit);
      }
    },
  };
}

const nameOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;

/** The oldest goes when there are too many. */
function put<T>(kept: Map<string, T>, key: string, value: T, limit: number): void {
  kept.delete(key);
  kept.set(key, value);
  if (kept.size > limit) kept.delete(kept.keys().next().value ?? '');
}
