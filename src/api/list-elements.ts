// How the entries of a list that is a set or a map are told apart: the path elements field ownership knows them by.

import { goJson } from './go-text.ts';
import type { ListSchema } from './schema.ts';

interface Key {
  readonly name: string;
  /** What the key is when an entry leaves it out; undefined when there is no such value. */
  readonly fallback: unknown;
}

const keys = new WeakMap<ListSchema, readonly Key[]>();

/** The keys in the order of path elements. */
function keysOf(list: ListSchema): readonly Key[] {
  let known = keys.get(list);
  if (!known) {
    known = list.keys.toSorted().map((name) => ({ name, fallback: fallbackOf(list, name) }));
    keys.set(list, known);
  }
  return known;
}

/** The declared default, or Go's zero value where the field is always written. */
function fallbackOf({ items }: ListSchema, name: string): unknown {
  const field = items.type === 'object' ? items.fields.get(name) : undefined;
  if (!field || field.default !== undefined) return field?.default;
  if (field.pointer || field.omitempty) return undefined;
  const { type } = field.schema;
  if (type === 'boolean') return false;
  return type === 'int32' || type === 'int64' || type === 'double' ? 0 : '';
}

/** The path element of an entry: `k:{"name":"c"}` or `v:"x"`; undefined for entries that cannot be told apart. */
export function elementOf(list: ListSchema, item: unknown): string | undefined {
  if (list.listType === 'map') return keyElement(list, item);
  return typeof item === 'object' ? undefined : `v:${jsonOf(item)}`;
}

function keyElement(list: ListSchema, item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined;
  let content = '';
  for (const { name, fallback } of keysOf(list)) {
    const value = (item as Readonly<Record<string, unknown>>)[name] ?? fallback;
    if (value === undefined) continue;
    content += `${content && ','}"${name}":${jsonOf(value)}`;
  }
  return content ? `k:{${content}}` : undefined;
}

/** Most keys are plain words, which need no encoder. */
const plain = /^[\w.:/-]*$/;

function jsonOf(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  return typeof value === 'string' && plain.test(value) ? `"${value}"` : goJson(value);
}

/** Why an entry cannot be told apart, in upstream's words. */
export function elementProblem(list: ListSchema, item: unknown): string {
  const isList = Array.isArray(item);
  const isMap = typeof item === 'object' && item !== null && !isList;
  if (list.listType === 'map') {
    if (item === null) return 'associative list with keys may not have a null element';
    if (!isMap) return 'associative list with keys may not have non-map elements';
    const quoted = list.keys.map((key) => JSON.stringify(key)).join(' ');
    return `associative list with keys has an element that omits all key fields [${quoted}] (and doesn't have default values for any key fields)`;
  }
  if (isMap) return "associative list without keys has an element that's a map type";
  if (isList) return 'not supported: associative list with lists as elements';
  return "associative list without keys has an element that's an explicit null";
}
