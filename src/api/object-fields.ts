// Which fields an object has, and which differ between two, as field ownership counts them: by the schema, down to scalars and to lists and
// maps that are one thing.

import { deepEqual, isJsonObject } from '../base/equal.ts';
import { type FieldSet, type FieldSetDraft, inOrder, isEmpty, leaf, nodeOf } from './field-set.ts';
import { elementOf, elementProblem } from './list-elements.ts';
import { ApiError } from './status.ts';
import type { Field, ListSchema, ObjectSchema, Schema } from './schema.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** What differs between two objects. */
export interface Changes {
  /** New or other than before. */
  readonly touched: FieldSet;
  readonly removed: FieldSet;
}

const unowned: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** What nobody owns in metadata. */
const unownedMetadata: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
]);

const deduced: Schema = { type: 'any', deduced: true };
const opaque: Schema = { type: 'any', deduced: false };

export const own = (object: JsonObject, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);

/** Whether the field of that name is declared, rather than being a key of a map. */
export const isDeclared = (schema: Schema, name: string): boolean =>
  schema.type === 'object' && schema.fields.has(name);

/** The schema of a field or key. */
export function childSchema(schema: Schema, name: string): Schema {
  if (schema.type === 'map') return schema.values;
  if (schema.type === 'object') return schema.fields.get(name)?.schema ?? (schema.open ? deduced : opaque);
  return schema;
}

/** Whether a value is owned field by field (`map`), entry by entry (`list`), or as one thing. */
export function formOf(schema: Schema, value: unknown): 'map' | 'list' | 'leaf' {
  if (schema.type === 'object' || schema.type === 'map') return schema.atomic ? 'leaf' : 'map';
  if (schema.type === 'list') return schema.listType === 'atomic' ? 'leaf' : 'list';
  return schema.type === 'any' && schema.deduced && (value === null || isJsonObject(value)) ? 'map' : 'leaf';
}

/** The fields of an applied configuration. */
export function fieldsOf(object: object, schema: ObjectSchema): FieldSet {
  const { metadata } = object as { metadata?: unknown };
  const fields = ownedFields(object as JsonObject, schema, unowned);
  const inMetadata = isJsonObject(metadata) && ownedFields(metadata, childSchema(schema, 'metadata'), unownedMetadata);
  if (inMetadata && !isEmpty(inMetadata)) fields['f:metadata'] = inMetadata;
  return inOrder(fields);
}

function ownedNode(value: unknown, schema: Schema, member: boolean): FieldSet | undefined {
  const form = formOf(schema, value);
  if (form === 'leaf') return leaf;
  if (form === 'list') return nodeOf(member, Array.isArray(value) ? ownedItems(value, schema as ListSchema) : {});
  return nodeOf(member, isJsonObject(value) ? ownedFields(value, schema) : {});
}

function ownedFields(value: JsonObject, schema: Schema, skipped?: ReadonlySet<string>): FieldSetDraft {
  const fields: FieldSetDraft = {};
  for (const name of Object.keys(value)) {
    const child = value[name];
    if (child === undefined || skipped?.has(name)) continue;
    const member = child === null || (isJsonObject(child) && isEmpty(child as FieldSet)) || !isDeclared(schema, name);
    const node = ownedNode(child, childSchema(schema, name), member);
    if (node) fields[`f:${name}`] = node;
  }
  return inOrder(fields);
}

function ownedItems(items: readonly unknown[], schema: ListSchema): FieldSetDraft {
  const nodes: FieldSetDraft = {};
  for (const [element, [item, ...others]] of itemsByElement(items, schema)) {
    nodes[element] = others.length > 0 ? leaf : (ownedNode(item, schema.items, true) ?? leaf);
  }
  return inOrder(nodes);
}

/** Upstream then decides nothing about ownership, unless somebody applies: that fails. */
export class IndistinctEntries extends ApiError {
  constructor(schema: ListSchema, item: unknown) {
    super(500, '', `failed to create typed live object: ${elementProblem(schema, item)}`);
  }
}

