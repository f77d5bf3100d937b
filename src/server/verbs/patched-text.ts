// The document a patch made, as refusals quote it: what the patch touched with its keys sorted, the rest as the object was written.

import { deepEqual } from '../../base/equal.ts';
import type { Schema } from '../../api/schema.ts';

/** `before` is the document without the patch, in any order of keys. */
export function patchedText(before: unknown, after: unknown, schema: Schema): string {
  return JSON.stringify(ordered(before, after, schema, true));
}

function ordered(before: unknown, after: unknown, schema: Schema, touched: boolean): unknown {
  if (after === null || typeof after !== 'object') return after;
  const sorted = touched && !deepEqual(before, after);
  if (Array.isArray(after)) {
    const items = schemaOfItems(schema);
    return after.map((item, at) => ordered((before as unknown[] | undefined)?.[at], item, items, sorted));
  }
  const keys = sorted ? Object.keys(after).sort() : keysInOrder(after, schema);
  return Object.fromEntries(
    keys.map((key) => [
      key,
      ordered(fieldOf(before, key), (after as Record<string, unknown>)[key], schemaOfField(schema, key), sorted),
    ]),
  );
}

const fieldOf = (value: unknown, key: string): unknown =>
  value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[key] : undefined;

const anything: Schema = { type: 'any', deduced: false };

const schemaOfItems = (schema: Schema): Schema => (schema.type === 'list' ? schema.items : anything);

function schemaOfField(schema: Schema, key: string): Schema {
  if (schema.type === 'map') return schema.values;
  return schema.type === 'object' ? (schema.fields.get(key)?.schema ?? anything) : anything;
}

/** Structs in the order of their declaration; maps are sorted already. */
function keysInOrder(object: object, schema: Schema): string[] {
  if (schema.type !== 'object') return Object.keys(object);
  const place = new Map([...schema.fields.keys()].map((key, at) => [key, at]));
  return Object.keys(object).sort((a, b) => (place.get(a) ?? place.size) - (place.get(b) ?? place.size));
}
