// The schema of a custom resource, as its author wrote it, made into what patches, apply and OpenAPI read.

import type { Field, ObjectSchema, Schema } from '../../api/schema.ts';
import { namedSchema } from '../define.ts';
import type { JSONSchemaProps } from '../generated/types/apiextensions-v1.ts';

export type JsonSchema = JSONSchemaProps;

export const preserves = (schema: JsonSchema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true;
export const isEmbedded = (schema: JsonSchema): boolean => schema['x-kubernetes-embedded-resource'] === true;
export const isIntOrString = (schema: JsonSchema): boolean => schema['x-kubernetes-int-or-string'] === true;

export const itemsOf = ({ items }: JsonSchema): JsonSchema | undefined => (Array.isArray(items) ? items[0] : items);

/** The schema of fields that have no name of their own; `true` stands for a schema that says nothing. */
export function additionalOf({ additionalProperties }: JsonSchema): JsonSchema | undefined {
  if (additionalProperties === true) return {};
  return additionalProperties || undefined;
}

export const propertyOf = ({ properties }: JsonSchema, name: string): JsonSchema | undefined =>
  properties && Object.hasOwn(properties, name) ? properties[name] : undefined;

const text: Schema = { type: 'string' };
const scalars: Readonly<Record<string, Schema>> = {
  string: text,
  integer: { type: 'int64' },
  number: { type: 'double' },
  boolean: { type: 'boolean' },
};

/** The schema of whole objects of a kind: with what every object has, whether the author says so or not. */
export function schemaOfResource(schema: JsonSchema | undefined): ObjectSchema {
  const root = schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return objectSchema({ ...root, 'x-kubernetes-embedded-resource': true });
}

export function schemaOfStructural(schema: JsonSchema): Schema {
  if (isIntOrString(schema)) return { type: 'intOrString' };
  const additional = additionalOf(schema);
  switch (schema.type) {
    case 'object':
      if (additional && !schema.properties) {
        const atomic = schema['x-kubernetes-map-type'] === 'atomic';
        return { type: 'map', values: schemaOfStructural(additional), atomic };
      }
      return objectSchema(schema);
    case 'array':
      return {
        type: 'list',
        items: schemaOfStructural(itemsOf(schema) ?? {}),
        listType: (schema['x-kubernetes-list-type'] ?? 'atomic') as 'atomic' | 'set' | 'map',
        keys: schema['x-kubernetes-list-map-keys'] ?? [],
      };
    default:
      return scalars[schema.type ?? ''] ?? { type: 'any', deduced: true };
  }
}

function objectSchema(schema: JsonSchema): ObjectSchema {
  const fields = new Map<string, Field>();
  if (isEmbedded(schema)) for (const field of resourceFields()) fields.set(field.name, field);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (fields.has(name)) continue;
    const field = fieldOf(name, schemaOfStructural(property), schema.required?.includes(name) ?? false);
    fields.set(name, property.default === undefined ? field : { ...field, default: property.default });
  }
  return {
    type: 'object',
    fields,
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    open: preserves(schema),
  };
}

const fieldOf = (name: string, schema: Schema, required = false): Field => ({
  name,
  schema,
  pointer: true,
  omitempty: true,
  required,
});

const resourceFields = (): Field[] => [
  fieldOf('apiVersion', text),
  fieldOf('kind', text),
  fieldOf('metadata', namedSchema('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')),
];
