// Values as Go prints them (`map[name:c]`), which some of Kubernetes' refusals quote.

import type { ScalarType, Schema } from './schema.ts';

/** Go's %v of a decoded JSON value: keys sorted, strings bare. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return String(value as string | number | boolean);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, item]) => `${key}:${goText(item)}`).join(' ')}]`;
}

/** Go's %#v of a decoded JSON value. */
export function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object') return String(value as string | number | boolean);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[string]interface {}{${entries.map(([key, item]) => `${JSON.stringify(key)}:${goSyntax(item)}`).join(', ')}}`;
}

/** Go's %T of a decoded JSON value. */
export function goType(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'bigint') return 'int64';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

/** JSON as Go's encoder writes it: keys sorted, HTML's characters escaped. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(sorted(value));
  return /[<>&\u2028\u2029]/.test(text) ? text.replace(/[<>&\u2028\u2029]/g, escaped) : text;
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

/** Go's name of a schema's type: `v1.Container`, `[]string`, `map[string]string`, `int32`. */
export function goTypeOf(schema: Schema): string {
  switch (schema.type) {
    case 'object':
      return schema.name?.split('.').slice(-2).join('.') ?? 'map[string]interface {}';
    case 'list':
      return schema.name ?? `[]${goTypeOf(schema.items)}`;
    case 'map':
      return schema.name ?? `map[${schema.keyName ?? 'string'}]${goTypeOf(schema.values)}`;
    case 'any':
      return schema.name?.split('.').slice(-2).join('.') ?? 'interface {}';
    default:
      return schema.name ?? scalarTypes[schema.type];
  }
}

const scalarTypes: Readonly<Record<ScalarType, string>> = {
  string: 'string',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  duration: 'v1.Duration',
  intOrString: 'intstr.IntOrString',
};
