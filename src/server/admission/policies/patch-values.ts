// What mutations' expressions give, as JSON.

import { wholeOf } from '../../../base/whole-number.ts';
import { encodeBase64 } from '../../../languages/cel/base64.ts';
import { formatSeconds, formatTimestamp } from '../../../languages/cel/time.ts';
import {
  CelError,
  Duration,
  ListValue,
  MapValue,
  ObjectLiteral,
  ObjectValue,
  Timestamp,
  typeNameOf,
  Uint,
  type Value,
} from '../../../languages/cel/values.ts';

/** A mutation that cannot be made. The failure policy decides what comes of it. */
export class MutationError extends Error {}

/** @throws MutationError for what JSON has no form for */
export function jsonOfValue(value: Value): unknown {
  if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? wholeOf(value) : value;
  if (value instanceof Uint) return Number(value.value);
  if (value instanceof ListValue) return value.values().map(jsonOfValue);
  if (value instanceof MapValue) return Object.fromEntries(value.keys().map((key) => entryOf(value, key)));
  if (value instanceof ObjectValue) return Object.fromEntries(value.fields().map((name) => fieldOf(value, name)));
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatSeconds(value);
  if (value instanceof Uint8Array) return encodeBase64(value);
  throw new MutationError(`a value of type ${typeNameOf(value)} has no form in JSON`);
}

function entryOf(map: MapValue, key: Value): readonly [string, unknown] {
  if (typeof key !== 'string') {
    throw new MutationError(`a map key is of type ${typeNameOf(key)}, not string`);
  }
  return [key, jsonOfValue(map.get(key) ?? null)];
}

function fieldOf(object: ObjectValue, name: string): readonly [string, unknown] {
  const value = object.get(name) ?? null;
  if (value instanceof CelError) throw new MutationError(value.message);
  return [name, jsonOfValue(value)];
}

/**
 * The type of an object that an expression makes must be named as the path to it: `Object.spec.containers` in that field, also within lists
 * and maps. Fields of such types may hold anything, so this is all that tells a misplaced one.
 */
export function requireNamedByPath(root: ObjectLiteral): void {
  const problems = misnamed(root, [root.typeName]);
  if (problems.length > 0) throw new MutationError(`type mismatch: ${problems.join('\n')}`);
}

function misnamed(value: Value, path: readonly string[]): readonly string[] {
  if (value instanceof ListValue) return value.values().flatMap((each) => misnamed(each, path));
  if (value instanceof MapValue) return value.keys().flatMap((key) => misnamed(value.get(key) ?? null, path));
  if (!(value instanceof ObjectLiteral)) return [];
  const [name, wanted] = [value.typeName, path.join('.')];
  const rule = 'which matches field name path from root Object type';
  return [
    ...(name === wanted ? [] : [`unexpected type name "${name}", expected "${wanted}", ${rule}`]),
    ...[...value.set].flatMap(([field, each]) => misnamed(each, [...path, field])),
  ];
}
