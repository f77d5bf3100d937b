// What every published type looks like: the generated table, linked type by type when it is first asked for.

import type { AnySchema, Field, ListSchema, MapSchema, ObjectSchema, ScalarType, Schema } from '../api/schema.ts';
import { whyPackage, whyTypes } from './why/types.ts';
import generated from './generated/schemas.json' with { type: 'json' };

const types: Readonly<Record<string, string>> = { ...generated.types, ...whyTypes };
const enums: Readonly<Record<string, readonly string[]>> = generated.enums;

const openApiPackages: Readonly<Record<string, string>> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  runtime: 'io.k8s.apimachinery.pkg.runtime',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
  metrics: 'io.k8s.metrics.pkg.apis.metrics',
  why: whyPackage,
};

const folders: Readonly<Record<string, string>> = {
  '': 'core',
  'flowcontrol.apiserver.k8s.io': 'flowcontrol',
  'rbac.authorization.k8s.io': 'rbac',
  'internal.apiserver.k8s.io': 'apiserverinternal',
};

/** The package of a group: `core`, `rbac`. */
export const folderOf = (group: string): string => folders[group] ?? group.split('.')[0] ?? group;

/** The schema of a kind or of its list: `schemaOf('apps/v1', 'Deployment')`. */
export function schemaOf(apiVersion: string, kind: string): ObjectSchema {
  const slash = apiVersion.indexOf('/');
  return link(`${folderOf(apiVersion.slice(0, Math.max(0, slash)))}.${apiVersion.slice(slash + 1)}.${kind}`);
}

/** Whether such a kind or list has a schema. */
export function hasSchema(apiVersion: string, kind: string): boolean {
  const slash = apiVersion.indexOf('/');
  return known(`${folderOf(apiVersion.slice(0, Math.max(0, slash)))}.${apiVersion.slice(slash + 1)}.${kind}`);
}

/** The schema of a type by its OpenAPI name: `io.k8s.api.core.v1.PodTemplateSpec`. */
export const namedSchema = (name: string): ObjectSchema => link(tableName(name));

/** The published unions of a type, as OpenAPI has them. */
export const unionsOf = (name: string): unknown =>
  (generated.unions as Readonly<Record<string, unknown>>)[tableName(name)];

function tableName(openApiName: string): string {
  const known = Object.entries(openApiPackages).find(([, prefix]) => openApiName.startsWith(`${prefix}.`));
  return known ? `${known[0]}${openApiName.slice(known[1].length)}` : openApiName.replace(/^io\.k8s\.api\./, '');
}

function openApiName(name: string): string {
  const dot = name.indexOf('.');
  return `${openApiPackages[name.slice(0, dot)] ?? `io.k8s.api.${name.slice(0, dot)}`}${name.slice(dot)}`;
}

const linked = new Map<string, ObjectSchema>();

const known = (name: string): boolean => name in types || (name.endsWith('List') && name.slice(0, -4) in types);

function link(name: string): ObjectSchema {
  const before = linked.get(name);
  if (before) return before;
  if (!known(name)) throw new Error(`no such type: ${name}`);
  const schema = objectSchema(name, types[name] ?? listText(name));
  linked.set(name, schema);
  return schema;
}

/** Lists are all alike, so the table leaves them out. */
const listText = (name: string): string =>
  `;kind ?string;apiVersion ?string;metadata ?meta.v1.ListMeta #1;items *![]${name.slice(0, -4)} #2`;

function objectSchema(name: string, text: string): ObjectSchema {
  let fields: ReadonlyMap<string, Field> | undefined;
  return {
    type: 'object',
    name: openApiName(name),
    atomic: text.startsWith('a;'),
    open: false,
    get fields() {
      fields ??= parseFields(text, name.slice(0, name.lastIndexOf('.')));
      return fields;
    },
  };
}

function parseFields(text: string, home: string): ReadonlyMap<string, Field> {
  const [, ...fields] = text.split(';');
  return new Map(fields.map((field) => parseField(field, home)).map((field) => [field.name, field]));
}

