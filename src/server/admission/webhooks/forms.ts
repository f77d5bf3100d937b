// The objects of a write in the form that a webhook asks for, and what it made of them back in the form that is to be stored.

import { deepEqual } from '../../../base/equal.ts';
import { DecodeError } from '../../../api/decode.ts';
import { type Kind, type ServedVersion, apiVersionOf } from '../../../api/kind.ts';
import type { KubeObject } from '../../../api/object.ts';
import { internalError } from '../../../api/status.ts';
import { hubDraft, readValue } from '../../body.ts';
import { subresourceOf } from '../../catalog.ts';
import { copyOf, type Draft, fromHub } from '../../draft.ts';
import { scaleOf, withReplicas } from '../../subresources/scale.ts';
import type { Attributes } from '../plugin.ts';

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A form of a kind: one of its served versions. */
export interface Form {
  readonly kind: Kind;
  readonly version: string;
}

/** The kind of what is written: the object's own, or that of the subresource's bodies. */
export function kindIn({ kind, version }: Form, subresource: string): GroupVersionKind {
  const body = subresourceOf(kind, subresource)?.kind;
  if (body) return { group: body.group, version: body.version || version, kind: body.kind };
  return { group: kind.group, version, kind: kind.kind };
}

const servedIn = ({ kind, version }: Form): ServedVersion =>
  kind.versions.find((each) => each.version === version) as ServedVersion;

/** An object of the write as the form has it. */
export async function inForm(form: Form, attributes: Attributes, object: KubeObject): Promise<KubeObject> {
  const { kind, subresource } = attributes;
  if (isOtherBody(attributes, object)) return object;
  const scale = scalePathsOf(attributes);
  if (scale && subresource === 'scale') return scaleOf(object, scale);
  const own = fromHub(kind, servedIn({ kind, version: attributes.version }), object);
  if (form.kind.group === kind.group && form.version === attributes.version) return own;
  const apiVersion = apiVersionOf({ group: form.kind.group, version: form.version });
  if (kind.convert) return ((await kind.convert([own], apiVersion)) as readonly [KubeObject])[0];
  return fromHub(form.kind, servedIn(form), object);
}

const scalePathsOf = ({ kind }: Attributes) => (kind.storedAs ?? kind).behaviour.scale;

/** Bodies of subresources have one form only. */
function isOtherBody({ kind, subresource }: Attributes, object: KubeObject): boolean {
  const body = subresourceOf(kind, subresource)?.kind;
  return body !== undefined && object.kind === body.kind && subresource !== 'scale';
}

/** Makes the object of the write what a webhook made of it, given in its form. False: nothing has changed. */
export async function takeOver(form: Form, attributes: Attributes, changed: unknown): Promise<boolean> {
  const draft = attributes.object as Draft;
  const before = copyOf(draft);
  const next = await draftFrom(form, attributes, changed as Draft);
  for (const field of Object.keys(draft)) delete draft[field];
  Object.assign(draft, next);
  return !deepEqual(before, draft);
}

async function draftFrom(form: Form, attributes: Attributes, changed: Draft): Promise<Draft> {
  const draft = attributes.object as Draft;
  if (isOtherBody(attributes, draft)) return changed;
  const scale = scalePathsOf(attributes);
  if (scale && attributes.subresource === 'scale') {
    const { spec } = changed as { spec?: { replicas?: number } };
    return withReplicas(draft, scale, spec?.replicas ?? 0);
  }
  const { kind, version } = attributes;
  const own = { kind, version };
  try {
    const read = readValue(servedIn(form), changed).object as Draft;
    if (kind.convert && form.version !== version) {
      const [back] = await kind.convert([read], apiVersionOf({ group: kind.group, version }));
      return hubDraft(kind, servedIn(own), copyOf(back) as Draft);
    }
    return hubDraft(form.kind, servedIn(form), read);
  } catch (error) {
    if (error instanceof DecodeError) throw internalError(error.message);
    throw error;
  }
}
