// Makes of a client's JSON exactly what Go would write after reading it into its struct: fields in order, zero values, canonical texts.

import { isNumeric } from '../base/whole-number.ts';
import { ParseError } from '../base/parse-error.ts';
import { canonicalBytes, canonicalDuration, canonicalMicroTime, canonicalQuantity, canonicalTime } from './scalars.ts';
import { goTypeOf } from './go-text.ts';
import type { AnySchema, Field, ListSchema, MapSchema, ObjectSchema, ScalarSchema, Schema } from './schema.ts';

/** A value that does not fit. The message is what clients see after "cannot be handled as a …: ". */
export class DecodeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DecodeError';
  }
}

export interface Decoded {
  /** Fresh objects throughout, except inside fields that may hold anything. */
  readonly object: Record<string, unknown>;
  /** `unknown field "spec.colour"`, in the order of the document. They are not in the object. */
  readonly unknown: string[];
}

type Json = Record<string, unknown>;

/** @throws DecodeError in the words of Go's JSON decoder */
export function decode(schema: ObjectSchema, value: unknown): Decoded {
  const state: State = { at: [], depth: 0, unknown: false };
  try {
    const object = coderOf(schema).read(value, state) as Json;
    return { object, unknown: state.unknown ? unknownFields(schema, value) : [] };
  } catch (error) {
    throw error instanceof ParseError ? new DecodeError(error.message) : error;
  }
}

/** The way to the value being read, for error messages, and whether anything unknown was passed. */
interface State {
  readonly at: FieldCoder[];
  depth: number;
  unknown: boolean;
}

/** A schema made ready: reading a value that is there, and what is written where none is. */
interface Coder {
  /** Never called with undefined. */
  read(value: unknown, state: State): unknown;
  /** The zero value; undefined where Go has nil. */
  zero(): unknown;
  /** Whether `omitempty` leaves this (already read) value out. */
  empty(value: unknown): boolean;
}

interface FieldCoder {
  readonly name: string;
  /** Go's name of the struct the field belongs to. */
  readonly owner: string;
  /** The field's name behind those of the embedded structs it belongs to. */
  readonly path: string;
  readonly coder: Coder;
  readonly field: Field;
}

const coders = new WeakMap<Schema, Coder>();

function coderOf(schema: Schema): Coder {
  let coder = coders.get(schema);
  if (!coder) coders.set(schema, (coder = makeCoder(schema)));
  return coder;
}

function makeCoder(schema: Schema): Coder {
  switch (schema.type) {
    case 'object':
      return objectCoder(schema);
    case 'list':
      return listCoder(schema);
    case 'map':
      return mapCoder(schema);
    case 'any':
      return anyCoder(schema);
    default:
      return scalarCoder(schema);
  }
}

// ---- Refusals.

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value;
}

/** "json: cannot unmarshal string into Go struct field PodSpec.spec.replicas of type int32" */
function mismatch(got: string, type: string, state: State): DecodeError {
  const fields = state.at.slice(0, state.depth);
  const last = fields[fields.length - 1];
  const place = last ? `struct field ${last.owner}.${fields.map((f) => f.path).join('.')}` : 'value';
  return new DecodeError(`json: cannot unmarshal ${got} into Go ${place} of type ${type}`);
}

// ---- Objects.

function objectCoder(schema: ObjectSchema): Coder {
  // Types contain themselves, so their fields are looked at when the first value comes.
  let fields: readonly FieldCoder[] | undefined;
  const coders = () => (fields ??= [...schema.fields.values()].map((field) => fieldCoder(field, schema)));
  return {
    read(value, state) {
      if (value === null) return zeroObject(coders());
      if (typeof value !== 'object' || Array.isArray(value)) throw mismatch(goKind(value), goTypeOf(schema), state);
      return readObject(value as Json, coders(), state, schema.open);
    },
    zero: () => zeroObject(coders()),
    empty: () => false,
  };
}

function fieldCoder(field: Field, owner: ObjectSchema): FieldCoder {
  return {
    name: field.name,
    owner: owner.name?.slice(owner.name.lastIndexOf('.') + 1) ?? '',
    path: [...(field.embedded ?? []), field.name].join('.'),
    coder: coderOf(field.schema),
    field,
  };
}

