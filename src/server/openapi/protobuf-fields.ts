// How gnostic's messages of OpenAPI are built: fields, repeated ones, names with values side by side, and extensions.

import { fixed64Type, ProtobufWriter, varintType } from '../../api/protobuf-wire.ts';
import type { Json } from './definitions.ts';

/** Writes a field with its tag. Fields are written from the last to the first. */
export type Field = (writer: ProtobufWriter, number: number, value: unknown) => void;

export const text: Field = (writer, number, value) => {
  const before = writer.length;
  writer.text(String(value));
  writer.close(number, before);
};

export const flag: Field = (writer, number, value) => {
  if (value !== true) return;
  writer.varint(1);
  writer.tag(number, varintType);
};

export const each =
  (field: Field): Field =>
  (writer, number, value) => {
    for (const item of (value as unknown[]).toReversed()) field(writer, number, item);
  };

export type Layout = readonly (readonly [number: number, key: string, field: Field])[];

/** A message whose fields are those of an object. Keys that begin with `x-` go to the field `extensions`. */
export const message =
  (layout: () => Layout, extensions?: number): Field =>
  (writer, number, value) => {
    const object = value as Json;
    const before = writer.length;
    if (extensions !== undefined) extensionsOf(writer, extensions, object);
    for (const [at, key, field] of layout().toReversed()) if (object[key] !== undefined) field(writer, at, object[key]);
    writer.close(number, before);
  };

/** Names and values, side by side. */
export const named =
  (value: Field): Field =>
  (writer, number, record) => {
    for (const [name, item] of Object.entries(record as Json).toReversed()) {
      const before = writer.length;
      value(writer, 2, item);
      text(writer, 1, name);
      writer.close(number, before);
    }
  };

/** A message around one field. */
export const inside =
  (at: number, field: Field): Field =>
  (writer, number, value) => {
    const before = writer.length;
    field(writer, at, value);
    writer.close(number, before);
  };

/** Anything at all is given as YAML, which JSON is. */
export const any: Field = inside(2, (writer, number, value) => text(writer, number, JSON.stringify(value)));

function extensionsOf(writer: ProtobufWriter, number: number, object: Json): void {
  const own = Object.entries(object).filter(([key]) => key.startsWith('x-'));
  named(any)(writer, number, Object.fromEntries(own));
}

export const oneOrMore = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** A number of eight bytes. */
export const double: Field = (writer, number, value) => {
  writer.double(Number(value));
  writer.tag(number, fixed64Type);
};

export const integer: Field = (writer, number, value) => {
  writer.varint(Number(value));
  writer.tag(number, varintType);
};

/** The bytes of a whole document. */
export function bytesOf(layout: Layout, document: Json): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter();
  for (const [number, key, field] of layout.toReversed()) {
    if (document[key] !== undefined) field(writer, number, document[key]);
  }
  return writer.finish();
}
