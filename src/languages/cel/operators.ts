// What the operators do with values, whatever those are: numbers that do not overflow silently, texts, lists, times.

import { compare, contains, equal } from './compare.ts';
import { addDuration, durationOf, timeBetween } from './time.ts';
import {
  CelError,
  Duration,
  ListValue,
  MapValue,
  ObjectValue,
  Optional,
  keyOf,
  noValue,
  type Result,
  Timestamp,
  typeNameOf,
  Uint,
  type Value,
} from './values.ts';

export const noSuchOverload = new CelError('no such overload');

export const checkedInt = (value: bigint): Result =>
  BigInt.asIntN(64, value) === value ? value : new CelError('integer overflow');

export const checkedUint = (value: bigint): Result =>
  BigInt.asUintN(64, value) === value ? new Uint(value) : new CelError('unsigned integer overflow');

export function add(a: Value, b: Value): Result {
  if (typeof a === 'bigint' && typeof b === 'bigint') return checkedInt(a + b);
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (a instanceof Uint && b instanceof Uint) return checkedUint(a.value + b.value);
  if (a instanceof ListValue && b instanceof ListValue) return joined(a, b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Uint8Array.from([...a, ...b]);
  if (a instanceof Duration) {
    if (b instanceof Timestamp) return addDuration(b, a.nanos);
    if (b instanceof Duration) return durationOf(a.nanos + b.nanos);
  }
  return a instanceof Timestamp && b instanceof Duration ? addDuration(a, b.nanos) : noSuchOverload;
}

/** One list after the other; sets and lists with keys keep each value or key once, the later value in the earlier place. */
function joined(a: ListValue, b: ListValue): Result {
  if (a.unique === undefined) {
    if (a.length === 0) return b.element ? new ListValue(b.values()) : b;
    return b.length === 0 ? a : new ListValue([...a.values(), ...b.values()]);
  }
  const unique = a.unique;
  const same =
    unique === 'set' ? equal : (left: Value, right: Value) => unique.every((key) => equalField(left, right, key));
  const items = [...a.values()];
  for (const item of b.values()) {
    const place = items.findIndex((each) => same(each, item));
    if (place < 0) items.push(item);
    else items[place] = item;
  }
  return new ListValue(items);
}

function equalField(a: Value, b: Value, field: string): boolean {
  const [left, right] = [selectField(a, field), selectField(b, field)];
  return left instanceof CelError || right instanceof CelError ? left === right : equal(left, right);
}

export function subtract(a: Value, b: Value): Result {
  if (typeof a === 'bigint' && typeof b === 'bigint') return checkedInt(a - b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (a instanceof Uint && b instanceof Uint) return checkedUint(a.value - b.value);
  if (a instanceof Timestamp) {
    if (b instanceof Timestamp) return timeBetween(a, b);
    if (b instanceof Duration) return addDuration(a, -b.nanos);
  }
  return a instanceof Duration && b instanceof Duration ? durationOf(a.nanos - b.nanos) : noSuchOverload;
}

export function multiply(a: Value, b: Value): Result {
  if (typeof a === 'bigint' && typeof b === 'bigint') return checkedInt(a * b);
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  return a instanceof Uint && b instanceof Uint ? checkedUint(a.value * b.value) : noSuchOverload;
}

export function divide(a: Value, b: Value): Result {
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    return b === 0n ? new CelError('division by zero') : checkedInt(a / b);
  }
  if (typeof a === 'number' && typeof b === 'number') return a / b;
  if (!(a instanceof Uint && b instanceof Uint)) return noSuchOverload;
  return b.value === 0n ? new CelError('division by zero') : new Uint(a.value / b.value);
}

const smallestInt = -(2n ** 63n);

export function remainder(a: Value, b: Value): Result {
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    if (b === 0n) return new CelError('modulus by zero');
    return a === smallestInt && b === -1n ? new CelError('integer overflow') : a % b;
  }
  if (!(a instanceof Uint && b instanceof Uint)) return noSuchOverload;
  return b.value === 0n ? new CelError('modulus by zero') : new Uint(a.value % b.value);
}

