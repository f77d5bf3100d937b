// The objects of a write in the version that a webhook asks for, and what it made of them back in the form that is to be stored.

import { deepEqual } from '../../../base/equal.ts';
import { DecodeError } from '../../../api/decode.ts';
import { apiVersionOf } from '../../../api/kind.ts';
import type { KubeObject } from '../../../api/object.ts';
import { internalError } from '../../../api/status.ts';
import { hubDraft, readValue } from '../../body.ts';
import { type Served, subresourceOf } from '../../catalog.ts';
import { copyOf, type Draft } from '../../draft.ts';
import { servedOf, shownAs } from '../matching/subject.ts';
import type { Attributes } from '../plugin.ts';

/** An object of the write as the version has it. */
export async function inVersion(served: Served, attributes: Attributes, object: KubeObject): Promise<KubeObject> {
  const { convert } = served.kind;
  if (!convert || isForeign(attributes)) return shownAs(served, attributes, object);
  const [converted] = await convert([shownAs(servedOf(attributes), attributes, object)], apiVersionIn(served));
  return converted as KubeObject;
}

const apiVersionIn = ({ kind, version }: Served): string =>
  apiVersionOf({ group: kind.group, version: version.version });

/** Bodies of another kind than the object's are what they are. */
const isForeign = ({ kind, subresource }: Attributes): boolean =>
  subresource !== '' && subresourceOf(kind, subresource)?.kind !== undefined;

/** Makes the object of the write what a webhook made of it, given in its version. False: nothing has changed. */
export async function takeOver(served: Served, attributes: Attributes, changed: object): Promise<boolean> {
  const draft = attributes.object as Draft;
  const before = copyOf(draft);
  const next = isForeign(attributes) ? (changed as Draft) : await draftFrom(served, attributes, changed);
  for (const field of Object.keys(draft)) delete draft[field];
  Object.assign(draft, next);
  return !deepEqual(before, draft);
}

async function draftFrom(served: Served, attributes: Attributes, changed: object): Promise<Draft> {
  const { convert } = served.kind;
  try {
    const read = readValue(served.version, changed).object as Draft;
    if (!convert) return hubDraft(served.kind, served.version, read);
    const own = servedOf(attributes);
    const [back] = await convert([read], apiVersionIn(own));
    return hubDraft(own.kind, own.version, copyOf(back) as Draft);
  } catch (error) {
    if (error instanceof DecodeError) throw internalError(error.message);
    throw error;
  }
}
