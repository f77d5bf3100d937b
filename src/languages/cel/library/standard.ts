// The functions every expression knows: operators, conversions, sizes, texts, times.

import { encodeText, decodeText } from '../bytes.ts';
import { declare, type FunctionDeclaration, type Library, member, type Overload, overload } from '../environment.ts';
import { standardMacros } from '../macros.ts';
import {
  add,
  checkedInt,
  checkedUint,
  divide,
  greater,
  greaterOrEqual,
  index,
  isIn,
  less,
  lessOrEqual,
  multiply,
  negate,
  noSuchOverload,
  not,
  remainder,
  subtract,
} from '../operators.ts';
import { compileRegex, regexMistake } from '../regex.ts';
import { formatDouble, textLength } from '../text.ts';
import {
  type ClockReading,
  formatSeconds,
  formatTimestamp,
  parseDurationText,
  parseTimestampText,
  readClock,
  timestampOf,
} from '../time.ts';
import {
  anyType,
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  nullType,
  parameter,
  stringType,
  timestampType,
  type Type,
  typeOf,
  uintType,
} from '../types.ts';
import {
  CelError,
  Duration,
  ListValue,
  MapValue,
  type Result,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../values.ts';

const A = parameter('A');
const B = parameter('B');

type Row = readonly [id: string, parameters: readonly Type[], result: Type];

/** An operator: overloads for the checker, one implementation for all. */
const operator = (name: string, rows: readonly Row[], run?: (...args: Value[]) => Result): FunctionDeclaration => ({
  name,
  overloads: rows.map(([id, parameters, result]) => overload(id, parameters, result)),
  ...(run ? { call: run } : {}),
});

const binary = (id: string, type: Type): Row => [id, [type, type], type];

function comparison(name: string, id: string, run: (a: Value, b: Value) => Result): FunctionDeclaration {
  const row = (suffix: string, a: Type, b = a): Row => [`${id}_${suffix}`, [a, b], boolType];
  const rows = [
    row('bool', boolType),
    row('int64', intType),
    row('int64_double', intType, doubleType),
    row('int64_uint64', intType, uintType),
    row('uint64', uintType),
    row('uint64_double', uintType, doubleType),
    row('uint64_int64', uintType, intType),
    row('double', doubleType),
    row('double_int64', doubleType, intType),
    row('double_uint64', doubleType, uintType),
    row('string', stringType),
    row('bytes', bytesType),
    row('timestamp', timestampType),
    row('duration', durationType),
  ];
  return operator(name, rows, (...args) => run(args[0] as Value, args[1] as Value));
}

const two =
  (run: (a: Value, b: Value) => Result) =>
  (...args: Value[]): Result =>
    run(args[0] as Value, args[1] as Value);

const operators: readonly FunctionDeclaration[] = [
  operator('_?_:_', [['conditional', [boolType, A, A], A]]),
  operator('_&&_', [['logical_and', [boolType, boolType], boolType]]),
  operator('_||_', [['logical_or', [boolType, boolType], boolType]]),
  operator('!_', [['logical_not', [boolType], boolType]], (...[a]) => not(a as Value)),
  operator('@not_strictly_false', [['not_strictly_false', [boolType], boolType]]),
  operator('_==_', [['equals', [A, A], boolType]]),
  operator('_!=_', [['not_equals', [A, A], boolType]]),
  operator(
    '_+_',
    [
      binary('add_bytes', bytesType),
      binary('add_double', doubleType),
      binary('add_duration_duration', durationType),
      ['add_duration_timestamp', [durationType, timestampType], timestampType],
      ['add_timestamp_duration', [timestampType, durationType], timestampType],
      binary('add_int64', intType),
      binary('add_list', listOf(A)),
      binary('add_string', stringType),
      binary('add_uint64', uintType),
    ],
    two(add),
  ),
  operator(
    '_-_',
    [
      binary('subtract_double', doubleType),
      binary('subtract_duration_duration', durationType),
      binary('subtract_int64', intType),
      ['subtract_timestamp_duration', [timestampType, durationType], timestampType],
      ['subtract_timestamp_timestamp', [timestampType, timestampType], durationType],
      binary('subtract_uint64', uintType),
    ],
    two(subtract),
  ),
  operator(
    '_*_',
    [binary('multiply_double', doubleType), binary('multiply_int64', intType), binary('multiply_uint64', uintType)],
    two(multiply),
  ),
  operator(
    '_/_',
    [binary('divide_double', doubleType), binary('divide_int64', intType), binary('divide_uint64', uintType)],
    two(divide),
  ),
  operator('_%_', [binary('modulo_int64', intType), binary('modulo_uint64', uintType)], two(remainder)),
  operator(
    '-_',
    [
      ['negate_double', [doubleType], doubleType],
      ['negate_int64', [intType], intType],
    ],
    (...[a]) => negate(a as Value),
  ),
  comparison('_<_', 'less', less),
  comparison('_<=_', 'less_equals', lessOrEqual),
  comparison('_>_', 'greater', greater),
  comparison('_>=_', 'greater_equals', greaterOrEqual),
  operator(
    '_[_]',
    [
      ['index_list', [listOf(A), intType], A],
      ['index_map', [mapOf(A, B), A], B],
    ],
    two(index),
  ),
  operator(
    '@in',
    [
      ['in_list', [A, listOf(A)], boolType],
      ['in_map', [A, mapOf(A, B)], boolType],
    ],
    two(isIn),
  ),
];

// Conversions

const largestInt = 2n ** 63n;

function intOfDouble(value: number): Result {
  const whole = Math.trunc(value);
  if (!Number.isFinite(whole)) return new CelError('integer overflow');
  const int = BigInt(whole);
  // The ends of the range are refused too: a double next to them cannot be told from one beyond.
  return int >= largestInt || int <= -largestInt ? new CelError('integer overflow') : int;
}

function uintOfDouble(value: number): Result {
  const whole = Math.trunc(value);
  if (!Number.isFinite(whole) || value < 0) return new CelError('unsigned integer overflow');
  return checkedUint(BigInt(whole));
}

const cannotConvert = (text: string, type: string): CelError =>
  new CelError(`type conversion error from '${typeNameOf(text)}' to '${type}'`);

const intOfText = (text: string): Result =>
  /^[+-]?\d+$/.test(text)
    ? inRange(checkedInt(BigInt(text.replace('+', ''))), text, 'int')
    : badNumber('ParseInt', text);

const uintOfText = (text: string): Result =>
  /^\d+$/.test(text) ? inRange(checkedUint(BigInt(text)), text, 'uint') : badNumber('ParseUint', text);

const badNumber = (reader: string, text: string): CelError =>
  new CelError(`strconv.${reader}: parsing ${JSON.stringify(text)}: invalid syntax`);

function inRange(result: Result, text: string, type: 'int' | 'uint'): Result {
  if (!(result instanceof CelError)) return result;
  const reader = type === 'int' ? 'ParseInt' : 'ParseUint';
  return new CelError(`strconv.${reader}: parsing ${JSON.stringify(text)}: value out of range`);
}

function doubleOfText(text: string): Result {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
  const special = /^([+-]?)(nan|inf|infinity)$/i.exec(text);
  if (!special) return badNumber('ParseFloat', text);
  return special[2]?.toLowerCase() === 'nan' ? NaN : special[1] === '-' ? -Infinity : Infinity;
}

function boolOfText(text: string): Result {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  return cannotConvert(text, 'bool');
}

const textOfBytes = (bytes: Uint8Array): Result =>
  decodeText(bytes) ?? new CelError('invalid UTF-8 in bytes, cannot convert to string');

const timestampOfText = (text: string): Result => {
  const time = parseTimestampText(text);
  return time ? timestampOf(time.seconds, time.nanos, time.offset) : cannotConvert(text, 'google.protobuf.Timestamp');
};

const durationOfText = (text: string): Result =>
  parseDurationText(text) ?? cannotConvert(text, 'google.protobuf.Duration');

const same = (value: Value): Result => value;

type Conversion = readonly [id: string, from: Type, run: (value: never) => Result];

const conversion = (name: string, to: Type, ...rows: readonly Conversion[]): FunctionDeclaration =>
  declare(name, ...rows.map(([id, from, run]) => overload(id, [from], to, run as (value: Value) => Result)));

const conversions: readonly FunctionDeclaration[] = [
  declare(
    'type',
    overload('type', [A], typeOf(A), (value) => new TypeValue(typeNameOf(value as Value))),
  ),
  declare('dyn', overload('to_dyn', [A], dynType, same as Overload['call'])),
  conversion('bool', boolType, ['bool_to_bool', boolType, same], ['string_to_bool', stringType, boolOfText]),
  conversion('bytes', bytesType, ['bytes_to_bytes', bytesType, same], ['string_to_bytes', stringType, encodeText]),
  conversion(
    'double',
    doubleType,
    ['double_to_double', doubleType, same],
    ['int64_to_double', intType, (value: bigint) => Number(value)],
    ['string_to_double', stringType, doubleOfText],
    ['uint64_to_double', uintType, (value: Uint) => Number(value.value)],
  ),
  conversion(
    'duration',
    durationType,
    ['duration_to_duration', durationType, same],
    ['string_to_duration', stringType, durationOfText],
  ),
  conversion(
    'int',
    intType,
    ['int64_to_int64', intType, same],
    ['double_to_int64', doubleType, intOfDouble],
    ['duration_to_int64', durationType, (value: Duration) => value.nanos],
    ['string_to_int64', stringType, intOfText],
    ['timestamp_to_int64', timestampType, (value: Timestamp) => BigInt(value.seconds)],
    ['uint64_to_int64', uintType, (value: Uint) => checkedInt(value.value)],
  ),
  conversion(
    'string',
    stringType,
    ['string_to_string', stringType, same],
    ['bool_to_string', boolType, String],
    ['bytes_to_string', bytesType, textOfBytes],
    ['double_to_string', doubleType, formatDouble],
    ['duration_to_string', durationType, formatSeconds],
    ['int64_to_string', intType, String],
    ['timestamp_to_string', timestampType, formatTimestamp],
    ['uint64_to_string', uintType, (value: Uint) => String(value.value)],
  ),
  conversion(
    'timestamp',
    timestampType,
    ['timestamp_to_timestamp', timestampType, same],
    ['int64_to_timestamp', intType, (value: bigint) => timestampOf(Number(value), 0)],
    ['string_to_timestamp', stringType, timestampOfText],
  ),
  conversion(
    'uint',
    uintType,
    ['uint64_to_uint64', uintType, same],
    ['double_to_uint64', doubleType, uintOfDouble],
    ['int64_to_uint64', intType, checkedUint],
    ['string_to_uint64', stringType, uintOfText],
  ),
];

// Sizes and texts

export function sizeOf(value: Value): Result {
  if (typeof value === 'string') return BigInt(textLength(value));
  if (value instanceof ListValue || value instanceof Uint8Array) return BigInt(value.length);
  return value instanceof MapValue ? BigInt(value.size) : noSuchOverload;
}

const sized: readonly (readonly [string, Type])[] = [
  ['bytes', bytesType],
  ['list', listOf(A)],
  ['map', mapOf(A, B)],
  ['string', stringType],
];

const size: FunctionDeclaration = declare(
  'size',
  ...sized.flatMap(([name, type]) => [
    overload(`size_${name}`, [type], intType, sizeOf),
    member(`${name}_size`, [type], intType, sizeOf),
  ]),
);

function matches(text: Value, pattern: Value): Result {
  const regex = compileRegex(pattern as string);
  return regex ? regex.matcher(text as string).find() : new CelError(regexMistake(pattern as string));
}

const textTest = (name: string, id: string, run: (text: string, other: string) => boolean): FunctionDeclaration =>
  declare(
    name,
    member(id, [stringType, stringType], boolType, (a, b) => run(a as string, b as string)),
  );

const texts: readonly FunctionDeclaration[] = [
  textTest('contains', 'contains_string', (text, other) => text.includes(other)),
  textTest('endsWith', 'ends_with_string', (text, other) => text.endsWith(other)),
  textTest('startsWith', 'starts_with_string', (text, other) => text.startsWith(other)),
  declare(
    'matches',
    overload('matches', [stringType, stringType], boolType, matches),
    member('matches_string', [stringType, stringType], boolType, matches),
  ),
];

// Times

/** What a clock shows of a time: in UTC, or in a zone. */
function reading(name: string, id: string, read: (clock: ClockReading) => number): FunctionDeclaration {
  const run = (time: Value, zone?: Value): Result => {
    const clock = readClock(time as Timestamp, zone as string | undefined);
    return clock instanceof CelError ? clock : BigInt(read(clock));
  };
  return declare(
    name,
    member(id, [timestampType], intType, (time) => run(time as Value)),
    // Upstream's name for the seconds is unlike the others.
    member(
      id === 'timestamp_to_seconds' ? `${id}_tz` : `${id}_with_tz`,
      [timestampType, stringType],
      intType,
      (time, zone) => run(time as Value, zone),
    ),
  );
}

/** A part of a time, and the whole of a duration in that unit. */
function readingOrLength(
  name: string,
  unit: string,
  nanos: bigint,
  read: (clock: ClockReading) => number,
): FunctionDeclaration {
  const { overloads } = reading(name, `timestamp_to_${unit}`, read);
  const length = member(`duration_to_${unit}`, [durationType], intType, (value) => (value as Duration).nanos / nanos);
  return declare(name, ...overloads, length);
}

const milliseconds: FunctionDeclaration = declare(
  'getMilliseconds',
  member('timestamp_to_milliseconds', [timestampType], intType, (time) => milliOf(time as Timestamp)),
  member('timestamp_to_milliseconds_with_tz', [timestampType, stringType], intType, (time) =>
    milliOf(time as Timestamp),
  ),
  // All of them, as of every other unit.
  member('duration_to_milliseconds', [durationType], intType, (value) => (value as Duration).nanos / 1_000_000n),
);

const milliOf = (time: Timestamp): bigint => BigInt(Math.floor(time.nanos / 1e6));

const times: readonly FunctionDeclaration[] = [
  reading('getFullYear', 'timestamp_to_year', (clock) => clock.year),
  reading('getMonth', 'timestamp_to_month', (clock) => clock.month - 1),
  reading('getDayOfYear', 'timestamp_to_day_of_year', (clock) => clock.yearday),
  reading('getDayOfMonth', 'timestamp_to_day_of_month', (clock) => clock.day - 1),
  reading('getDate', 'timestamp_to_day_of_month_1_based', (clock) => clock.day),
  reading('getDayOfWeek', 'timestamp_to_day_of_week', (clock) => clock.weekday),
  readingOrLength('getHours', 'hours', 3_600_000_000_000n, (clock) => clock.hours),
  readingOrLength('getMinutes', 'minutes', 60_000_000_000n, (clock) => clock.minutes),
  readingOrLength('getSeconds', 'seconds', 1_000_000_000n, (clock) => clock.seconds),
  milliseconds,
];

export const standardLibrary: Library = {
  functions: [...operators, ...conversions, size, ...texts, ...times],
  macros: standardMacros,
  types: {
    int: intType,
    uint: uintType,
    double: doubleType,
    bool: boolType,
    string: stringType,
    bytes: bytesType,
    null_type: nullType,
    list: listOf(dynType),
    map: mapOf(dynType, dynType),
    type: { kind: 'type' },
    'google.protobuf.Timestamp': timestampType,
    'google.protobuf.Duration': durationType,
    'google.protobuf.Any': anyType,
  },
};