function readObject(value: Json, fields: readonly FieldCoder[], state: State, open: boolean): Json {
  const object: Json = {};
  let known = 0;
  for (const field of fields) {
    const given = value[field.name];
    if (given === undefined) {
      writeZero(object, field);
      continue;
    }
    known++;
    if (given === null && field.field.pointer) writeZero(object, field);
    else readField(object, field, given, state);
  }
  if (keyCount(value) === known) return object;
  if (!open) state.unknown = true;
  else for (const key of Object.keys(value)) if (!(key in object)) define(object, key, value[key]);
  return object;
}

function readField(object: Json, field: FieldCoder, given: unknown, state: State): void {
  state.at[state.depth++] = field;
  const read = field.coder.read(given, state);
  state.depth--;
  if (field.field.pointer ? isNil(field, read) : leftOut(field, read)) return;
  object[field.name] = read ?? (isEmptyList(field, given) ? [] : null);
}

/** A list or map without entries is written like none: that is all that is left of it in storage. */
const isNil = ({ coder, field }: FieldCoder, read: unknown): boolean =>
  field.omitempty && isCollection(field.schema) && coder.empty(read);

const leftOut = ({ coder, field }: FieldCoder, read: unknown): boolean =>
  field.omitzero ? read === null : field.omitempty && coder.empty(read);

/** Where a list is always written, who gives an empty one owns it; see empty-lists.ts for when it becomes none. */
const isEmptyList = ({ field }: FieldCoder, given: unknown): boolean =>
  field.schema.type === 'list' && Array.isArray(given) && given.length === 0;

const isCollection = (schema: Schema): boolean =>
  schema.type === 'list' || schema.type === 'map' || schema.type === 'any';

function keyCount(value: Json): number {
  let count = 0;
  for (const key in value) if (value[key] !== undefined) count++;
  return count;
}

function writeZero(object: Json, { name, field, coder }: FieldCoder): void {
  if (field.omitzero) return;
  if (field.pointer) {
    if (!field.omitempty) object[name] = null;
    return;
  }
  const zero = coder.zero();
  if (!field.omitempty || !coder.empty(zero)) object[name] = zero;
}

function zeroObject(fields: readonly FieldCoder[]): Json {
  const object: Json = {};
  for (const field of fields) writeZero(object, field);
  return object;
}

