// The values expressions compute with. int is a bigint, double a number, string, bool and null are themselves, bytes a Uint8Array;
// everything else is one of the classes here. What comes from JSON is read when it is asked for, by its declared type.

import { wholeOf } from '../../base/whole-number.ts';
import { parseTime } from '../../base/time.ts';
import { decodeBase64 } from './base64.ts';
import { parseDurationText, parseTimestampText } from './time.ts';
import { dynType, type ListType, type ObjectType, stringType, type Type, type Uniqueness } from './types.ts';

export type Value = null | boolean | bigint | number | string | Uint8Array | Composite;

/** What went wrong, as a value: it passes through operators, and `&&`, `||` and `?:` may do without it. */
export class CelError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

export type Result = Value | CelError;

/** Every value that is not a JavaScript primitive or bytes: tells our values from JSON. */
export abstract class Composite {
  /** As `type(x)` names it. */
  abstract readonly typeName: string;
}

/** An unsigned integer of 64 bits. */
export class Uint extends Composite {
  readonly typeName = 'uint';
  readonly value: bigint;
  constructor(value: bigint) {
    super();
    this.value = value;
  }
}

export class Timestamp extends Composite {
  readonly typeName = 'google.protobuf.Timestamp';
  /** Since 1970, rounded down. */
  readonly seconds: number;
  readonly nanos: number;
  /** How far the zone it was written in is from UTC, in seconds: it is written that way again. */
  readonly offset: number;
  constructor(seconds: number, nanos = 0, offset = 0) {
    super();
    this.seconds = seconds;
    this.nanos = nanos;
    this.offset = offset;
  }
}

export class Duration extends Composite {
  readonly typeName = 'google.protobuf.Duration';
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    super();
    this.nanos = nanos;
  }
}

/** What `type(x)` gives. */
export class TypeValue extends Composite {
  readonly typeName = 'type';
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
}

export class Optional extends Composite {
  readonly typeName = 'optional_type';
  /** Undefined: there is none. */
  readonly value: Value | undefined;
  constructor(value?: Value) {
    super();
    this.value = value;
  }
}

export const noValue = new Optional();

export class ListValue extends Composite {
  readonly typeName = 'list';
  /** JSON if `element` is given, else values. */
  readonly items: readonly unknown[];
  readonly element: Type | undefined;
  readonly unique: Uniqueness | undefined;

  constructor(items: readonly unknown[], type?: Pick<ListType, 'element' | 'unique'>) {
    super();
    this.items = items;
    this.element = type?.element;
    this.unique = type?.unique;
  }

  get length(): number {
    return this.items.length;
  }

  at(index: number): Value {
    const item = this.items[index];
    return this.element ? valueOf(item, this.element) : (item as Value);
  }

  values(): readonly Value[] {
    const { element } = this;
    return element ? this.items.map((item) => valueOf(item, element)) : (this.items as readonly Value[]);
  }
}

/** A key in the form in which 1, 1u and 1.0 are one. Undefined: it can be no key. */
export function keyOf(value: Value): string | boolean | bigint | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return value;
  if (value instanceof Uint) return value.value;
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined;
}

export abstract class MapValue extends Composite {
  readonly typeName = 'map';
  abstract readonly size: number;
  abstract get(key: Value): Value | undefined;
  abstract keys(): readonly Value[];
}

type Entry = readonly [key: Value, value: Value];

/** A map made by an expression. */
export class EntryMap extends MapValue {
  /** By normal key (see `keyOf`). */
  readonly entries: ReadonlyMap<string | boolean | bigint, Entry>;
  constructor(entries: ReadonlyMap<string | boolean | bigint, Entry>) {
    super();
    this.entries = entries;
  }
  get size(): number {
    return this.entries.size;
  }
  get(key: Value): Value | undefined {
    const normal = keyOf(key);
    return normal === undefined ? undefined : this.entries.get(normal)?.[1];
  }
  keys(): readonly Value[] {
    return Array.from(this.entries.values(), ([key]) => key);
  }
}

type JsonRecord = Readonly<Record<string, unknown>>;

/** A JSON object read as a map. */
export class JsonMap extends MapValue {
  readonly json: JsonRecord;
  readonly value: Type;
  constructor(json: JsonRecord, value: Type) {
    super();
    this.json = json;
    this.value = value;
  }
  get size(): number {
    return Object.keys(this.json).length;
  }
  get(key: Value): Value | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.json, key)) return undefined;
    const item = this.json[key];
    return item === undefined ? undefined : valueOf(item, this.value);
  }
  keys(): readonly Value[] {
    return Object.keys(this.json);
  }
}

/** An object with declared fields. */
export abstract class ObjectValue extends Composite {
  readonly type: ObjectType;
  constructor(type: ObjectType) {
    super();
    this.type = type;
  }
  get typeName(): string {
    return this.type.name;
  }
  /** Undefined: it is not set. An error: it cannot be told. */
  abstract get(field: string): Result | undefined;
  /** The fields that are set. */
  abstract fields(): readonly string[];
}

