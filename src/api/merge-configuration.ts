// What an applied configuration makes of the live object: merged into it by the schema, less what its applier no longer wants.

import { isJsonObject } from '../base/equal.ts';
import {
  difference,
  type FieldSet,
  type FieldSetDraft,
  inOrder,
  intersection,
  isEmpty,
  isMember,
  nodeOf,
  union,
} from './field-set.ts';
import { elementOf } from './list-elements.ts';
import { childSchema, formOf, isDeclared, itemsByElement, own } from './object-fields.ts';
import type { ListSchema, Schema } from './schema.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** The live value with the configuration's merged into it. Parts that neither touches are shared. */
export function merged(live: unknown, config: unknown, schema: Schema): unknown {
  if (config === undefined) return live;
  const form = formOf(schema, config);
  if (live === undefined || form === 'leaf' || form !== formOf(schema, live)) return config;
  if (form === 'list') return mergedList(asList(live), asList(config), schema as ListSchema) ?? config;
  if (!isJsonObject(live) || isEmpty(live as FieldSet)) return config;
  return isJsonObject(config) ? mergedMap(live, config, schema) : live;
}

function mergedMap(live: JsonObject, config: JsonObject, schema: Schema): JsonObject {
  const result = new Map(Object.entries(live));
  for (const [name, value] of Object.entries(config)) {
    result.set(name, merged(own(live, name), value, childSchema(schema, name)));
  }
  return Object.fromEntries(result);
}

/**
 * The configuration decides the order of its entries; live ones that it does not name keep their place among those it does. Undefined when
 * there are none.
 */
function mergedList(live: readonly unknown[], config: readonly unknown[], schema: ListSchema): unknown[] | undefined {
  const [mine, theirs] = [itemsByElement(live, schema), itemsByElement(config, schema)];
  const [left, right] = [live.map((item) => elementOf(schema, item) ?? ''), [...theirs.keys()]];
  const nextShared = (from: number) => right.slice(from).find((element) => mine.has(element));
  const done = new Set<string>();
  const result: unknown[] = [];
  const take = (element: string) => {
    const [before, ...others] = mine.get(element) ?? [];
    done.add(element);
    result.push(merged(others.length > 0 ? undefined : before, theirs.get(element)?.[0], schema.items));
  };
  for (let i = 0, j = 0; i < left.length || j < right.length; ) {
    const [element, wanted] = [left[i], right[j]];
    if (element !== undefined && element !== wanted) {
      if (!theirs.has(element)) {
        result.push(live[i++]);
        continue;
      }
      const next = nextShared(j);
      if (done.has(element) || (next !== undefined && next !== element)) i++;
      if (next !== undefined && next !== element) continue;
    } else if (element !== undefined) i++;
    if (wanted !== undefined) take(wanted);
    j++;
  }
  return result.length > 0 ? result : undefined;
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The value without the fields of the set. What becomes empty stays as something empty; atomic things are not looked into. */
export function without(value: unknown, gone: FieldSet, schema: Schema): unknown {
  if (isEmpty(gone)) return value;
  const form = formOf(schema, value);
  if (form === 'list' && Array.isArray(value)) return listWithout(value, gone, schema as ListSchema);
  return form === 'map' && isJsonObject(value) ? mapWithout(value, gone, schema) : value;
}

function mapWithout(value: JsonObject, gone: FieldSet, schema: Schema): JsonObject {
  const left = new Map(Object.entries(value));
  for (const [name, child] of Object.entries(value)) {
    const node = gone[`f:${name}`];
    if (!node) continue;
    if (isMember(node)) left.delete(name);
    else left.set(name, without(child, node, childSchema(schema, name)));
  }
  return Object.fromEntries(left);
}

function listWithout(items: readonly unknown[], gone: FieldSet, schema: ListSchema): readonly unknown[] {
  return items.flatMap((item) => {
    const node = gone[elementOf(schema, item) ?? ''];
    if (!node) return [item];
    return isMember(node) ? [] : [without(item, node, schema.items)];
  });
}

/** The set with every declared field on its paths as a member, which sets of applied fields leave out. */
export function withDeclared(set: FieldSet, schema: Schema): FieldSet {
  const children: FieldSetDraft = {};
  for (const element of Object.keys(set)) {
    if (element === '.') continue;
    const node = set[element] as FieldSet;
    const below = withDeclared(node, schemaOfElement(schema, element));
    const declared = element.startsWith('f:') && isDeclared(schema, element.slice(2));
    children[element] = nodeOf(declared || isMember(node), below as FieldSetDraft) as FieldSet;
  }
  return inOrder(children);
}

function schemaOfElement(schema: Schema, element: string): Schema {
  if (element.startsWith('f:')) return childSchema(schema, element.slice(2));
  return schema.type === 'list' ? schema.items : schema;
}

/** Metadata holds what the server says of the object, so it stays whatever goes from it. */
const metadataItself: FieldSet = { 'f:metadata': {} };

export interface Pruning {
  /** The live object with the new configuration merged into it. */
  readonly merged: object;
  readonly schema: Schema;
  /** What the applier applied last time. */
  readonly last: FieldSet;
  /** What anybody owns from now on, the applier by its new configuration. */
  readonly owned: FieldSet;
  /** All fields an object has. */
  readonly fieldsOf: (object: object) => FieldSet;
}

/** The merged object without what the applier applied last time, does not apply any more, and nobody else owns. */
export function pruned(pruning: Pruning): object {
  const { merged: whole, schema, fieldsOf } = pruning;
  if (isEmpty(pruning.last)) return whole;
  const last = difference(withDeclared(pruning.last, schema), metadataItself);
  const all = withDeclared(fieldsOf(whole), schema);
  const fieldsLeft = (object: object) => withDeclared(fieldsOf(object), schema);

  const bare = without(whole, last, schema) as object;
  const stay = union(fieldsLeft(bare), withDeclared(pruning.owned, schema));
  const withOwned = without(whole, difference(all, stay), schema) as object;
  const gone = intersection(difference(all, fieldsLeft(withOwned)), last);
  return without(whole, gone, schema) as object;
}
