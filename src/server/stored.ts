// Objects as they lie in the store: JSON bytes without a resourceVersion, which the store itself knows. The bytes begin with a fixed head, so
// that an answer is made of them by putting the resourceVersion in, without parsing or printing anything.

import { concat, textOf, utf8 } from '../base/bytes.ts';
import { parseExactly } from '../base/whole-number.ts';
import { apiVersionOf, type Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import type { Revision } from '../store/store.ts';

/** An object of the hub version as the server holds it: decoded and frozen, beside the bytes the store holds. */
export interface Stored {
  readonly object: KubeObject;
  readonly bytes: Uint8Array;
  readonly revision: Revision;
}

/** `/registry/pods/NAMESPACE/NAME`, `/registry/apps/deployments/…`. */
export const prefixOf = (kind: Kind): string => {
  const keeper = kind.storedAs ?? kind;
  return keeper.group ? `/registry/${keeper.group}/${keeper.plural}/` : `/registry/${keeper.plural}/`;
};

export const keyOf = (kind: Kind, namespace: string, name: string): string =>
  kind.scope === 'Namespaced' ? `${prefixOf(kind)}${namespace}/${name}` : `${prefixOf(kind)}${name}`;

/** What every stored object of the kind begins with. */
const headOf = (kind: Kind): string => {
  const keeper = kind.storedAs ?? kind;
  return `{"apiVersion":"${apiVersionOf(keeper)}","kind":"${keeper.kind}","metadata":{`;
};

const headLengths = new WeakMap<Kind, number>();

function headLength(kind: Kind): number {
  let length = headLengths.get(kind);
  if (length === undefined) headLengths.set(kind, (length = utf8(headOf(kind)).length));
  return length;
}

/** The bytes to store. */
export function encodeStored(kind: Kind, object: KubeObject): Uint8Array {
  const { apiVersion: _, kind: __, metadata, ...rest } = object;
  const { resourceVersion: ___, ...kept } = metadata;
  const tail = JSON.stringify(rest);
  const body = JSON.stringify(kept);
  return utf8(headOf(kind) + body.slice(1) + (tail === '{}' ? '}' : `,${tail.slice(1)}`));
}

const stale = new WeakSet<KubeObject>();

/** What is stored of an object is not what it is read as: a write stores it anew, even if it changes nothing. */
export const isStale = (object: KubeObject): boolean => stale.has(object);
export const markStale = (object: KubeObject): void => void stale.add(object);

/** What lies in the store, as its kind reads it today. */
export function readStored(kind: Kind, bytes: Uint8Array, revision: Revision): Stored {
  const decoded = decodeStored(bytes, revision);
  const object = kind.behaviour.readStored?.(decoded) ?? decoded;
  if (object !== decoded) markStale(object);
  const same = object === decoded || object.apiVersion !== apiVersionOf(kind);
  return { object, bytes: same ? bytes : encodeStored(kind, object), revision };
}

export function decodeStored(bytes: Uint8Array, revision: Revision): KubeObject {
  const object = parseExactly(textOf(bytes)) as KubeObject;
  object.metadata.resourceVersion = String(revision);
  return object;
}

/** The object's JSON as clients get it in the hub version. */
export function servedBytes(kind: Kind, stored: Stored): Uint8Array {
  return spliced(stored, 0, headLength(kind));
}

/** The same without apiVersion and kind, as the items of lists of built-in kinds are printed. */
export function itemBytes(kind: Kind, stored: Stored): Uint8Array {
  const at = headLength(kind);
  const version = utf8(`{"metadata":{"resourceVersion":"${stored.revision}",`);
  return concat(version, stored.bytes.subarray(at));
}

function spliced(stored: Stored, from: number, at: number): Uint8Array {
  const version = utf8(`"resourceVersion":"${stored.revision}",`);
  return concat(stored.bytes.subarray(from, at), version, stored.bytes.subarray(at));
}
