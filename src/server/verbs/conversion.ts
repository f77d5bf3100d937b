// Objects between the version they are stored in and the one a client speaks, where somebody outside converts them. Verbs work on what the
// client's version holds, under the hub's name; for all other kinds these functions give back what they are given.

import { type Kind, apiVersionOf } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import type { WatchSource } from '../../api/request.ts';
import type { ObjectSchema } from '../../api/schema.ts';
import { ApiError, internalError } from '../../api/status.ts';
import type { Served } from '../catalog.ts';
import { copyOf, type Draft, isHub } from '../draft.ts';
import { encodeStored, type Stored } from '../stored.ts';
import { inVersion } from './commit.ts';
import type { Result, WatchStep } from './result.ts';

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
  if (!kind.convert || object.apiVersion === apiVersionOf(kind)) return object;
  return (await kind.convert([object], apiVersionOf(kind)))[0] as KubeObject;
}

/** A draft as it is to be stored. */
export async function asStored({ kind, version }: Served, draft: Draft): Promise<Draft> {
  if (!kind.convert || isHub(kind, version)) return draft;
  const [stored] = await kind.convert([{ ...draft, apiVersion: apiVersionIn({ kind, version }) }], apiVersionOf(kind));
  return copyOf(stored) as Draft;
}

/** What a verb gives back, with what the served version holds. */
export async function shownIn(served: Served, result: Result): Promise<Result> {
  if (!served.kind.convert) return result;
  if (result.type === 'object') {
    const object = await viewOf(served, result.object);
    return object === result.object ? result : { type: 'object', code: result.code, object };
  }
  if (result.type === 'list') return { ...result, items: await storedViews(served, result.items) };
  return result.type === 'watch' ? { ...result, steps: stepsIn(served, result.steps) } : result;
}

async function storedViews(served: Served, items: readonly Stored[]): Promise<readonly Stored[]> {
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

/** Steps in their order, each as soon as its objects are there. One that cannot be shown ends the watch. */
function stepsIn(served: Served, steps: WatchSource<WatchStep>): WatchSource<WatchStep> {
  return {
    subscribe(sink, end) {
      let over = false;
      let before = Promise.resolve();
      const show = async (batch: readonly WatchStep[]) => {
        if (over) return;
        const shown = await stepsShown(served, batch).catch((error: unknown) => [failed(error)]);
        if (over) return;
        sink(shown);
        if (shown.some(({ type }) => type === 'ERROR')) finish();
      };
      const stop = steps.subscribe(
        (batch) => (before = before.then(() => show(batch))),
        () => (before = before.then(() => finish())),
      );
      function finish(): void {
        if (over) return;
        over = true;
        stop();
        end();
      }
      return () => {
        over = true;
        stop();
      };
    },
  };
}

async function stepsShown(served: Served, steps: readonly WatchStep[]): Promise<readonly WatchStep[]> {
  const stored = steps.flatMap((step) => ('stored' in step ? [step.stored] : []));
  const views = [...(await storedViews(served, stored))];
  return steps.map((step) => ('stored' in step ? { ...step, stored: views.shift() as Stored } : step));
}

const failed = (error: unknown): WatchStep => ({
  type: 'ERROR',
  status: (error instanceof ApiError ? error : internalError(String(error))).status,
});

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
    const schema = kind.versions.find(
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
