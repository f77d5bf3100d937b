// A value as the API server holds it inside, derived from its published type: where refusals print a whole struct they show that form.

import type { Field, ObjectSchema, Schema } from '../api/schema.ts';

/** Names that Go writes otherwise than with a capital in front. */
const goNames: Readonly<Record<string, string>> = {
  apiGroup: 'APIGroup',
  cel: 'CEL',
  ips: 'IPs',
  pkixPublicKey: 'PKIXPublicKey',
  uid: 'UID',
};

const goName = (name: string): string => goNames[name] ?? `${name[0]?.toUpperCase() ?? ''}${name.slice(1)}`;

/** Types that are the same inside and outside are printed as they are published. */
const isShared = ({ name = '' }: ObjectSchema): boolean => name.startsWith('io.k8s.apimachinery.');

/** Every field by its Go name; what is not given is nil, or empty. */
export function internalValue(schema: ObjectSchema, value: object | undefined): unknown {
  if (isShared(schema)) return value ?? {};
  const given = (value ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    [...schema.fields.values()]
      .filter(({ name }) => name !== 'apiVersion' && name !== 'kind')
      .map((field) => [goName(field.name), fieldValue(field, given[field.name])]),
  );
}

function fieldValue({ schema, pointer }: Field, value: unknown): unknown {
  if (value === undefined || value === null) return pointer ? null : emptyOf(schema);
  return inside(schema, value);
}

function inside(schema: Schema, value: unknown): unknown {
  if (schema.type === 'object') return internalValue(schema, value as object);
  if (schema.type === 'list') return (value as readonly unknown[]).map((item) => inside(schema.items, item));
  if (schema.type !== 'map') return value;
  return Object.fromEntries(Object.entries(value as object).map(([key, each]) => [key, inside(schema.values, each)]));
}

function emptyOf(schema: Schema): unknown {
  switch (schema.type) {
    case 'object':
      return internalValue(schema, undefined);
    case 'boolean':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
      return 0;
    case 'string':
      return '';
    default:
      return null;
  }
}
