// Objects in Kubernetes' protobuf form, byte for byte as Go's gogo-proto writes it, from the field numbers of their schema.

import { parseExactly } from '../base/whole-number.ts';
import { base64, bytesOfBase64, textOf, utf8 } from '../base/bytes.ts';
import { formatDuration, parseDuration } from '../base/duration.ts';
import { formatMicroTime, formatTime, parseTime } from '../base/time.ts';
import {
  fixed64Type,
  lengthType,
  ProtobufError,
  ProtobufReader,
  protobufText,
  ProtobufWriter,
  varintType,
} from './protobuf-wire.ts';
import { zeroInstant } from './scalars.ts';
import type { AnySchema, Field, ListSchema, MapSchema, ObjectSchema, Schema } from './schema.ts';

/** `k8s` and a zero byte stand before every message on its own. */
const magic = [0x6b, 0x38, 0x73, 0];

export interface TypeMeta {
  readonly apiVersion: string;
  readonly kind: string;
}

type Json = Record<string, unknown>;

/** The object inside its envelope, which says what it is. */
export function encodeProtobuf(
  schema: ObjectSchema,
  object: object,
  { apiVersion, kind }: TypeMeta,
): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter();
  for (const number of [4, 3]) writeText(writer, number, '');
  codecOf(schema).write(writer, 2, object);
  const before = writer.length;
  writeText(writer, 2, kind);
  writeText(writer, 1, apiVersion);
  writer.close(1, before);
  writer.raw(magic);
  return writer.finish();
}

/**
 * The JSON value in an envelope. Zero values are in it; `decode` leaves them out where Go does.
 * @throws ProtobufError
 */
