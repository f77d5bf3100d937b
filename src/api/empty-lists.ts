// Lists that are always written, if only as null: `[]` is somebody's word while a request is worked on, and nothing once it is stored.

import type { Field, ObjectSchema, Schema } from './schema.ts';

type Json = Record<string, unknown>;

/** Fields of a type that may be such a list, or lead to one. */
type Step = { readonly name: string; readonly within: ObjectSchema | undefined; readonly list: boolean };

const steps = new WeakMap<ObjectSchema, readonly Step[]>();

/** Makes null of the empty ones, in place. */
export function forgetEmptyLists(object: object, schema: ObjectSchema): void {
  for (const { name, within, list } of stepsOf(schema)) {
    const value = (object as Json)[name];
    if (value === null || typeof value !== 'object') continue;
    if (list && Array.isArray(value) && value.length === 0) (object as Json)[name] = null;
    else if (within) for (const each of structsIn(value, schema.fields.get(name))) forgetEmptyLists(each, within);
  }
}

function structsIn(value: object, field: Field | undefined): readonly object[] {
  const single = field?.schema.type === 'object';
  return (single ? [value] : Object.values(value)).filter((each) => each !== null && typeof each === 'object');
}

function stepsOf(schema: ObjectSchema): readonly Step[] {
  let known = steps.get(schema);
  if (!known) {
    known = [...schema.fields.values()].flatMap((field) => {
      const struct = structOf(field.schema);
      const within = struct && leadsToOne(struct, new Set()) ? struct : undefined;
      const list = isKept(field);
      return list || within ? [{ name: field.name, within, list }] : [];
    });
    steps.set(schema, known);
  }
  return known;
}

const isKept = ({ schema, omitempty }: Field): boolean => schema.type === 'list' && !omitempty;

/** The struct that a field's value, or each entry of it, is. */
function structOf(schema: Schema): ObjectSchema | undefined {
  if (schema.type === 'list') return structOf(schema.items);
  if (schema.type === 'map') return structOf(schema.values);
  return schema.type === 'object' ? schema : undefined;
}

/** Types may contain themselves. */
function leadsToOne(schema: ObjectSchema, seen: Set<ObjectSchema>): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  return [...schema.fields.values()].some((field) => {
    const struct = structOf(field.schema);
    return isKept(field) || (struct !== undefined && leadsToOne(struct, seen));
  });
}
