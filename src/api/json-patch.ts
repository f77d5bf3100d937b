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
  if (isDeeperThan(root.document, maxDepth)) throw new PatchRefusal('exceeded max depth');
  return root.document;
}

/** Why a patch does not apply. Clients are told no more than that it does not; admission policies tell `why`, in the library's words. */
export class PatchRefusal extends ApiError {
  readonly why: string;
  /** A test operation found another value. */
  readonly testFailed: boolean;

  constructor(why: string, testFailed = false) {
    super(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
    this.why = why;
    this.testFailed = testFailed;
  }
}

/** Does something of which a failure is told with what was being done. */
function during<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (failure) {
    throw failure instanceof PatchRefusal ? new PatchRefusal(`${what}: ${failure.why}`) : failure;
  }
}

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

type Root = { document: unknown };

function applyOperation(root: Root, operation: Operation, copied: { bytes: number }): void {
  switch (operation.op) {
    case 'add':
      return addOperation(root, operation);
    case 'remove':
      return removeOperation(root, operation);
    case 'replace':
      return operation.path === '' ? replaceAll(root, operation.value) : replaceOperation(root, operation);
    case 'move':
      return moveOperation(root, operation);
    case 'copy':
      return copyOperation(root, operation, copied);
    case 'test':
      return testOperation(root, operation);
    default:
      throw new PatchRefusal(`Unexpected kind: ${operation.op ?? 'unknown'}`);
  }
}

function addOperation(root: Root, { path, value = null }: Operation): void {
  const place = find(root, path, `add operation does not apply: doc is missing path: "${path}"`);
  during(`error in add for path: '${path}'`, () => add(place, value));
}

function removeOperation(root: Root, { path }: Operation): void {
  const place = find(root, path, `remove operation does not apply: doc is missing path: "${path}"`);
  during(`error in remove for path: '${path}'`, () => remove(place));
}

function replaceOperation(root: Root, operation: Operation): void {
  const { path } = operation;
  const place = find(root, path, `replace operation does not apply: doc is missing path: ${path}`);
  try {
    read(place);
  } catch {
    throw new PatchRefusal(`replace operation does not apply: doc is missing key: ${path}: missing value`);
  }
  replace(place, operation);
}

function moveOperation(root: Root, { from, path }: Operation): void {
  const source = find(root, from, `move operation does not apply: doc is missing from path: ${from}`);
  const value = during(`error in move for path: '${source.key}'`, () => {
    const present = read(source);
    remove(source);
    return present ?? null;
  });
  const target = find(root, path, `move operation does not apply: doc is missing destination path: ${path}`);
  during(`error in move for path: '${path}'`, () => add(target, value));
}

function copyOperation(root: Root, { from, path }: Operation, copied: { bytes: number }): void {
  const source = find(root, from, `copy operation does not apply: doc is missing from path: ${from}`);
  const value = during(`error in copy for from: '${from}'`, () => read(source)) ?? null;
  const target = find(root, path, `copy operation does not apply: doc is missing destination path: ${path}`);
  copied.bytes += JSON.stringify(value).length;
  if (copied.bytes > maxCopiedBytes) {
    throw new PatchRefusal(
      `Unable to complete the copy, the accumulated size increase of copy is ${copied.bytes}, exceeding the limit ${maxCopiedBytes}`,
    );
  }
  during('error while adding value during copy', () => add(target, structuredClone(value)));
}

function testOperation(root: Root, { path, value = null }: Operation): void {
  const found = () => read(find(root, path, `test operation does not apply: is missing path: ${path}`));
  const present = path === '' ? root.document : found();
  if (!deepEqual(present ?? null, value ?? null))
    throw new PatchRefusal(`testing value ${path} failed: test failed`, true);
}

/** The place a pointer names. Its parent must be there; what stands before the first slash is not looked at. */
function find(root: Root, pointer: string | null | undefined, missing: string): Place {
  const parts = pointer?.split('/').slice(1).map(unescaped);
  const key = parts?.pop();
  try {
    if (!parts || key === undefined) throw new PatchRefusal('');
    let parent: unknown = root.document;
    for (const part of parts) parent = read({ parent: containerOf(parent), key: part });
    return { parent: containerOf(parent), key };
  } catch (failure) {
    throw failure instanceof PatchRefusal ? new PatchRefusal(`${missing}: missing value`) : failure;
  }
}

const unescaped = (part: string): string => part.replace(/~[01]/g, (code) => (code === '~1' ? '/' : '~'));

function containerOf(value: unknown): JsonObject | unknown[] {
  if (typeof value !== 'object' || value === null) throw new PatchRefusal('no object or list');
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
  else parent.splice(placeWithin(key, parent.length), 0, value);
}

/** Where something is to be added. */
function placeWithin(key: string, length: number): number {
  if (/^[+-]?\d+$/.test(key)) return indexWithin(key, length + 1, length);
  return during(`value was not a proper array index: '${key}'`, () => indexWithin(key, length + 1, length));
}

function remove({ parent, key }: Place): void {
  if (Array.isArray(parent)) parent.splice(indexWithin(key, parent.length, parent.length - 1), 1);
  else if (!Object.hasOwn(parent, key)) {
    throw new PatchRefusal(`Unable to remove nonexistent key: ${key}: missing value`);
  } else delete parent[key];
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
  if (!/^[+-]?\d+$/.test(key)) {
    throw new PatchRefusal(`strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`);
  }
  const index = Number(key);
  const place = index < 0 ? index + size : index;
  if (place < 0 || place > highest) {
    throw new PatchRefusal(`Unable to access invalid index: ${index}: invalid index referenced`);
  }
  return place;
}

/** Sets an own property, also for names that mean something else to JavaScript. */
function set(object: JsonObject, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else object[key] = value;
}