export function decodeProtobuf(bytes: Uint8Array, schemaFor: (type: TypeMeta) => ObjectSchema): Json {
  if (magic.some((byte, i) => bytes[i] !== byte)) {
    throw new ProtobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  const type = { apiVersion: '', kind: '' };
  let raw: Uint8Array = new Uint8Array();
  eachField(bytes.subarray(4), (number, reader, wire) => {
    if (wire !== lengthType) return;
    const content = reader.content();
    if (number === 2) raw = content;
    if (number === 1)
      eachField(content, (n, inner) => (type[n === 1 ? 'apiVersion' : 'kind'] = protobufText(inner.content())));
  });
  const object = readMessage(fieldsOf(schemaFor(type)), raw);
  return { ...(type.kind && { kind: type.kind }), ...(type.apiVersion && { apiVersion: type.apiVersion }), ...object };
}

// ---- A schema made ready.

interface Codec {
  readonly wire: number;
  /** Writes a field with its tag. The value is there (its zero value if Go has no nil for it). */
  write(writer: ProtobufWriter, number: number, value: unknown): void;
  read(reader: ProtobufReader): unknown;
  /** What Go has where nothing is given. */
  readonly zero: unknown;
}

const codecs = new WeakMap<Schema, Codec>();

function codecOf(schema: Schema): Codec {
  let codec = codecs.get(schema);
  if (!codec) codecs.set(schema, (codec = makeCodec(schema)));
  return codec;
}

function makeCodec(schema: Schema): Codec {
  switch (schema.type) {
    case 'object':
      return objectCodec(schema);
    case 'list':
      return wrappedListCodec(schema);
    case 'map':
      throw new Error('a map is no value of its own in protobuf');
    case 'any':
      return schema.either ? eitherCodec(schema.either) : anyCodec;
    default:
      return scalarCodecs[schema.type];
  }
}

function writeText(writer: ProtobufWriter, number: number, text: string): void {
  const before = writer.length;
  writer.text(text);
  writer.close(number, before);
}

/** A message: `fill` writes its fields, the last one first. */
function message<T>(
  zero: T,
  fill: (writer: ProtobufWriter, value: T) => void,
  read: (content: Uint8Array) => unknown,
): Codec {
  return {
    wire: lengthType,
    zero,
    write(writer, number, value) {
      const before = writer.length;
      fill(writer, value as T);
      writer.close(number, before);
    },
    read: (reader) => read(reader.content()),
  };
}

/** What `read` leaves unread is skipped: others may know more fields. */
function eachField(bytes: Uint8Array, read: (number: number, reader: ProtobufReader, wire: number) => void): void {
  const reader = new ProtobufReader(bytes);
  while (!reader.done) {
    const tag = reader.varint();
    const start = reader.offset;
    read(Math.floor(tag / 8), reader, tag % 8);
    if (reader.offset === start) reader.skip(tag % 8);
  }
}

// ---- Objects.

const objectCodec = (schema: ObjectSchema): Codec =>
  message<Json>(
    {},
    (writer, object) => writeFields(writer, fieldsOf(schema), object),
    (content) => readMessage(fieldsOf(schema), content),
  );

/** A field of the message, or an embedded struct, whose fields JSON has among those of the object. */
type Entry =
  | { readonly number: number; readonly embedded: readonly Entry[] }
  | { readonly number: number; readonly embedded?: undefined; readonly field: Field };

const entries = new WeakMap<ObjectSchema, readonly Entry[]>();

function fieldsOf(schema: ObjectSchema): readonly Entry[] {
  let found = entries.get(schema);
  if (!found) entries.set(schema, (found = entriesAt([...schema.fields.values()], 0)));
  return found;
}

function entriesAt(fields: readonly Field[], depth: number): Entry[] {
  const own = fields.filter((f) => (f.within?.length ?? 0) === depth && f.number !== undefined);
  const deeper = new Map<number, Field[]>();
  for (const field of fields) {
    const number = field.within?.[depth];
    if (number !== undefined) deeper.set(number, [...(deeper.get(number) ?? []), field]);
  }
  return [
    ...own.map((field): Entry => ({ number: field.number ?? 0, field })),
    ...[...deeper].map(([number, inner]): Entry => ({ number, embedded: entriesAt(inner, depth + 1) })),
  ].sort((a, b) => a.number - b.number);
}

function writeFields(writer: ProtobufWriter, fields: readonly Entry[], object: Json): void {
  for (let i = fields.length - 1; i >= 0; i--) {
    const entry = fields[i];
    if (entry?.embedded) {
      const before = writer.length;
      writeFields(writer, entry.embedded, object);
      writer.close(entry.number, before);
    } else if (entry) writeField(writer, entry.field, object[entry.field.name]);
  }
}

/** Only nil is left out: zero values are written. */
function writeField(writer: ProtobufWriter, field: Field, value: unknown): void {
  const number = field.number ?? 0;
  const { schema } = field;
  if (value === undefined || value === null) {
    if (!field.pointer) codecOf(schema).write(writer, number, codecOf(schema).zero);
  } else if (schema.type === 'map') writeMap(writer, number, schema, value as Json);
  else if (schema.type === 'list' && !schema.wrapped) writeItems(writer, number, schema.items, value as unknown[]);
  else codecOf(schema).write(writer, number, value);
}

function writeItems(writer: ProtobufWriter, number: number, schema: Schema, items: readonly unknown[]): void {
  const codec = codecOf(schema);
  for (let i = items.length - 1; i >= 0; i--) codec.write(writer, number, items[i] ?? codec.zero);
}

function writeMap(writer: ProtobufWriter, number: number, schema: MapSchema, map: Json): void {
  const codec = codecOf(schema.values);
  for (const key of Object.keys(map).sort().reverse()) {
    const before = writer.length;
    codec.write(writer, 2, map[key] ?? codec.zero);
    writeText(writer, 1, key);
    writer.close(number, before);
  }
}

function readMessage(fields: readonly Entry[], content: Uint8Array, into: Json = {}): Json {
  eachField(content, (number, reader, wire) => {
    const entry = fields.find((e) => e.number === number);
    if (entry?.embedded) readMessage(entry.embedded, reader.content(), into);
    else if (entry) readField(entry.field, reader, wire, into);
  });
  return into;
}

function readField({ name, schema }: Field, reader: ProtobufReader, wire: number, into: Json): void {
  if (schema.type === 'map') return readEntry(schema, reader.content(), (into[name] ??= {}) as Json);
  const repeated = schema.type === 'list' && !schema.wrapped;
  const codec = codecOf(repeated ? schema.items : schema);
  if (repeated && wire === lengthType && codec.wire !== lengthType)
    return readPacked(codec, reader.content(), (into[name] ??= []) as unknown[]);
  if (wire !== codec.wire) throw new ProtobufError(`proto: wrong wireType = ${wire} for field ${name}`);
  if (repeated) ((into[name] ??= []) as unknown[]).push(codec.read(reader));
  else into[name] = codec.read(reader);
}

/** Other languages put numbers of a list side by side. */
function readPacked(codec: Codec, content: Uint8Array, into: unknown[]): void {
  const reader = new ProtobufReader(content);
  while (!reader.done) into.push(codec.read(reader));
}

function readEntry(schema: MapSchema, content: Uint8Array, into: Json): void {
  const codec = codecOf(schema.values);
  let key = '';
  let value: unknown = codec.zero;
  eachField(content, (number, reader) => {
    if (number === 1) key = protobufText(reader.content());
    else if (number === 2) value = codec.read(reader);
  });
  Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A list that Go gave a name is a message with the items as its first field. */
function wrappedListCodec(schema: ListSchema): Codec {
  const items = codecOf(schema.items);
  return message<readonly unknown[]>(
    [],
    (writer, list) => writeItems(writer, 1, schema.items, list),
    (content) => {
      const list: unknown[] = [];
      eachField(content, (number, reader) => number === 1 && list.push(items.read(reader)));
      return list;
    },
  );
}

// ---- Anything: its JSON, as bytes.

const anyCodec: Codec = message<unknown>(
  undefined,
  (writer, value) => {
    if (value === undefined || value === null) return;
    const before = writer.length;
    writer.text(JSON.stringify(value));
    writer.close(1, before);
  },
  (content) => {
    let value: unknown = null;
    eachField(content, (number, reader) => {
      if (number === 1) value = jsonOf(reader.content());
    });
    return value;
  },
);

function jsonOf(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? null : parseExactly(textOf(bytes));
}

/** `1` holds the boolean or the object, `2` the object or the list. */
function eitherCodec({ object, or }: NonNullable<AnySchema['either']>): Codec {
  const codec = codecOf(object);
  const [plain, other] = or === 'boolean' ? [2, 1] : [1, 2];
  const items = or === 'list' ? codec : textCodec;
  return message<unknown>(
    undefined,
    (writer, value) => {
      if (Array.isArray(value)) for (const item of value.toReversed()) items.write(writer, other, item);
      else if (typeof value === 'object' && value !== null) codec.write(writer, plain, value);
      if (or === 'boolean') scalarCodecs.boolean.write(writer, 1, typeof value === 'object' || value === true);
    },
    (content) => {
      let whole: unknown;
      const list: unknown[] = [];
      eachField(content, (number, reader) => {
        if (number === plain) whole = codec.read(reader);
        else if (number === other && or === 'boolean') whole ??= scalarCodecs.boolean.read(reader);
        else if (number === other) list.push(items.read(reader));
      });
      return whole ?? list;
    },
  );
}

// ---- Scalars.

const textCodec: Codec = {
  wire: lengthType,
  zero: '',
  write: (writer, number, value) => writeText(writer, number, value as string),
  read: (reader) => protobufText(reader.content()),
};

const integerCodec: Codec = {
  wire: varintType,
  zero: 0,
  write(writer, number, value) {
    writer.varint(value as number);
    writer.tag(number, varintType);
  },
  read: (reader) => reader.whole(),
};

/** One field inside a message of its own. */
const boxed = (
  inner: Codec,
  zero: unknown,
  encode: (value: unknown) => unknown,
  decode: (value: unknown) => unknown,
): Codec =>
  message<unknown>(
    zero,
    (writer, value) => inner.write(writer, 1, encode(value)),
    (content) => {
      let value = inner.zero;
      eachField(content, (number, reader) => {
        if (number === 1) value = inner.read(reader);
      });
      return decode(value);
    },
  );

/** Seconds and nanoseconds. No time at all is an empty message. */
const timeCodec = (withFraction: boolean): Codec =>
  message<string | null>(
    null,
    (writer, text) => {
      const instant = text === null ? undefined : parseTime(text);
      if (instant === undefined) return;
      const seconds = Math.floor(instant / 1000);
      const micros = withFraction ? Math.round((instant - seconds * 1000) * 1000) : 0;
      integerCodec.write(writer, 2, micros * 1000);
      integerCodec.write(writer, 1, seconds);
    },
    (content) => {
      if (content.length === 0) return null;
      const parts = [0, 0, 0];
      eachField(content, (number, reader, wire) => {
        if (wire === varintType && number <= 2) parts[number] = reader.varint();
      });
      const instant = (parts[1] ?? 0) * 1000 + Math.floor((parts[2] ?? 0) / 1000) / 1000;
      if (instant === zeroInstant) return null;
      return withFraction ? formatMicroTime(instant) : formatTime(instant);
    },
  );

/** Which of the two it is, then both. */
const intOrStringCodec: Codec = message<number | string>(
  0,
  (writer, value) => {
    const isText = typeof value === 'string';
    writeText(writer, 3, isText ? value : '');
    integerCodec.write(writer, 2, isText ? 0 : value);
    integerCodec.write(writer, 1, isText ? 1 : 0);
  },
  (content) => {
    const parts: Record<number, unknown> = {};
    eachField(content, (number, reader, wire) => {
      if (wire === varintType) parts[number] = reader.varint();
      else if (number === 3) parts[3] = protobufText(reader.content());
    });
    return parts[1] ? (parts[3] ?? '') : (parts[2] ?? 0);
  },
);

const nanoseconds = (value: unknown): number => Math.round(parseDuration(value as string) * 1e6);

const scalarCodecs = {
  string: textCodec,
  boolean: {
    wire: varintType,
    zero: false,
    write: (writer, number, value) => integerCodec.write(writer, number, value ? 1 : 0),
    read: (reader) => reader.varint() !== 0,
  },
  int32: integerCodec,
  int64: integerCodec,
  double: {
    wire: fixed64Type,
    zero: 0,
    write(writer, number, value) {
      writer.double(value as number);
      writer.tag(number, fixed64Type);
    },
    read: (reader) => reader.double(),
  },
  bytes: {
    wire: lengthType,
    zero: '',
    write(writer, number, value) {
      const before = writer.length;
      writer.raw(bytesOfBase64(value as string) ?? utf8(value as string));
      writer.close(number, before);
    },
    read: (reader) => base64(reader.content()),
  },
  quantity: boxed(
    textCodec,
    '0',
    (value) => value,
    (value) => value || '0',
  ),
  time: timeCodec(false),
  microTime: timeCodec(true),
  duration: boxed(integerCodec, '0s', nanoseconds, (value) => formatDuration((value as number) / 1e6)),
  intOrString: intOrStringCodec,
} satisfies Record<string, Codec>;
