// Equality between values of any types, and order between those that have one. Numbers of all kinds are one line.

import { compareText } from './text.ts';
import { compareTimes } from './time.ts';
import {
  CelError,
  Composite,
  Duration,
  JsonObject,
  keyOf,
  ListValue,
  MapValue,
  ObjectValue,
  Opaque,
  Optional,
  type Result,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './values.ts';

/** Undefined: it is no number. */
function numberOf(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Uint ? value.value : undefined;
}

export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a instanceof Composite && b instanceof Composite) return equalComposites(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && compareBytes(a, b) === 0;
  const [left, right] = [numberOf(a), numberOf(b)];
  return left !== undefined && right !== undefined && compareNumbers(left, right) === 0;
}

/** Beside a double an integer counts as the double next to it. */
function compareNumbers(a: bigint | number, b: bigint | number): number {
  if (typeof a !== typeof b) return compareNumbers(Number(a), Number(b));
  return a < b ? -1 : a > b ? 1 : a === b ? 0 : NaN;
}

function equalComposites(a: Composite, b: Composite): boolean {
  if (a instanceof Uint) return b instanceof Uint && a.value === b.value;
  if (a instanceof ListValue) return b instanceof ListValue && equalLists(a, b);
  if (a instanceof MapValue) return b instanceof MapValue && equalMaps(a, b);
  if (a instanceof ObjectValue) return b instanceof ObjectValue && equalObjects(a, b);
  if (a instanceof Timestamp) return b instanceof Timestamp && compareTimes(a, b) === 0;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (a instanceof Optional) return b instanceof Optional && equalOptionals(a, b);
  return a instanceof Opaque && b instanceof Opaque && a.typeName === b.typeName && a.identity === b.identity;
}

const equalOptionals = (a: Optional, b: Optional): boolean =>
  a.value === undefined || b.value === undefined ? a.value === b.value : equal(a.value, b.value);

function equalLists(a: ListValue, b: ListValue): boolean {
  if (a.length !== b.length) return false;
  const unique = a.unique ?? b.unique;
  if (unique === undefined) return a.values().every((item, i) => equal(item, b.at(i)));
  const others = b.values();
  return a.values().every((item) => others.some((other) => equal(item, other)));
}

function equalMaps(a: MapValue, b: MapValue): boolean {
  if (a.size !== b.size) return false;
  return a.keys().every((key) => {
    const [left, right] = [a.get(key), b.get(key)];
    return left !== undefined && right !== undefined && equal(left, right);
  });
}

function equalObjects(a: ObjectValue, b: ObjectValue): boolean {
  if (a.type.name !== b.type.name) return false;
  const [left, right] = [a.fields(), b.fields()];
  return left.length === right.length && left.every((field) => equalFields(fieldOf(a, field), fieldOf(b, field)));
}

const fieldOf = (object: ObjectValue, name: string): Result | undefined =>
  object instanceof JsonObject ? object.held(name) : object.get(name);

function equalFields(a: ReturnType<ObjectValue['get']>, b: ReturnType<ObjectValue['get']>): boolean {
  if (a === undefined || b === undefined) return a === b;
  return !(a instanceof CelError) && !(b instanceof CelError) && equal(a, b);
}

/** Below 0, 0 or above 0; NaN: neither. Undefined: there is no order between them. */
export function compare(a: Value, b: Value): number | undefined {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left !== undefined && right !== undefined) return compareNumbers(left, right);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Timestamp && b instanceof Timestamp) return compareTimes(a, b);
  if (a instanceof Duration && b instanceof Duration) return a.nanos < b.nanos ? -1 : Number(a.nanos > b.nanos);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  return undefined;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0);
  return a.length - b.length;
}

/** Whether a list holds a value. */
export function contains(list: ListValue, value: Value): boolean {
  for (let i = 0; i < list.length; i++) if (equal(list.at(i), value)) return true;
  return false;
}

/** The same list without what it holds twice. */
export function distinct(values: readonly Value[]): readonly Value[] {
  const seen = new Set<string | boolean | bigint>();
  const kept: Value[] = [];
  for (const value of values) {
    const key = keyOf(value);
    if (key === undefined ? kept.some((each) => equal(each, value)) : seen.has(key)) continue;
    if (key !== undefined) seen.add(key);
    kept.push(value);
  }
  return kept;
}
