// Reading custom resources: what the schema does not know is dropped, nulls that may not be are dropped, defaults are filled in.
// Values of a wrong type stay, for validation to complain of.

import { isJsonObject } from '../../base/equal.ts';
import { type Decoded, decode } from '../../api/decode.ts';
import type { Field, ObjectSchema, Schema } from '../../api/schema.ts';
import { namedSchema } from '../define.ts';
import { type JsonSchema, additionalOf, isEmbedded, itemsOf, preserves, propertyOf } from './structural.ts';

type Json = Record<string, unknown>;

/** Reads a whole object by the schema of its version; without one, everything is kept. */
export function readResource(schema: JsonSchema | undefined, value: unknown): Decoded {
  const { metadata, ...rest } = (isJsonObject(value) ? value : {}) as Json;
  const unknown: string[] = [];
  const head = { metadata: readMetadata(metadata ?? {}, '', unknown) };
  const body = copy(rest) as Json;
  if (schema) {
    prune(body, { ...schema, 'x-kubernetes-embedded-resource': true }, '', unknown);
    coerceEmbedded(body, schema, '', unknown);
    fill(body, schema);
  }
  return { object: { ...body, ...head }, unknown };
}

/** What a schema leaves of an object that was read by another one; nothing is filled in. */
export function pruneResource<T extends object>(schema: JsonSchema | undefined, object: T): T {
  const { metadata, ...rest } = object as Json;
  const body = copy(rest) as Json;
  if (schema) prune(body, { ...schema, 'x-kubernetes-embedded-resource': true }, '', []);
  return { ...body, metadata } as T;
}

/** What a version's schema makes of an object that was converted to it: defaults belong to who writes and to what is stored. */
export function readConverted<T extends object>(schema: JsonSchema | undefined, object: T): T {
  const read = pruneResource(schema, object);
  if (schema) {
    coerceEmbedded(read, schema, '', []);
    dropNulls(read, schema);
  }
  return read;
}

/** Takes out nulls where none may stand and no default takes their place. */
function dropNulls(value: unknown, schema: JsonSchema): void {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (items) for (const item of value) dropNulls(item, items);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    const property = propertyOf(schema, key) ?? additionalOf(schema);
    if (!property) continue;
    if (inner === null && !property.nullable && property.default === undefined) delete value[key];
    else dropNulls(inner, property);
  }
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  return isJsonObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)]))
    : value;
}

let headSchema: ObjectSchema | undefined;

/** metadata is Go's own struct in custom resources, too. It is read by itself, and refused so. */
function readMetadata(value: unknown, path: string, unknown: string[]): Json {
  const metadata = namedSchema('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
  if (isJsonObject(value) && metadata.type === 'object') {
    const read = decode(metadata, value);
    unknown.push(...read.unknown.map((text) => text.replace('"', `"${below(path, 'metadata')}.`)));
    return read.object;
  }
  headSchema ??= {
    type: 'object',
    fields: new Map([['metadata', metadataField(metadata)]]),
    atomic: false,
    open: false,
  };
  return decode(headSchema, { metadata: value }).object.metadata as Json;
}

const metadataField = (schema: Schema): Field => ({
  name: 'metadata',
  schema,
  pointer: false,
  omitempty: false,
  required: false,
});

const below = (path: string, name: string): string => (path ? `${path}.${name}` : name);

const embeddedFields = new Set(['apiVersion', 'kind', 'metadata']);

/** Drops unknown fields, and notes them. */
function prune(value: unknown, schema: JsonSchema, path: string, unknown: string[]): void {
  if (Array.isArray(value)) {
    const items = itemsOf(schema) ?? (preserves(schema) ? { 'x-kubernetes-preserve-unknown-fields': true } : {});
    value.forEach((item, i) => prune(item, items, `${path}[${i}]`, unknown));
    return;
  }
  if (!isJsonObject(value)) return;
  const additional = additionalOf(schema);
  for (const key of Object.keys(value).sort()) {
    if (isEmbedded(schema) && embeddedFields.has(key)) continue;
    const property = propertyOf(schema, key) ?? additional;
    if (property) prune(value[key], property, below(path, key), unknown);
    else if (!preserves(schema)) {
      unknown.push(`unknown field ${JSON.stringify(below(path, key))}`);
      delete value[key];
    }
  }
}

/** Embedded objects have real metadata. */
function coerceEmbedded(value: unknown, schema: JsonSchema, path: string, unknown: string[]): void {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (items) value.forEach((item, i) => coerceEmbedded(item, items, `${path}[${i}]`, unknown));
    return;
  }
  if (!isJsonObject(value)) return;
  if (isEmbedded(schema) && 'metadata' in value && (value.metadata === null || isJsonObject(value.metadata))) {
    value.metadata = readMetadata(value.metadata ?? {}, path, unknown);
  }
  for (const [key, inner] of Object.entries(value)) {
    const property = propertyOf(schema, key) ?? additionalOf(schema);
    if (property) coerceEmbedded(inner, property, below(path, key), unknown);
  }
}

/** Fills in defaults, after nulls where none may stand are taken out. */
export function fill(value: unknown, schema: JsonSchema): void {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (items) for (const item of value) fill(item, items);
    return;
  }
  if (!isJsonObject(value)) return;
  const additional = additionalOf(schema);
  for (const key of Object.keys(value)) {
    const property = propertyOf(schema, key) ?? additional;
    if (property && value[key] === null && !property.nullable) delete value[key];
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.default !== undefined && value[name] === undefined) value[name] = copy(property.default);
  }
  for (const [key, inner] of Object.entries(value)) {
    const property = propertyOf(schema, key) ?? additional;
    if (property) fill(inner, property);
  }
}

/** Whether something in a value is unknown to the schema. */
export function hasUnknown(value: unknown, schema: JsonSchema): boolean {
  const unknown: string[] = [];
  prune(copy(value), schema, '', unknown);
  return unknown.length > 0;
}
