// The types of the API as OpenAPI describes them: built-in ones from their schemas, custom ones from the schema their author gave.

import type { Field, ObjectSchema, Schema } from '../../api/schema.ts';
import type { Describe } from '../../kinds/descriptions.ts';
import { knownGroups } from '../../kinds/discovered.ts';
import { folderOf, namedSchema, unionsOf } from '../../kinds/schemas.ts';
import { sharedOptions } from './shared-options.ts';

export type Json = Record<string, unknown>;

/** What differs between the versions: where types live, and that version 2 knows neither defaults nor enums nor alternatives. */
export interface Form {
  readonly version: 2 | 3;
  readonly prefix: '#/definitions/' | '#/components/schemas/';
  /** Of the server for custom resources, which knows fewer groups. */
  readonly custom?: boolean;
}

export const form2: Form = { version: 2, prefix: '#/definitions/' };
export const form3: Form = { version: 3, prefix: '#/components/schemas/' };

const machinery = 'io.k8s.apimachinery.pkg';
const meta = `${machinery}.apis.meta.v1`;

/** Types without fields, by name: what version 2 says of them, and version 3. */
const specials: Readonly<Record<string, readonly [Json, Json]>> = {
  [`${machinery}.api.resource.Quantity`]: [{ type: 'string' }, { oneOf: [{ type: 'string' }, { type: 'number' }] }],
  [`${machinery}.util.intstr.IntOrString`]: [
    { type: 'string', format: 'int-or-string' },
    { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  ],
  [`${meta}.Time`]: [
    { type: 'string', format: 'date-time' },
    { type: 'string', format: 'date-time' },
  ],
  [`${meta}.MicroTime`]: [
    { type: 'string', format: 'date-time' },
    { type: 'string', format: 'date-time' },
  ],
  [`${meta}.Duration`]: [{ type: 'string' }, { type: 'string' }],
  [`${meta}.FieldsV1`]: [{ type: 'object' }, { type: 'object' }],
  [`${meta}.Patch`]: [{ type: 'object' }, { type: 'object' }],
  [`${machinery}.runtime.RawExtension`]: [{ type: 'object' }, { type: 'object' }],
};

/** The answer of `/version`, which is no API type. */
function versionInfo(text: (field: string) => Json, form: Form): Json {
  const required = [
    'major',
    'minor',
    'gitVersion',
    'gitCommit',
    'gitTreeState',
    'buildDate',
    'goVersion',
    'compiler',
    'platform',
  ];
  const optional = ['emulationMajor', 'emulationMinor', 'minCompatibilityMajor', 'minCompatibilityMinor'];
  const fallback = (name: string): Json => (form.version === 3 && required.includes(name) ? { default: '' } : {});
  const properties = [...required, ...optional].map((name) => [
    name,
    { ...text(name), type: 'string', ...fallback(name) },
  ]);
  return { type: 'object', properties: sortedByKey(Object.fromEntries(properties) as Json), required };
}

const refNames: Readonly<Record<string, string>> = {
  quantity: `${machinery}.api.resource.Quantity`,
  intOrString: `${machinery}.util.intstr.IntOrString`,
  time: `${meta}.Time`,
  microTime: `${meta}.MicroTime`,
  duration: `${meta}.Duration`,
};

const scalars: Readonly<Record<string, Json>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
};

/** The definitions of these types and of all that they consist of, by name, besides those that are `given`. */
export function definitionsOf(
  names: Iterable<string>,
  form: Form,
  describe: Describe,
  given: Readonly<Record<string, Json>> = {},
): Record<string, Json> {
  const definitions: Record<string, Json> = { ...given };
  const pending = [...new Set(names)];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name in definitions) continue;
    const printer = printerOf(form, describe, (found) => pending.push(found));
    definitions[name] = printer.definition(name);
  }
  return sortedByKey(definitions);
}

export const sortedByKey = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

