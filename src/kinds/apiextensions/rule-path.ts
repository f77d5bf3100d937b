// Paths into a schema, as rules and selectable fields of custom resources have them: `.spec.a`, `.m['a.b']`, `.labels['x'].y`.

import { type JsonSchema, additionalOf, propertyOf } from './structural.ts';

const token = /[.[\]]|'(?:[^'\\]|\\.)*'|[^.[\]']+|'.*/sy;

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
};

export interface FoundPath {
  /** As messages write it: `spec.a`, `m.a.b`, `labels[x].y`. */
  readonly path: string;
  /** The field it begins with. */
  readonly root: string;
  readonly schema: JsonSchema;
}

/** Where a path leads in a schema, or why it leads nowhere. */
export function followPath(path: string, schema: JsonSchema, allowsBrackets = true): FoundPath | string {
  const tokens = path.match(new RegExp(token, 'gs')) ?? [];
  let found: FoundPath = { path: '', root: '', schema };
  for (let i = 0; i < tokens.length; ) {
    const sign = tokens[i] as string;
    if (sign !== '.' && sign !== '[') return `expected [ or . but got: ${sign}`;
    if (sign === '[' && !allowsBrackets) return 'array notation is not allowed';
    const text = tokens[i + 1];
    if (text === undefined) return 'unexpected end of JSON path';
    const name = sign === '.' ? text : unquoted(text);
    if (name === undefined) return `expected single quoted string but got ${text}`;
    const next = step(found, name);
    if (typeof next === 'string') return next;
    found = next;
    i += 2;
    if (sign === '.') continue;
    const end = tokens[i++];
    if (end !== ']') return end === undefined ? 'unexpected end of JSON path' : `expected ] but got ${end}`;
  }
  return found;
}

const nowhere = 'does not refer to a valid field';

function step({ path, root, schema }: FoundPath, name: string): FoundPath | string {
  const isNamed = Object.keys(schema.properties ?? {}).length > 0;
  const next = isNamed ? propertyOf(schema, name) : additionalOf(schema);
  if (!next) return nowhere;
  return { path: isNamed ? `${path}${path ? '.' : ''}${name}` : `${path}[${name}]`, root: root || name, schema: next };
}

/** Undefined where it is no text in quotes, or has an escape that means nothing. */
function unquoted(text: string): string | undefined {
  const inner = /^'(.*)'$/s.exec(text)?.[1];
  if (inner === undefined || /\\(?![abfnrtv'\\])/.test(inner.replaceAll('\\\\', ''))) return undefined;
  return inner.replace(/\\(.)/gs, (_, sign: string) => escapes[sign] ?? sign);
}

/** The path as messages write it; undefined for one that leads nowhere in the schema. */
export function rulePath(path: string, schema: JsonSchema): string | undefined {
  const found = followPath(path, schema);
  return typeof found === 'string' ? undefined : found.path;
}
