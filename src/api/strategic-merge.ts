// Strategic merge patches: merge patches that know which lists are merged by a key, and how to say delete, replace, retain and reorder.

import { deepEqual, isJsonObject } from '../base/equal.ts';
import { goText, goType } from './go-text.ts';
import type { Field, ObjectSchema, Schema } from './schema.ts';
import { ApiError, badRequest } from './status.ts';

type JsonObject = Readonly<Record<string, unknown>>;
type List = readonly unknown[];

const directive = '$patch';
const retainKeys = '$retainKeys';
const deleteFrom = '$deleteFromPrimitiveList';
const elementOrder = '$setElementOrder';

/** How a field is patched. */
interface Strategy {
  readonly schema: Schema;
  readonly merges: boolean;
  readonly replaces: boolean;
  /** Empty: none declared. */
  readonly mergeKey: string;
}

/** The document after the patch, which is left as it was. Throws Kubernetes' refusals. */
export function applyStrategicMerge(original: unknown, patch: unknown, schema: ObjectSchema): unknown {
  if (!isJsonObject(patch)) {
    const type = Array.isArray(patch) ? 'array' : typeof patch === 'boolean' ? 'bool' : typeof patch;
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${type} into Go value of type map[string]interface {}`,
    );
  }
  return mergeObject(isJsonObject(original) ? original : {}, patch, schema);
}

/** A mistake that upstream did not foresee as one of the client's: 500 without a reason. */
const mistake = (message: string) => new ApiError(500, '', message);

const malformed = (what: string) => badRequest(`invalid patch format of ${what}`);

function mergeObject(original: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  if (directive in patch) return directed(patch);
  const merged = new Map(retained(original, patch));
  const ordered = reorderLists(merged, patch, schema);
  for (const [key, value] of Object.entries(patch)) {
    if (key === retainKeys || key.startsWith(elementOrder) || ordered.has(key)) continue;
    if (key.startsWith(deleteFrom)) deleteFromList(merged, fieldOf(key, deleteFrom, 'primitive list'), value, schema);
    else if (value === null) merged.delete(key);
    else merged.set(key, mergeField(merged.get(key), value, key, schema));
  }
  return Object.fromEntries(merged);
}

function directed(patch: JsonObject): JsonObject {
  const { [directive]: type, ...rest } = patch;
  if (type === 'replace') return rest;
  if (type === 'delete') return {};
  throw mistake(`unknown patch type: ${goText(type)} in map: ${goText(patch)}`);
}

/** What $retainKeys leaves of the original. Whatever the patch sets must be among the keys. */
function retained(original: JsonObject, patch: JsonObject): readonly (readonly [string, unknown])[] {
  const entries = Object.entries(original);
  const keys = patch[retainKeys];
  if (keys === undefined) return entries;
  if (!Array.isArray(keys)) throw malformed('retainKeys');
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key.startsWith('$') || keys.includes(key)) continue;
    throw malformed('retainKeys');
  }
  return entries.filter(([key]) => keys.includes(key));
}

/** The field that `$setElementOrder/containers` is about. */
function fieldOf(key: string, prefix: string, what: string): string {
  if (!key.startsWith(`${prefix}/`)) throw malformed(what);
  return key.slice(prefix.length + 1);
}

function mergeField(present: unknown, value: unknown, key: string, schema: Schema): unknown {
  const strategy = () => strategyOf(schema, key);
  if (isJsonObject(present) && isJsonObject(value)) {
    const { schema: inner, replaces } = strategy();
    return replaces ? value : mergeObject(present, value, inner);
  }
  if (Array.isArray(present) && Array.isArray(value)) return mergeList(present, value, strategy());
  return undirected(value);
}

function strategyOf(schema: Schema, key: string): Strategy {
  const field = fieldIn(schema, key);
  const strategies = field.patchStrategy ?? [];
  return {
    schema: field.schema.type === 'list' ? field.schema.items : field.schema,
    merges: strategies.includes('merge'),
    replaces: strategies.includes('replace'),
    mergeKey: field.patchMergeKey ?? '',
  };
}

const anything: Schema = { type: 'any', deduced: false };

type Patched = Pick<Field, 'schema' | 'patchStrategy' | 'patchMergeKey'>;

function fieldIn(schema: Schema, key: string): Patched {
  if (schema.type === 'any') return { schema: anything };
  if (schema.type !== 'object') {
    throw mistake(`merging an object in json but data type is not struct, instead is: ${goKind(schema)}`);
  }
  const field = schema.fields.get(key);
  if (field) return field;
  if (schema.open) return { schema: anything };
  const type = schema.name?.slice(schema.name.lastIndexOf('.') + 1) ?? '';
  throw mistake(`unable to find api field in struct ${type} for the json field "${key}"`);
}

const goKind = (schema: Schema): string => (schema.type === 'list' ? 'slice' : schema.type);

/** A value that meets nothing to be merged with: nulls and directives mean nothing in it. */
function undirected(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isMarker(item)).map(undirected);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([key, item]) => item !== null && !isDirective(key));
  return Object.fromEntries(kept.map(([key, item]) => [key, undirected(item)]));
}

const isDirective = (key: string): boolean =>
  key === directive || key === retainKeys || key.startsWith(`${deleteFrom}/`) || key.startsWith(`${elementOrder}/`);

/** A list entry that only says what to do with the others. */
const isMarker = (item: unknown): boolean =>
  isJsonObject(item) &&
  (item[directive] === 'delete' || (item[directive] === 'replace' && Object.keys(item).length === 1));

function mergeList(original: List, patch: List, strategy: Strategy): List {
  if (!strategy.merges) return patch;
  if (original.length === 0 && patch.length === 0) return original;
  return elementsAreObjects(original, patch)
    ? mergeObjects(original as JsonObject[], patch as JsonObject[], strategy)
    : mergePlain(original, patch);
}

/** Whether the lists hold objects; all entries must be of one type. */
function elementsAreObjects(...lists: List[]): boolean {
  const all = lists.flat();
  const [first] = all;
  if (Array.isArray(first)) {
    throw new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
  }
  if (all.some((item) => goType(item) !== goType(first))) {
    throw mistake(`list element types are not identical: ${goText(lists)}`);
  }
  return isJsonObject(first);
}

function mergePlain(original: List, patch: List): List {
  const merged = [...new Set([...original, ...patch])];
  return interleaved(merged, patch, original, (a, b) => a === b);
}

function mergeObjects(original: readonly JsonObject[], patch: readonly JsonObject[], strategy: Strategy): List {
  const { mergeKey, schema } = strategy;
  if (mergeKey === '') throw mistake(`cannot merge lists without merge key for ${goKind(schema)}`);
  const plain = patch.filter((item) => !(directive in item));
  const left = withoutDeleted(original, patch, mergeKey);
  if (!left) return plain;
  const sameKey = byKey(mergeKey);
  const merged = [...left];
  for (const item of plain) {
    requireKey(item, mergeKey);
    const at = merged.findIndex((present) => sameKey(present, item));
    if (at < 0) merged.push(undirected(item) as JsonObject);
    else merged[at] = mergeObject(merged[at] as JsonObject, item, schema);
  }
  return interleaved(merged, plain, left, sameKey);
}

/** What the patch's $patch entries leave of the original; undefined when all of it is replaced. */
function withoutDeleted(
  original: readonly JsonObject[],
  patch: readonly JsonObject[],
  mergeKey: string,
): readonly JsonObject[] | undefined {
  let left: readonly JsonObject[] = original;
  let replaced = false;
  for (const item of patch) {
    const type = item[directive];
    if (type === undefined) continue;
    if (type === 'replace') replaced = true;
    else if (type === 'delete') {
      requireKey(item, mergeKey);
      left = left.filter((present) => !deepEqual(present[mergeKey], item[mergeKey]));
    } else if (type === 'merge') throw mistake('merging lists cannot yet be specified in the patch');
    else throw mistake(`unknown patch type: ${goText(type)} in map: ${goText(item)}`);
  }
  return replaced ? undefined : left;
}

function requireKey(item: JsonObject, mergeKey: string): void {
  if (!(mergeKey in item)) throw mistake(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
}

type Same = (a: unknown, b: unknown) => boolean;

const byKey =
  (mergeKey: string): Same =>
  (a, b) =>
    isJsonObject(a) && isJsonObject(b) && a[mergeKey] === b[mergeKey];

/**
 * The merged entries in order: those of the patch as the patch has them, the others as the live list has them; where the live list knows
 * both, its order decides, otherwise the patch's entry comes first.
 */
function interleaved(merged: List, patch: List, live: List, same: Same): List {
  const place = (list: List, item: unknown) => list.findIndex((each) => same(each, item));
  const inOrder = (items: List, order: List) => items.toSorted((a, b) => place(order, a) - place(order, b));
  const ours = inOrder(
    merged.filter((item) => place(patch, item) >= 0),
    patch,
  );
  const others = inOrder(
    merged.filter((item) => place(patch, item) < 0),
    live,
  );
  const result: unknown[] = [];
  for (const item of ours) {
    const at = place(live, item);
    while (at >= 0 && others.length > 0 && between(place(live, others[0]), at)) result.push(others.shift());
    result.push(item);
  }
  return [...result, ...others];
}

const between = (place: number, end: number): boolean => place >= 0 && place < end;

function deleteFromList(merged: Map<string, unknown>, key: string, gone: unknown, schema: Schema): void {
  const present = merged.get(key);
  if (!Array.isArray(present) || !Array.isArray(gone)) return;
  if (present.length + gone.length === 0) return;
  if (elementsAreObjects(present, gone)) merged.set(key, mergeObjects(present, gone, strategyOf(schema, key)));
  else {
    merged.set(
      key,
      present.filter((item) => !gone.includes(item)),
    );
  }
}

/** Carries out $setElementOrder, together with the patches of the same lists; returns the fields that are dealt with thereby. */
function reorderLists(merged: Map<string, unknown>, patch: JsonObject, schema: Schema): Set<string> {
  const done = new Set<string>();
  for (const [directiveKey, order] of Object.entries(patch)) {
    if (!directiveKey.startsWith(elementOrder)) continue;
    const key = fieldOf(directiveKey, elementOrder, 'setElementOrder list');
    const strategy = strategyOf(schema, key);
    const [live, change] = [listIn(merged.get(key)), listIn(patch[key])];
    requireSameOrder(change ?? [], listIn(order) ?? [], strategy.mergeKey);
    const list =
      live && change ? mergeList(live, change, strategy) : (live ?? (change && (undirected(change) as List)));
    done.add(key);
    if (!list) continue;
    const same = strategy.mergeKey ? byKey(strategy.mergeKey) : (a: unknown, b: unknown) => a === b;
    merged.set(key, interleaved(list, listIn(order) ?? [], afterDeletions(live ?? [], change ?? [], same), same));
  }
  return done;
}

/** Upstream looks at the live list after entries were deleted from it in place: those that were added stand in the room they left. */
function afterDeletions(live: List, change: List, same: Same): List {
  const deleted = change.filter((item) => isJsonObject(item) && item[directive] === 'delete');
  const left = live.filter((item) => !deleted.some((gone) => same(gone, item)));
  if (left.length === live.length) return live;
  const isNew = (item: unknown) => !isMarker(item) && !left.some((present) => same(present, item));
  return [...left, ...change.filter(isNew)].slice(0, live.length);
}

function listIn(value: unknown): List | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) {
    throw mistake(`expected a []interface {}, but received a ${goType(value)}`);
  }
  return value;
}

/** The entries a patch sets must be named by $setElementOrder, in the same order. */
function requireSameOrder(patch: List, order: List, mergeKey: string): void {
  const same: Same = mergeKey ? byKey(mergeKey) : (a, b) => a === b;
  let at = 0;
  for (const item of patch) {
    if (isJsonObject(item) && directive in item) continue;
    while (at < order.length && !same(order[at], item)) at++;
    if (at++ < order.length) continue;
    throw mistake(
      `The order in patch list:\n${goText(patch)}\n doesn't match ${elementOrder} list:\n${goText(order)}\n`,
    );
  }
}