function printerOf(form: Form, describe: Describe, found: (name: string) => void) {
  const withText = (text: string, rest: Json): Json => (text ? { description: text, ...rest } : rest);

  function reference(name: string): Json {
    found(name);
    return { $ref: form.prefix + name };
  }

  function typeOf(schema: Schema): Json {
    const name = schema.type === 'object' || schema.type === 'any' ? schema.name : refNames[schema.type];
    if (name) return reference(name);
    if (schema.type === 'list') return { type: 'array', items: typeOf(schema.items), ...listMarks(schema) };
    if (schema.type === 'map')
      return { type: 'object', additionalProperties: typeOf(schema.values), ...mapMarks(schema) };
    if (schema.type === 'object' || schema.type === 'any') return { type: 'object' };
    return { ...scalars[schema.type], ...(form.version === 3 && schema.enum && { enum: [...schema.enum] }) };
  }

  function property(owner: string, field: Field): Json {
    const { $ref, ...type } = typeOf(field.schema);
    const fallback = form.version === 3 ? defaultOf(field) : undefined;
    const text = describe(owner, field.name) + (form.version === 3 ? describe(owner, `${field.name} values`) : '');
    const rest = withText(text, {
      ...type,
      ...(fallback !== undefined && { default: fallback }),
      ...(field.schema.type === 'object' && field.schema.granular && { 'x-kubernetes-map-type': 'granular' }),
      ...patchMarks(field),
      ...markedBytes[`${owner}/${field.name}`],
    });
    if ($ref === undefined) return rest;
    // In version 3 a reference with anything beside it is wrapped.
    return form.version === 3 && Object.keys(rest).length > 0 ? { allOf: [{ $ref }], ...rest } : { $ref, ...rest };
  }

  function definition(name: string): Json {
    const special = specials[name];
    if (special) return withText(describe(name, ''), special[form.version - 2] ?? {});
    if (name === `${machinery}.version.Info`)
      return withText(
        describe(name, ''),
        versionInfo((field) => withText(describe(name, field), {}), form),
      );
    const schema = alternativeTypes.test(name) ? undefined : namedSchema(name);
    if (!schema) return withText(describe(name, ''), {});
    return withText(describe(name, ''), { type: 'object', ...structure(name, schema) });
  }

  function structure(name: string, schema: ObjectSchema): Json {
    const fields = [...schema.fields.values()];
    const required = fields.filter((f) => f.required).map((f) => f.name);
    const gvks = groupVersionKindsOf(name, schema, form.custom);
    const unions = unionsOf(name);
    return {
      ...(fields.length > 0 && {
        properties: sortedByKey(Object.fromEntries(fields.map((f) => [f.name, property(name, f)]))),
      }),
      ...(required.length > 0 && { required }),
      ...(gvks.length > 0 && { 'x-kubernetes-group-version-kind': gvks }),
      ...(schema.atomic && { 'x-kubernetes-map-type': 'atomic' }),
      ...(unions !== undefined && { 'x-kubernetes-unions': unions }),
    };
  }

  return { definition };
}

/** The one field of bytes whose author marked it as the list that Go has it for. */
const markedBytes: Readonly<Record<string, Json>> = {
  'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceSpec/caBundle': { 'x-kubernetes-list-type': 'atomic' },
};

/** Types that are one thing or another, of which OpenAPI says nothing. */
const alternativeTypes = /\.apiextensions\.v1\.JSON(SchemaPropsOr\w+)?$/;

/** Declared defaults; otherwise the zero value of what is always written. */
function defaultOf({ default: declared, schema, pointer, omitempty }: Field): unknown {
  if (declared !== undefined) return declared;
  if (pointer) return undefined;
  if (schema.type === 'object') return {};
  if (omitempty) return undefined;
  return ({ string: '', boolean: false, int32: 0, int64: 0, double: 0 } as Record<string, unknown>)[schema.type];
}

const listMarks = (schema: Schema & { type: 'list' }): Json => ({
  ...(schema.keys.length > 0 && { 'x-kubernetes-list-map-keys': [...schema.keys] }),
  ...(!schema.unmarked && { 'x-kubernetes-list-type': schema.listType }),
});

const mapMarks = (schema: Schema & { type: 'map' }): Json => {
  if (schema.atomic) return { 'x-kubernetes-map-type': 'atomic' };
  return schema.granular ? { 'x-kubernetes-map-type': 'granular' } : {};
};

const patchMarks = ({ patchMergeKey, patchStrategy }: Field): Json => ({
  ...(patchMergeKey && { 'x-kubernetes-patch-merge-key': patchMergeKey }),
  ...(patchStrategy && { 'x-kubernetes-patch-strategy': patchStrategy.join(',') }),
});

/** A type that carries apiVersion and kind of its own is a kind of its package's group. */
function groupVersionKindsOf(name: string, schema: ObjectSchema, custom = false): Json[] {
  const [kind = '', version = '', folder = ''] = name.split('.').reverse();
  if (folder === 'meta' && (kind === 'DeleteOptions' || kind === 'WatchEvent')) return sharedOptions(kind, custom);
  const apiVersion = schema.fields.get('apiVersion');
  if (!apiVersion || apiVersion.number !== undefined) return [];
  const group = knownGroups.find((g) => folderOf(g.name) === folder)?.name ?? '';
  return [{ group, kind, version }];
}