/** Entries by their path element, all of them. */
function distinctItems(items: readonly unknown[], schema: ListSchema): Map<string, unknown[]> {
  const found = itemsByElement(items, schema);
  let count = 0;
  for (const same of found.values()) count += same.length;
  if (count === items.length) return found;
  throw new IndistinctEntries(
    schema,
    items.find((item) => elementOf(schema, item) === undefined),
  );
}

/** Entries by their path element; those that cannot be told apart are left out. */
export function itemsByElement(items: readonly unknown[], schema: ListSchema): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>();
  for (const item of items) {
    const element = elementOf(schema, item);
    if (element === undefined) continue;
    const same = found.get(element);
    if (same) same.push(item);
    else found.set(element, [item]);
  }
  return found;
}

/** What differs from one object to the other. */
export function changesBetween(before: object, after: object, schema: ObjectSchema): Changes {
  const [was, is] = [before as JsonObject, after as JsonObject];
  const top = differingFields(was, is, schema, unowned);
  const [a, b] = [was.metadata, is.metadata].map((metadata) => (isJsonObject(metadata) ? metadata : {}));
  const meta = differingFields(a as JsonObject, b as JsonObject, childSchema(schema, 'metadata'), unownedMetadata);
  if (!top && !meta) return { touched: leaf, removed: leaf };
  return { touched: withMetadata(top?.touched, meta?.touched), removed: withMetadata(top?.removed, meta?.removed) };
}

const withMetadata = (top: FieldSetDraft | undefined, metadata: FieldSetDraft | undefined): FieldSet =>
  metadata ? inOrder({ ...top, 'f:metadata': metadata }) : top ? inOrder(top) : leaf;

/** Changes at a node and below. */
interface NodeChanges {
  readonly touched?: FieldSet | undefined;
  readonly removed?: FieldSet | undefined;
}

const touchedLeaf: NodeChanges = { touched: leaf };

const differing = (before: unknown, after: unknown): NodeChanges | undefined =>
  deepEqual(before, after) ? undefined : touchedLeaf;

function changesAt(before: unknown, after: unknown, schema: Schema): NodeChanges | undefined {
  if (before === after) return undefined;
  const [was, is] = [formOf(schema, before), formOf(schema, after)];
  if (was !== is) return retyped(before, after, schema);
  if (is === 'leaf') return differing(before, after);
  return is === 'list' ? changesInList(before, after, schema as ListSchema) : changesInMap(before, after, schema);
}

/** A value without a schema that becomes, or is no longer, an object. */
function retyped(before: unknown, after: unknown, schema: Schema): NodeChanges {
  if (isJsonObject(after)) return { touched: wholeOf(after, schema) };
  return { touched: leaf, removed: nodeOf(false, isJsonObject(before) ? wholeFields(before, schema) : {}) };
}

function changesInMap(before: unknown, after: unknown, schema: Schema): NodeChanges | undefined {
  const [was, is] = [isJsonObject(before) ? before : {}, isJsonObject(after) ? after : {}];
  if (isEmpty(was as FieldSet) && isEmpty(is as FieldSet)) return differing(before, after);
  return differingFields(was, is, schema);
}

interface FieldChanges {
  touched: FieldSetDraft | undefined;
  removed: FieldSetDraft | undefined;
}

function differingFields(
  before: JsonObject,
  after: JsonObject,
  schema: Schema,
  skipped?: ReadonlySet<string>,
): FieldChanges | undefined {
  const changes: FieldChanges = { touched: undefined, removed: undefined };
  for (const name of Object.keys(after)) {
    const [was, is] = [own(before, name), after[name]];
    if (was === is || is === undefined || skipped?.has(name)) continue;
    const child = childSchema(schema, name);
    if (was === undefined) (changes.touched ??= {})[`f:${name}`] = wholeOf(is, child);
    else note(changes, `f:${name}`, changesAt(was, is, child));
  }
  for (const name of Object.keys(before)) {
    if (own(after, name) !== undefined || before[name] === undefined || skipped?.has(name)) continue;
    (changes.removed ??= {})[`f:${name}`] = wholeOf(before[name], childSchema(schema, name));
  }
  return settled(changes);
}

function note(changes: FieldChanges, element: string, found: NodeChanges | undefined): void {
  if (found?.touched) (changes.touched ??= {})[element] = found.touched;
  if (found?.removed) (changes.removed ??= {})[element] = found.removed;
}

