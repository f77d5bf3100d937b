// JSON patches (RFC 6902) as Kubernetes applies them: where its library differs from the RFC, so do we.

import { deepEqual } from '../base/equal.ts';
import { isDeeperThan, maxDepth } from './json.ts';
import { ApiError, badRequest } from './status.ts';

const maxOperations = 10_000;
/** All that the copy operations of one patch may copy together. */
const maxCopiedBytes = 3 * 1024 * 1024;

interface Operation {
  readonly op?: string | null;
  readonly path?: string | null;
  readonly from?: string | null;
  readonly value?: unknown;
}

type JsonObject = Record<string, unknown>;

/** Where an operation acts: a key of an object or of a list. */
interface Place {
  readonly parent: JsonObject | unknown[];
  readonly key: string;
}

/** The document after the patch, which is left as it was. Throws what Kubernetes answers when an operation does not apply. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  const operations = operationsOf(patch);
  const root = { document: structuredClone(document) };
  const copied = { bytes: 0 };
  for (const operation of operations) applyOperation(root, operation ?? {}, copied);
  // No other patch can make an object deeper than it is itself.
  if (isDeeperThan(root.document, maxDepth)) throw refusal();
  return root.document;
}

/** Kubernetes says no more than this about an operation that does not apply. */
const refusal = () =>
  new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

function operationsOf(patch: unknown): readonly (Operation | null)[] {
  if (patch === null) return [];
  if (!Array.isArray(patch)) throw undecodable(`${jsonType(patch)} into Go value of type []handlers.jsonPatchOp`);
  for (const operation of patch) requireOperation(operation);
  if (patch.length > maxOperations) {
    const text = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`;
    throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: ${text}`);
  }
  return patch as (Operation | null)[];
}

const undecodable = (what: string) => badRequest(`error decoding patch: json: cannot unmarshal ${what}`);

function requireOperation(operation: unknown): void {
  if (operation === null) return;
  if (jsonType(operation) !== 'object') {
    throw undecodable(`${jsonType(operation)} into Go value of type handlers.jsonPatchOp`);
  }
  for (const [field, value] of Object.entries(operation as JsonObject)) {
    const text = field === 'op' || field === 'path' || field === 'from';
    if (!text || value === null || typeof value === 'string') continue;
    throw undecodable(`${jsonType(value)} into Go struct field jsonPatchOp.${field} of type string`);
  }
}

/** The word Go's decoder has for a JSON value. */
function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function applyOperation(root: { document: unknown }, operation: Operation, copied: { bytes: number }): void {
  switch (operation.op) {
    case 'add':
      return add(find(root, operation.path), operation.value ?? null);
    case 'remove':
      return remove(find(root, operation.path));
    case 'replace':
      return operation.path === '' ? replaceAll(root, operation.value) : replace(find(root, operation.path), operation);
    case 'move': {
      const from = find(root, operation.from);
      const value = read(from);
      remove(from);
      return add(find(root, operation.path), value ?? null);
    }
    case 'copy': {
      const value = read(find(root, operation.from)) ?? null;
      const to = find(root, operation.path);
      copied.bytes += JSON.stringify(value).length;
      if (copied.bytes > maxCopiedBytes) throw refusal();
      return add(to, structuredClone(value));
    }
    case 'test': {
      const present = operation.path === '' ? root.document : read(find(root, operation.path));
      if (!deepEqual(present ?? null, operation.value ?? null)) throw refusal();
      return;
    }
    default:
      throw refusal();
  }
}

/** The place a pointer names. Its parent must be there; what stands before the first slash is not looked at. */
function find(root: { document: unknown }, pointer: string | null | undefined): Place {
  const parts = pointer?.split('/').slice(1).map(unescaped);
  const key = parts?.pop();
  if (!parts || key === undefined) throw refusal();
  let parent: unknown = root.document;
  for (const part of parts) parent = read({ parent: containerOf(parent), key: part });
  return { parent: containerOf(parent), key };
}

const unescaped = (part: string): string => part.replace(/~[01]/g, (code) => (code === '~1' ? '/' : '~'));

function containerOf(value: unknown): JsonObject | unknown[] {
  if (typeof value !== 'object' || value === null) throw refusal();
  return value as JsonObject | unknown[];
}

/** The value at a place. A missing key of an object is no mistake (so it can be replaced, or copied as null), an index out of range is. */
function read({ parent, key }: Place): unknown {
  if (!Array.isArray(parent)) return Object.hasOwn(parent, key) ? parent[key] : undefined;
  return parent[indexWithin(key, parent.length, parent.length - 1)];
}

function add({ parent, key }: Place, value: unknown): void {
  if (!Array.isArray(parent)) set(parent, key, value);
  else if (key === '-') parent.push(value);
  else parent.splice(indexWithin(key, parent.length + 1, parent.length), 0, value);
}

function remove({ parent, key }: Place): void {
  if (Array.isArray(parent)) parent.splice(indexWithin(key, parent.length, parent.length - 1), 1);
  else if (!Object.hasOwn(parent, key)) throw refusal();
  else delete parent[key];
}

function replace({ parent, key }: Place, { value = null }: Operation): void {
  if (Array.isArray(parent)) parent[indexWithin(key, parent.length, parent.length - 1)] = value;
  else set(parent, key, value);
}

function replaceAll(root: { document: unknown }, value: unknown): void {
  root.document = containerOf(value);
}

/** An index as the library reads it: negative ones count from `size`, so that -1 adds at the end. */
function indexWithin(key: string, size: number, highest: number): number {
  if (!/^[+-]?\d+$/.test(key)) throw refusal();
  const index = Number(key);
  const place = index < 0 ? index + size : index;
  if (place < 0 || place > highest) throw refusal();
  return place;
}

/** Sets an own property, also for names that mean something else to JavaScript. */
function set(object: JsonObject, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else object[key] = value;
}
