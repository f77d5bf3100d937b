// Objects between the version they are stored in and the one a client speaks, where somebody outside converts them. Verbs work on what the
// client's version holds, under the hub's name; for all other kinds these functions give back what they are given.

import { type Kind, apiVersionOf, everyVersion } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import type { ObjectSchema } from '../../api/schema.ts';
import type { Served } from '../catalog.ts';
import { copyOf, type Draft, isHub } from '../draft.ts';
import type { Selection } from '../selection.ts';
import { encodeStored, type Stored } from '../stored.ts';
import { inVersion } from './commit.ts';
import type { Result } from './result.ts';

const apiVersionIn = ({ kind, version }: Served): string =>
  apiVersionOf({ group: kind.group, version: version.version });

/** Stored objects with what the served version holds. */
async function viewsOf(served: Served, objects: readonly KubeObject[]): Promise<readonly KubeObject[]> {
  const { kind } = served;
  if (!kind.convert) return objects;
  const hub = apiVersionOf(kind);
  const converted = await kind.convert(objects, apiVersionIn(served));
  return converted.map((each) => (each.apiVersion === hub ? each : { ...each, apiVersion: hub }));
}

/** A stored object with what the served version holds. */
export async function viewOf(served: Served, object: KubeObject): Promise<KubeObject> {
  return served.kind.convert ? ((await viewsOf(served, [object]))[0] as KubeObject) : object;
}

/** An object that lies in a version that was stored before, in the one that is stored now. */
export async function asStoredNow(kind: Kind, object: KubeObject): Promise<KubeObject> {
  return !kind.convert || object.apiVersion === apiVersionOf(kind) ? object : inHub(kind, object);
}

/** Read back as what is stored is: with the defaults of the version that is stored. */
async function inHub(kind: Kind, object: KubeObject): Promise<KubeObject> {
  const [converted] = (await kind.convert?.([object], apiVersionOf(kind))) ?? [];
  return kind.behaviour.readStored?.(converted as KubeObject) ?? (converted as KubeObject);
}

/** A draft as it is to be stored. */
export async function asStored({ kind, version }: Served, draft: Draft): Promise<Draft> {
  if (!kind.convert || isHub(kind, version)) return draft;
  return copyOf(await inHub(kind, { ...draft, apiVersion: apiVersionIn({ kind, version }) })) as Draft;
}

/** What a verb gives back, with what the served version holds. Watches see to it themselves. */
export async function shownIn(served: Served, result: Result): Promise<Result> {
  if (!served.kind.convert) return result;
  if (result.type === 'object') {
    const object = await viewOf(served, result.object);
    return object === result.object ? result : { type: 'object', code: result.code, object };
  }
  return result.type === 'list' ? { ...result, items: await storedViews(served, result.items) } : result;
}

/** What of stored objects a selection takes that has found them by their place: by the labels and fields of the served version. */
export async function taken(
  served: Served,
  items: readonly Stored[],
  selection: Selection,
): Promise<readonly Stored[]> {
  if (!served.kind.convert || !selection.byContent) return items;
  const views = await viewsOf(
    served,
    items.map(({ object }) => object),
  );
  return items.filter((_, i) => selection.matches(views[i] as KubeObject));
}

/** Stored objects with what the served version holds. */
export async function storedViews(served: Served, items: readonly Stored[]): Promise<readonly Stored[]> {
  const views = await viewsOf(
    served,
    items.map(({ object }) => object),
  );
  return items.map((stored, i) => {
    const object = views[i] as KubeObject;
    if (object === stored.object) return stored;
    return { ...stored, object, bytes: encodeStored(served.kind, object) };
  });
}

type InVersion = (object: KubeObject, apiVersion: string) => { object: KubeObject; schema: ObjectSchema } | undefined;

/** How often a function may lack something. More versions than that no definition has. */
const mostTries = 64;

class Lacking extends Error {
  readonly object: KubeObject;
  readonly apiVersion: string;

  constructor(object: KubeObject, apiVersion: string) {
    super('not converted yet');
    this.object = object;
    this.apiVersion = apiVersion;
  }
}

/**
 * Has a pure function look at objects in other versions, as `inVersion` gives them. Where somebody outside converts them, what it lacks is
 * fetched and it begins anew.
 */
export function acrossVersions<T>(kind: Kind, act: (inVersion: InVersion) => T): T | Promise<T> {
  const { convert } = kind;
  if (!convert) return act((object, apiVersion) => inVersion(kind, object, apiVersion));
  const known = new Map<string, KubeObject>();
  const keyOf = (object: KubeObject, apiVersion: string) => `${apiVersion} ${JSON.stringify(object)}`;
  const look: InVersion = (object, apiVersion) => {
    const schema = everyVersion(kind).find(
      ({ version }) => apiVersionOf({ group: kind.group, version }) === apiVersion,
    )?.schema;
    if (!schema) return undefined;
    const found = object.apiVersion === apiVersion ? object : known.get(keyOf(object, apiVersion));
    if (!found) throw new Lacking(object, apiVersion);
    return { object: found, schema };
  };
  return (async () => {
    for (let tries = mostTries; ; tries--) {
      try {
        return act(look);
      } catch (error) {
        if (!(error instanceof Lacking) || tries === 0) throw error;
        const { object, apiVersion } = error;
        known.set(keyOf(object, apiVersion), (await convert([object], apiVersion))[0] as KubeObject);
      }
    }
  })();
}