/** Assigning would take `__proto__` for the prototype. */
function define(object: Json, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

// ---- Lists and maps.

function listCoder(schema: ListSchema): Coder {
  const items = coderOf(schema.items);
  return {
    read(value, state) {
      if (value === null) return null;
      if (!Array.isArray(value)) throw mismatch(goKind(value), goTypeOf(schema), state);
      return value.length === 0 ? null : value.map((item: unknown) => readItem(items, item, state));
    },
    zero: () => null,
    empty: (value) => value === null,
  };
}

/** Inside lists and maps, null is the zero value. */
const readItem = (coder: Coder, item: unknown, state: State): unknown =>
  item === null || item === undefined ? (coder.zero() ?? null) : coder.read(item, state);

function mapCoder(schema: MapSchema): Coder {
  const values = coderOf(schema.values);
  const inBytes = schema.values.type === 'bytes';
  return {
    read(value, state) {
      if (value === null) return null;
      if (typeof value !== 'object' || Array.isArray(value)) throw mismatch(goKind(value), goTypeOf(schema), state);
      const keys = sorted(Object.keys(value as Json));
      if (keys.length === 0) return null;
      const map: Json = {};
      for (const key of keys) {
        const read = readItem(values, (value as Json)[key], state);
        define(map, key, inBytes ? (read ?? '') : read);
      }
      return map;
    },
    zero: () => null,
    empty: (value) => value === null,
  };
}

/** Go writes maps in the order of their keys. */
function sorted(keys: string[]): string[] {
  for (let i = 1; i < keys.length; i++) if ((keys[i - 1] ?? '') > (keys[i] ?? '')) return keys.sort();
  return keys;
}

// ---- Anything.

function anyCoder(schema: AnySchema): Coder {
  const { either } = schema;
  return {
    read: either ? (value, state) => readEither(either, value, state) : (value) => value,
    zero: () => null,
    empty: () => false,
  };
}

function readEither(either: NonNullable<AnySchema['either']>, value: unknown, state: State): unknown {
  if (Array.isArray(value) && either.or !== 'boolean') {
    return either.or === 'strings' ? value.map(String) : value.map((item) => readAlone(either.object, item));
  }
  if (either.or === 'boolean' && typeof value === 'boolean') return value;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return readAlone(either.object, value);
  if (either.or === 'boolean') throw new DecodeError('boolean or JSON schema expected');
  throw mismatch(goKind(value), goTypeOf(either.object), state);
}

/** Go reads these with a decoder of their own, which knows nothing of the way here and drops unknown fields silently. */
const readAlone = (schema: ObjectSchema, value: unknown): unknown =>
  coderOf(schema).read(value, { at: [], depth: 0, unknown: false });

// ---- Scalars.

function scalarCoder(schema: ScalarSchema): Coder {
  switch (schema.type) {
    case 'string':
      return plainCoder('', (value, state) => (typeof value === 'string' ? value : refuse(value, schema, state)));
    case 'boolean':
      return plainCoder(false, (value, state) => (typeof value === 'boolean' ? value : refuse(value, schema, state)));
    case 'int32':
      return integerCoder(schema, 2 ** 31);
    case 'int64':
      return integerCoder(schema, 2 ** 63);
    case 'double':
      return plainCoder(0, (value, state) => (isNumeric(value) ? Number(value) : refuse(value, schema, state)));
    case 'bytes':
      return bytesCoder(schema);
    case 'quantity':
      return quantityCoder();
    case 'intOrString':
      return intOrStringCoder();
    case 'duration':
      return textCoder(canonicalDuration, '0s', true);
    case 'time':
      return textCoder(canonicalTime, null, false);
    case 'microTime':
      return textCoder(canonicalMicroTime, null, false);
  }
}

function plainCoder<T>(zero: T, read: (value: unknown, state: State) => T): Coder {
  return {
    read: (value, state) => (value === null ? zero : read(value, state)),
    zero: () => zero,
    empty: (value) => value === zero,
  };
}

function refuse(value: unknown, schema: Schema, state: State): never {
  throw mismatch(goKind(value), goTypeOf(schema), state);
}

const integerCoder = (schema: ScalarSchema, limit: number): Coder =>
  plainCoder(0, (value, state) => integer(value, schema.name ?? schema.type, limit, state));

function integer(value: unknown, type: string, limit: number, state: State): number {
  if (!isNumeric(value)) throw mismatch(goKind(value), type, state);
  // What is a bigint fits into 64 bits.
  if (limit === 2 ** 63 && typeof value === 'bigint') return value;
  if (!Number.isInteger(Number(value)) || value >= limit || value < -limit)
    throw mismatch(`number ${value}`, type, state);
  return value;
}

function bytesCoder(schema: ScalarSchema): Coder {
  return {
    read: (value, state) =>
      value === null ? null : typeof value === 'string' ? canonicalBytes(value) : refuse(value, schema, state),
    zero: () => null,
    empty: (value) => value === null || value === '',
  };
}

/** Structs in Go, with texts of their own: `omitempty` does not see that they are empty. */
function quantityCoder(): Coder {
  return {
    read: (value) => {
      if (value === null) return '0';
      return canonicalQuantity(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
    },
    zero: () => '0',
    empty: () => false,
  };
}

function intOrStringCoder(): Coder {
  return {
    read: (value, state) =>
      typeof value === 'string' ? value : value === null ? 0 : integer(value, 'int32', 2 ** 31, state),
    zero: () => 0,
    empty: () => false,
  };
}

function textCoder(canonical: (text: string) => string | null, zero: string | null, isNumber: boolean): Coder {
  return {
    read(value, state) {
      if (value === null && !isNumber) return zero;
      if (value !== null && typeof value !== 'string') throw mismatch(goKind(value), 'string', state);
      return canonical(value ?? '');
    },
    zero: () => zero,
    // A duration is a struct around a number, and a struct is never empty.
    empty: () => false,
  };
}

// ---- What a schema does not know: looked for only where something was passed over.

function unknownFields(schema: ObjectSchema, value: unknown): string[] {
  const found: string[] = [];
  const walk = (of: Schema, at: unknown, path: string): void => {
    if (at === null || typeof at !== 'object') return;
    if (of.type === 'list' && Array.isArray(at)) at.forEach((item, i) => walk(of.items, item, `${path}[${i}]`));
    if (of.type !== 'object' && of.type !== 'map') return;
    for (const [key, child] of Object.entries(at)) {
      const childPath = path ? `${path}.${key}` : key;
      const childSchema = of.type === 'map' ? of.values : of.fields.get(key)?.schema;
      if (childSchema) walk(childSchema, child, childPath);
      else if (of.type === 'object' && !of.open && child !== undefined)
        found.push(`unknown field ${JSON.stringify(childPath)}`);
    }
  };
  walk(schema, value, '');
  return found;
}
