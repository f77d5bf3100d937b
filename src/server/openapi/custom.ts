// Custom resources in OpenAPI: their author's schema, with what every object of Kubernetes has.

import { isJsonObject } from '../../base/equal.ts';
import type { Describe } from '../../kinds/descriptions.ts';
import type { Form, Json } from './definitions.ts';
import type { Published } from './operations.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const conventions = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';

/** `example.com` + v1 + Widget: `com.example.v1.Widget`. */
export const customTypeName = (group: string, version: string, kind: string): string =>
  [...group.split('.').reverse(), version, kind].join('.');

/** The definitions of a custom kind and of its list. */
export function customDefinitions(
  { kind, version, type, listType }: Published,
  schema: Json,
  form: Form,
  describe: Describe,
): Record<string, Json> {
  const gvk = (name: string) => ({
    'x-kubernetes-group-version-kind': [{ group: kind.group, kind: name, version: version.version }],
  });
  const common = { apiVersion: typed('apiVersion', describe), kind: typed('kind', describe) };
  const metadata = reference('ObjectMeta', 'metadata', form);
  return {
    [type]: { ...whole(schema, form, { ...common, metadata }), ...gvk(kind.kind) },
    [listType]: {
      description: `${kind.listKind} is a list of ${kind.kind}`,
      type: 'object',
      required: ['items'],
      properties: {
        ...common,
        items: {
          description: `List of ${kind.plural}. More info: ${conventions}`,
          type: 'array',
          items: { $ref: form.prefix + type },
        },
        metadata: reference('ListMeta', 'types-kinds', form),
      },
      ...gvk(kind.listKind),
    },
  };
}

/** In version 2 an object of which not everything is known is only an object: clients take what they are told for all there is. */
function whole(schema: Json, form: Form, common: Json): Json {
  if (form.version === 2 && schema[preserving] === true) return { type: 'object' };
  const own = adapted(schema, form);
  return { ...own, properties: { ...(own.properties as Json), ...common } };
}

const typed = (field: string, describe: Describe): Json => ({
  description: describe('io.k8s.api.core.v1.ConfigMap', field),
  type: 'string',
});

function reference(type: string, anchor: string, form: Form): Json {
  const what = type === 'ListMeta' ? 'list' : "object's";
  const description = `Standard ${what} metadata. More info: ${conventions}#${anchor}`;
  const $ref = `${form.prefix}${meta}.${type}`;
  return form.version === 3 ? { allOf: [{ $ref }], description } : { $ref, description };
}

const preserving = 'x-kubernetes-preserve-unknown-fields';
const embedding = 'x-kubernetes-embedded-resource';

const junctors = ['allOf', 'anyOf', 'oneOf'];

/** What a version cannot say is left out; embedded resources and numbers that may be names are spelled out. */
function adapted(schema: Json, form: Form): Json {
  const told = form.version === 2 ? withoutBeyond2(schema) : withAlternatives(schema);
  const result: Json = {};
  for (const [key, value] of Object.entries(told)) {
    if (key === 'example') continue;
    if ((key === 'items' || key === 'additionalProperties') && isJsonObject(value)) result[key] = adapted(value, form);
    else if (key === 'properties') result[key] = mapped(value as Record<string, Json>, (each) => adapted(each, form));
    else if (!isUnsaid(key, value)) result[key] = value;
  }
  const open = form.version === 2 && result[preserving] === true;
  return result[embedding] && !open ? embedded(result, form) : result;
}

/** Flags that are off and empty texts are not told. */
const isUnsaid = (key: string, value: unknown): boolean =>
  (value === false || value === '') && key !== 'additionalProperties' && key !== 'default';

/** A number or a name says so in its own words, unless its author has. */
function withAlternatives(schema: Json): Json {
  if (!schema['x-kubernetes-int-or-string']) return schema;
  const [first] = (schema.allOf as Json[] | undefined) ?? [];
  if (isIntOrString(schema.anyOf) || isIntOrString(first?.anyOf)) return schema;
  if (!schema.anyOf) return { ...schema, anyOf: intOrString };
  return { ...schema, allOf: [{ anyOf: intOrString }, ...((schema.allOf as Json[] | undefined) ?? [])] };
}

const intOrString: readonly Json[] = [{ type: 'integer' }, { type: 'string' }];

const isIntOrString = (anyOf: unknown): boolean =>
  Array.isArray(anyOf) && anyOf.map((each: Json) => each.type).join() === 'integer,string';

/**
 * Version 2 has no alternatives and no null, and its clients stumble over fields or items of what may hold anything:
 * such values have no type, and fields that may be null are not required.
 */
function withoutBeyond2(schema: Json): Json {
  const result = without(schema, [...junctors, 'not', 'nullable']);
  if (schema.nullable) for (const key of ['type', 'items', 'properties']) delete result[key];
  if (schema[preserving]) for (const key of ['items', 'properties']) delete result[key];
  if (result.type === 'array' && !result.items) delete result.type;
  if (result.type === 'object' && schema[preserving]) delete result.type;
  const required = requiredIn2(result);
  if (required.length > 0) result.required = required;
  else delete result.required;
  return result;
}

function requiredIn2({ required = [], properties = {}, additionalProperties }: Json): string[] {
  if (isJsonObject(additionalProperties) && additionalProperties.nullable) return [];
  return (required as string[]).filter((name) => !(properties as Record<string, Json>)[name]?.nullable);
}

const without = (schema: Json, keys: readonly string[]): Json =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => !keys.includes(key)));

const apiVersionOfEmbedded = `apiVersion defines the versioned schema of this representation of an object. More info: ${conventions}#resources`;
const kindOfEmbedded = `kind is a string value representing the type of this object. In CamelCase. More info: ${conventions}#types-kinds`;

function embedded(schema: Json, form: Form): Json {
  return {
    ...schema,
    properties: {
      ...(schema.properties as Json),
      apiVersion: { description: apiVersionOfEmbedded, type: 'string' },
      kind: { description: kindOfEmbedded, type: 'string' },
      metadata: reference('ObjectMeta', 'metadata', form),
    },
    required: [...new Set([...((schema.required as string[] | undefined) ?? []), 'kind', 'apiVersion'])],
  };
}

const mapped = (record: Record<string, Json>, change: (value: Json) => Json): Json =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
