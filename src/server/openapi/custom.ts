// Custom resources in OpenAPI: their author's schema, with what every object of Kubernetes has.

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
  { kind, version, type }: Published,
  schema: Json,
  form: Form,
  describe: Describe,
): Record<string, Json> {
  const gvk = (name: string) => ({
    'x-kubernetes-group-version-kind': [{ group: kind.group, kind: name, version: version.version }],
  });
  const own = adapted(schema, form);
  const common = { apiVersion: typed('apiVersion', describe), kind: typed('kind', describe) };
  return {
    [type]: {
      ...own,
      properties: { ...(own.properties as Json), ...common, metadata: reference('ObjectMeta', 'metadata', form) },
      ...gvk(kind.kind),
    },
    [`${type}List`]: {
      description: `${kind.kind}List is a list of ${kind.kind}`,
      type: 'object',
      required: ['items'],
      properties: {
        ...common,
        items: {
          description: `List of ${kind.plural}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md`,
          type: 'array',
          items: { $ref: form.prefix + type },
        },
        metadata: reference('ListMeta', 'types-kinds', form),
      },
      ...gvk(`${kind.kind}List`),
    },
  };
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

const nested = ['items', 'additionalProperties', 'not'];
const nestedLists = ['allOf', 'anyOf', 'oneOf'];

/** What version 2 cannot say is left out; embedded resources and numbers that may be names are spelled out. */
function adapted(schema: Json, form: Form): Json {
  if (form.version === 2 && schema.nullable) return described(schema);
  const result: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (form.version === 2 && beyondVersion2.has(key)) continue;
    if (nested.includes(key) && isObject(value)) result[key] = adapted(value, form);
    else if (nestedLists.includes(key)) result[key] = (value as Json[]).map((each) => adapted(each, form));
    else if (key === 'properties') result[key] = mapped(value as Record<string, Json>, (each) => adapted(each, form));
    else result[key] = value;
  }
  if (form.version === 3 && schema['x-kubernetes-int-or-string'] && !schema.anyOf && !schema.allOf) {
    result.anyOf = [{ type: 'integer' }, { type: 'string' }];
  }
  return schema['x-kubernetes-embedded-resource'] ? embedded(result, form) : result;
}

const beyondVersion2 = new Set(['nullable', 'oneOf', 'anyOf', 'allOf', 'not', 'default', 'example']);

const described = ({ description }: Json): Json => (description === undefined ? {} : { description });

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
    required: [...new Set(['kind', 'apiVersion', ...((schema.required as string[] | undefined) ?? [])])],
  };
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const mapped = (record: Record<string, Json>, change: (value: Json) => Json): Json =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
