// A structural schema as expressions see it: its type, how much there can be of it, and the names that fields go by.

import { utf8Length } from '../../base/bytes.ts';
import {
  boolType,
  bytesType,
  declareObject,
  doubleType,
  durationType,
  dynType,
  type Field,
  intType,
  listOf,
  mapOf,
  stringType,
  timestampType,
  type Type,
} from '../../languages/cel/types.ts';
import { type JsonSchema, additionalOf, isEmbedded, isIntOrString, itemsOf } from './structural.ts';

/** What a schema declares to expressions. Sizes as Kubernetes counts them when it estimates what a rule can cost. */
export interface Declared {
  readonly type: Type;
  /** The most elements, entries or bytes of text there can be; 0 for what has no size. */
  readonly most: number;
  /** The least bytes of JSON it takes. */
  readonly least: number;
  /** Of the items of a list, or the values of a map. */
  readonly element?: Declared;
  /** By the names that expressions call them. */
  readonly fields?: ReadonlyMap<string, Declared>;
}

/** The largest body of a request, in bytes: there is never more of anything than fits into it. */
const largestRequest = 3 * 1024 * 1024;
const longestTime = 32;
const dateLength = 12;
/** The least bytes that texts with a meaning take. */
const leastOf = { duration: 3, date: dateLength, 'date-time': 21 } as const;

/** How often a value that takes so many bytes can stand in one request. */
export const mostInRequest = (least: number): number => Math.floor(largestRequest / (least + 1));

/**
 * Undefined where expressions see nothing: there is no type. `name` is what the type of an object is called;
 * a resource has, whatever its schema says, a kind, an apiVersion and a metadata with a name.
 */
export function declare(schema: JsonSchema, name: string, isResource: boolean): Declared | undefined {
  if (isIntOrString(schema)) return { type: dynType, most: longestText(schema), least: 1 };
  switch (schema.type) {
    case 'array':
      return declareList(schema, name);
    case 'object':
      return declareMap(schema, name) ?? (isMap(schema) ? undefined : declareFields(schema, name, isResource));
    case 'string':
      return declareText(schema);
    case 'boolean':
      return { type: boolType, most: 0, least: 4 };
    case 'number':
      return { type: doubleType, most: 0, least: 1 };
    case 'integer':
      return { type: intType, most: 0, least: 1 };
    default:
      return undefined;
  }
}

const isMap = ({ additionalProperties }: JsonSchema): boolean => typeof additionalProperties === 'object';

function declareList(schema: JsonSchema, name: string): Declared | undefined {
  const items = itemsOf(schema);
  const element = items && declare(items, `${name}.@idx`, isEmbedded(items));
  if (!element) return undefined;
  const listType = schema['x-kubernetes-list-type'];
  const unique = listType === 'set' ? 'set' : listType === 'map' ? schema['x-kubernetes-list-map-keys'] : undefined;
  const most = bound(schema.maxItems) ?? Math.floor((largestRequest - 2) / (element.least + 1));
  return { type: listOf(element.type, unique), most, least: 2, element };
}

function declareMap(schema: JsonSchema, name: string): Declared | undefined {
  const values = isMap(schema) ? additionalOf(schema) : undefined;
  const element = values && declare(values, `${name}.@elem`, isEmbedded(values));
  if (!element) return undefined;
  const most = bound(schema.maxProperties) ?? Math.floor((largestRequest - 2) / (element.least + 6));
  return { type: mapOf(stringType, element.type), most, least: 2, element };
}

const text: JsonSchema = { type: 'string' };
const head: Readonly<Record<string, JsonSchema>> = {
  apiVersion: text,
  kind: text,
  metadata: { type: 'object', properties: { name: text, generateName: text } },
};

function declareFields(schema: JsonSchema, name: string, isResource: boolean): Declared {
  const fields = new Map<string, Declared>();
  const types = new Map<string, Field>();
  let least = 2;
  for (const [property, inner] of Object.entries({ ...schema.properties, ...(isResource && head) })) {
    const known = escapeName(property);
    const declared = declare(inner, `${name}.${known ?? property}`, isEmbedded(inner));
    if (!declared) continue;
    if (known !== undefined) {
      fields.set(known, declared);
      types.set(known, { type: declared.type, property });
      // A reserved word may stand behind a dot as it is.
      if (reserved.has(property)) types.set(property, { type: declared.type, property });
    }
    if (schema.required?.includes(property) && inner.default === undefined)
      least += property.length + declared.least + 4;
  }
  return { type: declareObject(name, Object.fromEntries(types)), most: 0, least, fields };
}

function declareText(schema: JsonSchema): Declared {
  const most = longestText(schema);
  switch (schema.format) {
    case 'byte':
      return { type: bytesType, most: bound(schema.maxLength) ?? most, least: 2 };
    case 'duration':
      return { type: durationType, most, least: leastOf.duration };
    case 'date':
    case 'date-time':
      return { type: timestampType, most, least: leastOf[schema.format] };
    default:
      return { type: stringType, most, least: 2 };
  }
}

/** In bytes: a character may take four. */
function longestText({ format = '', maxLength, enum: choices, type, ...rest }: JsonSchema): number {
  const isText = type === 'string' && !isIntOrString(rest);
  if (isText && (format === 'duration' || format === 'date-time')) return longestTime;
  if (isText && format === 'date') return dateLength;
  const most = bound(maxLength);
  if (most !== undefined) return most * 4;
  if (isText && choices)
    return Math.max(...choices.map((choice) => (typeof choice === 'string' ? utf8Length(choice) : 0)));
  return largestRequest - 2;
}

const bound = (limit: number | undefined): number | undefined => limit && Math.max(limit, 0);

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);
const escapes: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

/** The name that expressions call a property by: `a.b` is `a__dot__b`. Undefined for one that they cannot name. */
export function escapeName(property: string): string | undefined {
  if (!/^[a-zA-Z_./-][\w./-]*$/.test(property)) return undefined;
  if (reserved.has(property)) return `__${property}__`;
  return property.replace(/__|[./-]/g, (part) => escapes[part] as string);
}