function settled(changes: FieldChanges): FieldChanges | undefined {
  if (!changes.touched && !changes.removed) return undefined;
  if (changes.touched) changes.touched = inOrder(changes.touched);
  if (changes.removed) changes.removed = inOrder(changes.removed);
  return changes;
}

function changesInList(before: unknown, after: unknown, schema: ListSchema): NodeChanges | undefined {
  // Most lists are just alike, which is found out faster than which entry is which.
  if (deepEqual(before, after)) return undefined;
  const [was, is] = [Array.isArray(before) ? before : [], Array.isArray(after) ? after : []];
  if (was.length === 0 && is.length === 0) return touchedLeaf;
  const [left, right] = [distinctItems(was, schema), distinctItems(is, schema)];
  const changes: FieldChanges = { touched: undefined, removed: undefined };
  for (const [element, items] of right) note(changes, element, changesInItems(left.get(element) ?? [], items, schema));
  for (const [element, items] of left) {
    if (!right.has(element)) note(changes, element, changesInItems(items, [], schema));
  }
  return settled(changes);
}

/** Changes of the entries with one key; where several share it, they are one thing. */
function changesInItems(
  before: readonly unknown[],
  after: readonly unknown[],
  { items }: ListSchema,
): NodeChanges | undefined {
  if (before.length > 1 && after.length > 1) return differing(before, after);
  const touched = after.length > 1 ? leaf : undefined;
  const removed = before.length > 1 ? leaf : undefined;
  if (before.length === 1 && after.length === 1) return changesAt(before[0], after[0], items);
  return {
    touched: touched ?? (after.length === 1 ? wholeOf(after[0], items) : undefined),
    removed: removed ?? (before.length === 1 ? wholeOf(before[0], items) : undefined),
  };
}

/** Everything there is in a value that came or went as a whole. */
function wholeOf(value: unknown, schema: Schema): FieldSet {
  const form = formOf(schema, value);
  if (form === 'map' && isJsonObject(value)) return nodeOf(true, wholeFields(value, schema)) as FieldSet;
  if (form === 'list' && Array.isArray(value)) return nodeOf(true, wholeItems(value, schema as ListSchema)) as FieldSet;
  return leaf;
}

function wholeFields(value: JsonObject, schema: Schema): FieldSetDraft {
  const fields: FieldSetDraft = {};
  for (const name of Object.keys(value)) {
    const child = value[name];
    if (child !== undefined) fields[`f:${name}`] = wholeOf(child, childSchema(schema, name));
  }
  return inOrder(fields);
}

function wholeItems(items: readonly unknown[], schema: ListSchema): FieldSetDraft {
  const nodes: FieldSetDraft = {};
  for (const [element, [item, ...others]] of distinctItems(items, schema)) {
    nodes[element] = others.length > 0 ? leaf : wholeOf(item, schema.items);
  }
  return inOrder(nodes);
}

const blanks = new WeakMap<ObjectSchema, JsonObject>();

/** An object of a kind before anything is set: what Go writes of an empty struct. Custom resources begin with nothing. */
export function blankOf(schema: ObjectSchema): JsonObject {
  if (schema.name === undefined) return {};
  let blank = blanks.get(schema);
  if (!blank) {
    blank = Object.fromEntries([...schema.fields.values()].flatMap(blankField));
    blanks.set(schema, blank);
  }
  return blank;
}

function blankField(field: Field): [string, unknown][] {
  const { name, schema, pointer, omitempty, omitzero } = field;
  if (isStruct(schema) && !pointer && !omitzero) return [[name, zeroOf(schema)]];
  return omitempty ? [] : [[name, pointer ? null : zeroOf(schema)]];
}

/** Go never leaves a struct out because it is empty, and some scalars are structs. */
const isStruct = ({ type }: Schema): boolean =>
  ['object', 'time', 'microTime', 'duration', 'quantity', 'intOrString'].includes(type);

function zeroOf(schema: Schema): unknown {
  switch (schema.type) {
    case 'object':
      return blankOf(schema);
    case 'string':
      return '';
    case 'boolean':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0;
    case 'quantity':
      return '0';
    case 'duration':
      return '0s';
    default:
      return null;
  }
}
