// Values that may be missing: `optional.of(x)`, `x.?field.orValue(y)`, `list.first()`.

import { declare, type FunctionDeclaration, type Library, member, overload } from '../environment.ts';
import { equal } from '../compare.ts';
import { optionalMacros } from '../macros.ts';
import { boolType, dynType, intType, listOf, mapOf, opaque, optionalOf, parameter, stringType } from '../types.ts';
import {
  CelError,
  Duration,
  ListValue,
  MapValue,
  noValue,
  ObjectValue,
  Optional,
  type Result,
  Timestamp,
  Uint,
  type Value,
} from '../values.ts';

const A = parameter('V');
const K = parameter('K');
const some = optionalOf(A);

/** Whether it is what a variable is without having been set: 0, '', false, null, empty. */
function isZero(value: Value): boolean {
  if (value instanceof ListValue || value instanceof Uint8Array) return value.length === 0;
  if (value instanceof MapValue) return value.size === 0;
  if (value instanceof ObjectValue) return value.fields().length === 0;
  if (value instanceof Optional) return value.value === undefined;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof Timestamp) return value.seconds === -62_135_596_800 && value.nanos === 0;
  if (value instanceof Uint) return value.value === 0n;
  return value === null || value === false || value === '' || equal(value, 0n);
}

const held = (value: Value | undefined): Value | undefined => (value as Optional).value;

function valueIn(value: Value): Result {
  const inner = held(value);
  return inner === undefined ? new CelError('optional.none() dereference') : inner;
}

function end(list: Value, place: number): Result {
  const { length } = list as ListValue;
  return length === 0 ? noValue : new Optional((list as ListValue).at(place < 0 ? length - 1 : place));
}

const unwrapped = (list: Value): Result =>
  new ListValue(
    (list as ListValue).values().flatMap((each) => {
      const inner = held(each);
      return inner === undefined ? [] : [inner];
    }),
  );

const functions: readonly FunctionDeclaration[] = [
  declare(
    'optional.of',
    overload('optional_of', [A], some, (value) => new Optional(value)),
  ),
  declare(
    'optional.ofNonZeroValue',
    overload('optional_ofNonZeroValue', [A], some, (value) => (isZero(value as Value) ? noValue : new Optional(value))),
  ),
  declare(
    'optional.none',
    overload('optional_none', [], some, () => noValue),
  ),
  declare(
    'optional.unwrap',
    overload('optional_unwrap', [listOf(some)], listOf(A), (list) => unwrapped(list as Value)),
  ),
  declare(
    'unwrapOpt',
    member('optional_unwrapOpt', [listOf(some)], listOf(A), (list) => unwrapped(list as Value)),
  ),
  declare(
    'value',
    member('optional_value', [some], A, (value) => valueIn(value as Value)),
  ),
  declare(
    'hasValue',
    member('optional_hasValue', [some], boolType, (value) => held(value) !== undefined),
  ),
  declare(
    'or',
    member('optional_or_optional', [some, some], some, (value, other) =>
      held(value) === undefined ? (other as Value) : (value as Value),
    ),
  ),
  declare(
    'orValue',
    member('optional_orValue_value', [some, A], A, (value, other) => {
      const inner = held(value);
      return inner === undefined ? (other as Value) : inner;
    }),
  ),
  declare(
    'first',
    member('list_first', [listOf(A)], some, (list) => end(list as Value, 0)),
  ),
  declare(
    'last',
    member('list_last', [listOf(A)], some, (list) => end(list as Value, -1)),
  ),
  declare('_?._', overload('select_optional_field', [dynType, stringType], some)),
  declare(
    '_[?_]',
    overload('list_optindex_optional_int', [listOf(A), intType], some),
    overload('optional_list_optindex_optional_int', [optionalOf(listOf(A)), intType], some),
    overload('map_optindex_optional_value', [mapOf(K, A), K], some),
    overload('optional_map_optindex_optional_value', [optionalOf(mapOf(K, A)), K], some),
  ),
  declare(
    '_[_]',
    overload('optional_list_index_int', [optionalOf(listOf(A)), intType], some),
    overload('optional_map_index_value', [optionalOf(mapOf(K, A)), K], some),
  ),
];

export const optionalLibrary: Library = {
  functions,
  macros: optionalMacros,
  types: { optional_type: opaque('optional_type') },
};
