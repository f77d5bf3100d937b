// An object on its way to becoming stored: of the hub version, free to change, nobody else's.

import type { Behaviour, Kind, ServedVersion } from '../api/kind.ts';
import { apiVersionOf } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';

export type Draft = KubeObject & Record<string, unknown>;

/** A deep copy of a (frozen) object. JSON values only, so a plain walk is faster than structuredClone. */
export function copyOf<T>(value: T): T {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = copyOf((value as Record<string, unknown>)[key]);
  return copy as T;
}

const merged = new WeakMap<Kind, Behaviour>();

/** What is particular about a kind's objects. A kind that is kept as another one has its own rules first, and the other's where it has none. */
export function behaviourOf(kind: Kind): Behaviour {
  if (!kind.storedAs) return kind.behaviour;
  let behaviour = merged.get(kind);
  if (!behaviour) merged.set(kind, (behaviour = { ...kind.storedAs.behaviour, ...kind.behaviour }));
  return behaviour;
}

/** The draft in the hub version. */
export function toHub(kind: Kind, version: ServedVersion, draft: Draft): Draft {
  const keeper = kind.storedAs ?? kind;
  const hub = (version.toHub?.(draft) ?? draft) as Draft;
  hub.apiVersion = apiVersionOf(keeper);
  hub.kind = keeper.kind;
  return hub;
}

/** An object of the hub version as a client of the given version sees it. Returns the object itself where nothing differs. */
export function fromHub(kind: Kind, version: ServedVersion, object: KubeObject): KubeObject {
  if (isAsServed(kind, version, object)) return object;
  const converted = (version.fromHub?.(copyOf(object)) ?? { ...object }) as KubeObject;
  converted.apiVersion = apiVersionOf({ group: kind.group, version: version.version });
  converted.kind = kind.kind;
  return converted;
}

/** An object of the hub version as it is printed for a client of the given version. Returns the object itself where nothing differs. */
export function printedFrom(kind: Kind, version: ServedVersion, object: KubeObject): KubeObject {
  return fromHub(kind, version, behaviourOf(kind).shown?.(object) ?? object);
}

/** The version objects are stored in, whether it is served or not. */
export function hubOf(keeper: Kind): ServedVersion {
  const all = keeper.definedVersions ?? [...keeper.versions, ...(keeper.optionalVersions ?? [])];
  return all.find(({ version }) => version === keeper.version) ?? (all[0] as ServedVersion);
}

/** Whether objects are stored in just this version. */
export const isHub = (kind: Kind, version: ServedVersion): boolean =>
  !kind.storedAs && version.version === kind.version;

/** Whether a stored object is already what a client of the version gets. One stored before its kind's storage version changed is not. */
export const isAsServed = (kind: Kind, version: ServedVersion, object: KubeObject): boolean =>
  isHub(kind, version) && object.apiVersion === apiVersionOf(kind);

/** Whether the stored bytes are what a client of the version gets. */
export const isPrinted = (kind: Kind, version: ServedVersion, object: KubeObject): boolean =>
  isAsServed(kind, version, object) && (kind.behaviour.shown === undefined || kind.behaviour.shown(object) === object);
