// The objects of a write in the versions that webhooks and policies ask for, and what they made of them back in the form that is to be stored.

import { deepEqual } from '../../../base/equal.ts';
import { apiVersionOf, type ServedVersion } from '../../../api/kind.ts';
import type { KubeObject } from '../../../api/object.ts';
import { hubDraft } from '../../body.ts';
import { type Served, subresourceOf } from '../../catalog.ts';
import { copyOf, type Draft, fromHub } from '../../draft.ts';
import type { Attributes } from '../plugin.ts';
import { servedOf } from './subject.ts';

/** What of a write is shown to somebody. */
export interface Shown {
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
}

/** What somebody made of the object: in the version it was shown in, and as a draft of the version that the client speaks. */
export interface Made {
  readonly read: Draft;
  readonly draft: Draft;
}

/** The forms of one write, for one round of those who look at it: nobody else changes the object meanwhile. */
export interface Forms {
  /** Rejects with what whoever converts the objects failed with. */
  in(served: Served): Shown | Promise<Shown>;
  /** Makes the object of the write what somebody made of it. False: nothing has changed. */
  take(served: Served, made: Made): boolean;
}

/** The objects in a version. `refusal`: what to throw where whoever converts them fails. */
export async function shownIn(served: Served, forms: Forms, refusal: (why: string) => Error): Promise<Shown> {
  try {
    return await forms.in(served);
  } catch (error) {
    throw refusal((error as Error).message);
  }
}

export function formsOf(attributes: Attributes): Forms {
  const known = new Map<ServedVersion, Shown>();

  async function converted(served: Served): Promise<Shown> {
    const own = servedOf(attributes);
    const given = (['object', 'old'] as const).filter((each) => attributes[each]);
    const objects = given.map((each) => plainly(own, attributes[each] as KubeObject));
    const found = (await served.kind.convert?.(objects, apiVersionIn(served))) ?? objects;
    const at = (which: (typeof given)[number]) => found[given.indexOf(which)];
    return remember(served, { object: at('object'), old: at('old') });
  }

  function remember(served: Served, shown: Shown): Shown {
    known.set(served.version, shown);
    return shown;
  }

  return {
    in(served) {
      const before = known.get(served.version);
      if (before) return before;
      const { object, old } = attributes;
      if (isForeign(attributes)) return { object, old };
      if (served.kind.convert) return converted(served);
      return remember(served, { object: object && plainly(served, object), old: old && plainly(served, old) });
    },
    take(served, { read, draft }) {
      const object = attributes.object as Draft;
      const before = copyOf(object);
      for (const field of Object.keys(object)) delete object[field];
      Object.assign(object, draft);
      const old = known.get(served.version)?.old;
      known.clear();
      // Who sees the same version next sees just what was made, not what two conversions leave of it.
      if (served.kind.convert && !isForeign(attributes)) known.set(served.version, { object: read, old });
      return !deepEqual(before, object);
    },
  };
}

/** What somebody made of the object, once it has been read by the schema of the version. Rejects where it cannot be converted back. */
export function madeOf(served: Served, attributes: Attributes, read: Draft): Made | Promise<Made> {
  if (isForeign(attributes)) return { read, draft: read };
  if (served.kind.convert) return convertedBack(served, attributes, read);
  const draft = hubDraft(served.kind, served.version, read);
  return { read: draft, draft };
}

async function convertedBack(served: Served, attributes: Attributes, read: Draft): Promise<Made> {
  const own = servedOf(attributes);
  const [back] = (await served.kind.convert?.([read], apiVersionIn(own))) ?? [];
  return { read, draft: hubDraft(own.kind, own.version, copyOf(back) as Draft) };
}

const plainly = ({ kind, version }: Served, object: KubeObject): KubeObject => fromHub(kind, version, object);

const apiVersionIn = ({ kind, version }: Served): string =>
  apiVersionOf({ group: kind.group, version: version.version });

/** Bodies of another kind than the object's are what they are. */
const isForeign = ({ kind, subresource }: Attributes): boolean =>
  subresource !== '' && subresourceOf(kind, subresource)?.kind !== undefined;