export function negate(a: Value): Result {
  if (typeof a === 'bigint') return checkedInt(-a);
  return typeof a === 'number' ? -a : noSuchOverload;
}

export const not = (a: Value): Result => (typeof a === 'boolean' ? !a : noSuchOverload);

function ordered(holds: (order: number) => boolean): (a: Value, b: Value) => Result {
  return (a, b) => {
    const order = compare(a, b);
    return order === undefined ? noSuchOverload : holds(order);
  };
}

export const less = ordered((order) => order < 0);
export const lessOrEqual = ordered((order) => order <= 0);
export const greater = ordered((order) => order > 0);
export const greaterOrEqual = ordered((order) => order >= 0);

export function isIn(value: Value, container: Value): Result {
  if (container instanceof ListValue) return contains(container, value);
  if (container instanceof MapValue) return container.get(value) !== undefined;
  return noSuchOverload;
}

/** A key as messages show it. */
export function shownKey(key: Value): string {
  if (key instanceof Uint) return String(key.value);
  return key !== null && typeof key === 'object' ? typeNameOf(key) : String(key);
}

export function index(container: Value, key: Value): Result {
  if (container instanceof ListValue) return elementAt(container, key);
  if (container instanceof MapValue) return entryAt(container, key);
  if (container instanceof Optional) return optionalIndex(container, key);
  return container instanceof ObjectValue && typeof key === 'string'
    ? selectField(container, key)
    : missing(shownKey(key));
}

/** An optional that holds it; an error stays one. */
const some = (result: Result): Result => (result instanceof CelError ? result : new Optional(result));

function elementAt(list: ListValue, key: Value): Result {
  const place = typeof key === 'string' || typeof key === 'boolean' ? undefined : keyOf(key);
  if (typeof place !== 'bigint') return new CelError(`unsupported index type in list: ${shownKey(key)}`);
  if (place < 0n || place >= list.length) return new CelError(`index out of bounds: ${place}`);
  return list.at(Number(place));
}

function entryAt(map: MapValue, key: Value): Result {
  if (keyOf(key) === undefined && typeof key !== 'number') return new CelError('unsupported key type');
  const value = map.get(key);
  return value === undefined ? new CelError(`no such key: ${shownKey(key)}`) : value;
}

/** `container[?key]` */
export function optionalIndex(container: Value, key: Value): Result {
  if (container instanceof Optional)
    return container.value === undefined ? noValue : optionalIndex(container.value, key);
  if (container instanceof ListValue) {
    const place = typeof key === 'string' || typeof key === 'boolean' ? undefined : keyOf(key);
    if (typeof place !== 'bigint') return noSuchOverload;
    return place >= 0n && place < container.length ? new Optional(container.at(Number(place))) : noValue;
  }
  if (!(container instanceof MapValue)) return noSuchOverload;
  const value = container.get(key);
  return value === undefined ? noValue : new Optional(value);
}

const missing = (field: string): CelError => new CelError(`no such key: ${field}`);

/** `value.field`. What has no fields at all, null above all, has this one neither. */
export function selectField(value: Value, field: string): Result {
  if (!(value instanceof ObjectValue || value instanceof MapValue)) {
    return value instanceof Optional ? optionalField(value, field) : missing(field);
  }
  const found = value.get(field);
  return found === undefined ? missing(field) : found;
}

/** `value.?field`, and the fields of optional values. */
export function optionalField(value: Value, field: string): Result {
  if (value instanceof Optional) return value.value === undefined ? noValue : optionalField(value.value, field);
  if (!(value instanceof ObjectValue || value instanceof MapValue)) return noSuchOverload;
  const found = value.get(field);
  return found === undefined ? noValue : some(found);
}

/** `has(value.field)` */
export function hasField(value: Value, field: string): Result {
  if (value instanceof Optional) return value.value === undefined ? false : hasField(value.value, field);
  if (!(value instanceof ObjectValue || value instanceof MapValue)) return false;
  const found = value.get(field);
  return found instanceof CelError ? found : found !== undefined;
}