/** `name flagsType #number @embedded ^patch:key =default`; flags: `*` nil differs from zero, `?` omitempty, `~` omitzero, `!` required. */
function parseField(text: string, home: string): Field {
  const [name = '', typed = '', ...options] = text.split(' ');
  const flags = /^[*?~!]*/.exec(typed)?.[0] ?? '';
  const option = (mark: string) => options.find((o) => o.startsWith(mark))?.slice(1);
  const path = option('#')?.split('/').map(Number) ?? [];
  const [strategies, mergeKey] = option('^')?.split(':') ?? [];
  const fallback = option('=');
  const embedded = option('@');
  return {
    name,
    schema: parseType(typed.slice(flags.length), home),
    pointer: flags.includes('*'),
    omitempty: flags.includes('?') || flags.includes('~'),
    required: flags.includes('!'),
    ...(flags.includes('~') && { omitzero: true }),
    ...(fallback !== undefined && { default: JSON.parse(fallback) as unknown }),
    ...(strategies && { patchStrategy: strategies.split(',') as ('merge' | 'replace' | 'retainKeys')[] }),
    ...(mergeKey && { patchMergeKey: mergeKey }),
    ...(path.length > 0 && { number: path[path.length - 1] ?? 0 }),
    ...(path.length > 1 && { within: path.slice(0, -1) }),
    ...(embedded && { embedded: embedded.split('/') }),
  };
}

/** `[listType]items`, `{mapType:key}values`, `(list or map)=name`, `scalar=name`, or a type of the table (`%` for its granular use). */
function parseType(text: string, home: string): Schema {
  if (text.startsWith('[')) return parseList(text, home);
  if (text.startsWith('{')) return parseMap(text, home);
  if (text.startsWith('(')) return parseNamed(text, home);
  if (text.startsWith('%')) return granular(link(fullName(text.slice(1), home)));
  const [base = '', name] = text.split('=');
  if (base === 'any') return anySchema(name && fullName(name, home));
  if (base.includes('.')) return link(fullName(base, home));
  return scalar(base as ScalarType, name && fullName(name, home));
}

const fullName = (name: string, home: string): string => (name.startsWith('.') ? home + name : name);

function parseList(text: string, home: string): ListSchema {
  const end = text.indexOf(']');
  const [listType, keys] = text.slice(1, end).split(':');
  return {
    type: 'list',
    items: parseType(text.slice(end + 1), home),
    listType: (listType || 'atomic') as ListSchema['listType'],
    keys: keys ? keys.split(',') : [],
    ...(!listType && { unmarked: true }),
  };
}

function parseMap(text: string, home: string): MapSchema {
  const end = text.indexOf('}');
  const [mapType, key] = text.slice(1, end).split(':');
  return {
    type: 'map',
    values: parseType(text.slice(end + 1), home),
    atomic: mapType === 'atomic',
    ...(mapType === 'granular' && { granular: true }),
    ...(key && { keyName: goName(fullName(key, home)) }),
  };
}

function parseNamed(text: string, home: string): Schema {
  const end = text.lastIndexOf(')=');
  const wrapped = text[end + 2] === '+';
  const name = goName(fullName(text.slice(end + (wrapped ? 3 : 2)), home));
  const schema = parseType(text.slice(1, end), home);
  if (schema.type === 'list') return { ...schema, name, ...(wrapped && { wrapped }) };
  return schema.type === 'map' ? { ...schema, name } : schema;
}

/** Go names a type by the last word of its package: `core.v1.Pod` is `v1.Pod`. */
const goName = (name: string): string => name.split('.').slice(-2).join('.');

const granular = (schema: ObjectSchema): ObjectSchema => ({
  type: 'object',
  ...(schema.name && { name: schema.name }),
  atomic: false,
  granular: true,
  open: false,
  get fields() {
    return schema.fields;
  },
});

const scalars = new Map<string, Schema>();

/** Scalars are shared: there are few of them, and many fields. */
function scalar(type: ScalarType, name: string | undefined): Schema {
  const key = name ?? type;
  const values = name === undefined ? undefined : enums[name];
  const schema = scalars.get(key) ?? { type, ...(name && { name: goName(name) }), ...(values && { enum: values }) };
  scalars.set(key, schema);
  return schema;
}

const others: Readonly<Record<string, 'list' | 'boolean' | 'strings'>> = {
  'apiextensions.v1.JSONSchemaPropsOrArray': 'list',
  'apiextensions.v1.JSONSchemaPropsOrBool': 'boolean',
  'apiextensions.v1.JSONSchemaPropsOrStringArray': 'strings',
};

function anySchema(name: string | undefined): AnySchema {
  const or = name === undefined ? undefined : others[name];
  return {
    type: 'any',
    deduced: false,
    ...(name && { name: openApiName(name) }),
    ...(or && { either: { object: link('apiextensions.v1.JSONSchemaProps'), or } }),
  };
}
