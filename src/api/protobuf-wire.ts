// Protobuf's bytes: numbers of varying length, tags, and fields with a length before them.

import { wholeOf } from '../base/whole-number.ts';
import { utf8Length } from '../base/bytes.ts';

export const varintType = 0;
export const fixed64Type = 1;
export const lengthType = 2;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Writes from the end to the beginning, so that every length is known when it is its turn. */
export class ProtobufWriter {
  private bytes: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
  private start = 1024;

  /** How much is written. */
  get length(): number {
    return this.bytes.length - this.start;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(this.start);
  }

  private reserve(count: number): number {
    if (this.start < count) this.grow(count);
    this.start -= count;
    return this.start;
  }

  private grow(count: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    const start = larger.length - this.length;
    larger.set(this.bytes.subarray(this.start), start);
    this.bytes = larger;
    this.start = start;
  }

  tag(number: number, type: number): void {
    this.varint(number * 8 + type);
  }

  /** A whole number of up to 64 bits; negative ones take ten bytes. */
  varint(value: number): void {
    if (value < 0 || value > Number.MAX_SAFE_INTEGER) return this.longVarint(BigInt(value));
    let size = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
    let at = this.reserve(size);
    for (; value >= 128; value = Math.floor(value / 128)) this.bytes[at++] = (value % 128) | 128;
    this.bytes[at] = value;
  }

  private longVarint(value: bigint): void {
    const digits: number[] = [];
    let rest = BigInt.asUintN(64, value);
    for (; rest >= 128n; rest >>= 7n) digits.push(Number(rest & 127n) | 128);
    digits.push(Number(rest));
    this.raw(digits);
  }

  raw(bytes: ArrayLike<number>): void {
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
  }

  text(text: string): void {
    const at = this.reserve(utf8Length(text));
    encoder.encodeInto(text, this.bytes.subarray(at));
  }

  double(value: number): void {
    const at = this.reserve(8);
    new DataView(this.bytes.buffer).setFloat64(at, value, true);
  }

  /** The length of what was written since, and its tag. */
  close(number: number, before: number): void {
    this.varint(this.length - before);
    this.tag(number, lengthType);
  }
}

/** Bytes that are no protobuf message. */
export class ProtobufError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProtobufError';
  }
}

export class ProtobufReader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** How many bytes are read. */
  get offset(): number {
    return this.at;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  /** As the nearest double. */
  varint(): number {
    return Number(this.whole());
  }

  /** Exactly: see base/whole-number.ts. */
  whole(): number {
    let [value, scale] = [0, 1];
    for (let i = 0; i < 7; i++, scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return this.longVarint(BigInt(value));
  }

  /** As a signed number of 64 bits. */
  private longVarint(value: bigint): number {
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return wholeOf(BigInt.asIntN(64, value));
    }
    throw new ProtobufError('proto: integer overflow');
  }

  private byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new ProtobufError('unexpected EOF');
    return byte;
  }

  /** The next field's content, of a known length. */
  content(): Uint8Array {
    return this.take(this.varint());
  }

  take(length: number): Uint8Array {
    const end = this.at + length;
    if (length < 0) throw new ProtobufError('proto: negative length found during unmarshaling');
    if (end > this.bytes.length) throw new ProtobufError('unexpected EOF');
    const content = this.bytes.subarray(this.at, end);
    this.at = end;
    return content;
  }

  double(): number {
    const content = this.take(8);
    return new DataView(content.buffer, content.byteOffset).getFloat64(0, true);
  }

  skip(type: number): void {
    if (type === varintType) this.varint();
    else if (type === fixed64Type) this.take(8);
    else if (type === lengthType) this.content();
    else if (type === 5) this.take(4);
    else throw new ProtobufError(`proto: illegal wireType ${type}`);
  }
}

export const protobufText = (bytes: Uint8Array): string => decoder.decode(bytes);
