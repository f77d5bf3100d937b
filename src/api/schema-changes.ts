// Field ownership outlives schemas: what was owned field by field may have become one thing since.

import { type FieldSet, type FieldSetDraft, isEmpty, leaf } from './field-set.ts';
import { childSchema, formOf, isDeclared } from './object-fields.ts';
import type { Schema } from './schema.ts';

/** The set, where owners of parts of something that is now atomic own all of it. The same set when nothing changes. */
export function reconciled(set: FieldSet, schema: Schema): FieldSet {
  let changed: FieldSetDraft | undefined;
  for (const element in set) {
    const node = set[element] as FieldSet;
    const below = schemaBelow(schema, element);
    if (!below || isEmpty(node)) continue;
    const after = isAtomic(below) ? leaf : reconciled(node, below);
    if (after === node) continue;
    changed ??= { ...set };
    changed[element] = after;
  }
  return changed ?? set;
}

const isAtomic = (schema: Schema): boolean =>
  (schema.type === 'object' || schema.type === 'map' || schema.type === 'list' || schema.type === 'any') &&
  formOf(schema, null) === 'leaf';

/** Undefined where the schema says nothing. */
function schemaBelow(schema: Schema, element: string): Schema | undefined {
  if (!element.startsWith('f:')) return schema.type === 'list' ? schema.items : undefined;
  const name = element.slice(2);
  if (schema.type === 'map') return schema.values;
  return isDeclared(schema, name) ? childSchema(schema, name) : undefined;
}