/** A JSON object read by its declared fields. A null counts as not set, as in Kubernetes. */
export class JsonObject extends ObjectValue {
  readonly json: JsonRecord;
  constructor(json: JsonRecord, type: ObjectType) {
    super(type);
    this.json = json;
  }
  get(name: string): Value | undefined {
    const field = this.type.field(name);
    if (!field) return undefined;
    const property = field.property ?? name;
    const item = Object.hasOwn(this.json, property) ? this.json[property] : undefined;
    return item === undefined || item === null ? undefined : valueOf(item, field.type);
  }
  /** Of fields that are not declared too, which only comparisons see. */
  held(name: string): Value | undefined {
    const item = this.json[name];
    return this.get(name) ?? (item === undefined || item === null ? undefined : valueOf(item, dynType));
  }
  fields(): readonly string[] {
    return Object.keys(this.json).filter((name) => this.json[name] !== null && this.json[name] !== undefined);
  }
}

/** An object made by an expression: `JSONPatch{op: 'add'}`. */
export class ObjectLiteral extends ObjectValue {
  readonly set: ReadonlyMap<string, Value>;
  constructor(type: ObjectType, set: ReadonlyMap<string, Value>) {
    super(type);
    this.set = set;
  }
  get(field: string): Value | undefined {
    return this.set.get(field);
  }
  fields(): readonly string[] {
    return [...this.set.keys()];
  }
}

/** An object whose fields are found when asked for, and kept: Kubernetes' `variables`. */
export class LazyObject extends ObjectValue {
  readonly #find: (field: string) => Result | undefined;
  readonly #names: readonly string[];
  readonly #found = new Map<string, Result | undefined>();
  constructor(type: ObjectType, names: readonly string[], find: (field: string) => Result | undefined) {
    super(type);
    this.#names = names;
    this.#find = find;
  }
  get(field: string): Result | undefined {
    if (!this.#found.has(field)) this.#found.set(field, this.#find(field));
    return this.#found.get(field);
  }
  fields(): readonly string[] {
    return this.#names;
  }
}

/** A value of a library: an address, a quantity, a version. */
export class Opaque<T = unknown> extends Composite {
  readonly typeName: string;
  readonly data: T;
  /** Two of one type are equal when these are. */
  readonly identity: unknown;
  /** What the cost of calls counts. */
  readonly size: number;
  constructor(typeName: string, data: T, identity: unknown, size = 1) {
    super();
    this.typeName = typeName;
    this.data = data;
    this.identity = identity;
    this.size = size;
  }
}

/** The value of a variable or of a part of one. What does not fit its declared type is read as what it is. */
export function valueOf(json: unknown, type: Type): Value {
  switch (typeof json) {
    case 'string':
      return valueOfText(json, type);
    case 'number':
      return valueOfNumber(json, type);
    case 'boolean':
    case 'bigint':
      return json;
    case 'object':
      return json === null || json instanceof Composite || json instanceof Uint8Array
        ? json
        : valueOfObject(json, type);
    default:
      return null;
  }
}

function valueOfText(text: string, type: Type): Value {
  switch (type.kind) {
    case 'bytes':
      return decodeBase64(text) ?? text;
    case 'duration':
      return parseDurationText(text) ?? text;
    case 'timestamp':
      return parseTimestampText(text) ?? dateValue(text) ?? text;
    default:
      return text;
  }
}

/** A date without a time is its first moment. */
function dateValue(text: string): Timestamp | undefined {
  const instant = /^\d{4}-\d\d-\d\d$/.test(text) ? parseTime(`${text}T00:00:00Z`) : undefined;
  return instant === undefined ? undefined : new Timestamp(instant / 1000);
}

function valueOfNumber(number: number, type: Type): Value {
  const kind = type.kind === 'wrapper' ? type.of.kind : type.kind;
  if (kind === 'double' || !Number.isInteger(number)) return number;
  return kind === 'uint' ? new Uint(BigInt(number)) : BigInt(number);
}

function valueOfObject(json: object, type: Type): Value {
  if (Array.isArray(json)) return new ListValue(json, type.kind === 'list' ? type : { element: dynType });
  const record = json as JsonRecord;
  if (type.kind === 'object') return new JsonObject(record, type);
  return new JsonMap(record, type.kind === 'map' ? type.value : dynType);
}

/** The JSON of a value: what `valueOf` read, and for the rest protobuf's form. */
export function jsonOf(value: Value): unknown {
  if (typeof value === 'bigint') return wholeOf(value);
  if (value instanceof Uint) return Number(value.value);
  if (value instanceof ListValue) return value.element ? value.items : value.values().map(jsonOf);
  if (value instanceof JsonMap || value instanceof JsonObject) return value.json;
  if (value instanceof MapValue) {
    return Object.fromEntries(value.keys().map((key) => [String(jsonOf(key)), jsonOf(value.get(key) ?? null)]));
  }
  if (value instanceof ObjectLiteral) {
    return Object.fromEntries([...value.set].map(([name, item]) => [name, jsonOf(item)]));
  }
  return value;
}

/** A map of texts, as libraries return them. */
export function mapOfEntries(entries: Iterable<Entry>): EntryMap {
  const table = new Map<string | boolean | bigint, Entry>();
  for (const entry of entries) {
    const key = keyOf(entry[0]);
    if (key !== undefined) table.set(key, entry);
  }
  return new EntryMap(table);
}

export const listOfStrings = (texts: readonly string[]): ListValue => new ListValue(texts, { element: stringType });

/** As `type(x)` names it. */
export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    default:
      return value === null ? 'null_type' : value instanceof Uint8Array ? 'bytes' : value.typeName;
  }
}
