// What number, text and bytes tokens mean: radix, quotes, escapes.

import { Uint, type Value } from './values.ts';

/** A literal that cannot be one; the message is for its author. */
export class LiteralError extends Error {}

const largest = 2n ** 63n - 1n;

export function readInt(text: string, negative: boolean): bigint {
  const size = BigInt(text);
  const value = negative ? -size : size;
  if (value > largest || value < -largest - 1n) throw new LiteralError('invalid int literal');
  return value;
}

export function readUint(text: string): Uint {
  const value = BigInt(text.slice(0, -1));
  if (BigInt.asUintN(64, value) !== value) throw new LiteralError('invalid uint literal');
  return new Uint(value);
}

export function readDouble(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new LiteralError('invalid double literal');
  return value;
}

/** The text between the quotes, escapes resolved. */
export const readString = (token: string): Value => unquote(token, false).join('');

/** The bytes: in UTF-8, except that \x and octal escapes are bytes themselves. */
export function readBytes(token: string): Value {
  const encoder = new TextEncoder();
  return Uint8Array.from(
    unquote(token.slice(1), true).flatMap((each) => (typeof each === 'number' ? [each] : [...encoder.encode(each)])),
  );
}

/** Pieces of text, and in bytes the numbers of single ones. */
function unquote(token: string, bytes: boolean): readonly (string | number)[] {
  const raw = /^[rR]/.test(token);
  const body = raw ? token.slice(1) : token;
  const quotes = /^("""|'''|"|')/.exec(body)?.[0].length ?? 1;
  const inside = body.slice(quotes, -quotes).replace(/\r\n?/g, '\n');
  if (raw || !inside.includes('\\')) return [inside];
  return inside.split(/(\\(?:[0-3][0-7]{2}|[xX]..|u.{4}|U.{8}|[^]))/u).map((piece) => unescape(piece, bytes));
}

const named = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

function unescape(piece: string, bytes: boolean): string | number {
  if (!piece.startsWith('\\')) return piece;
  const sort = piece.charAt(1);
  if (/[0-3]/.test(sort)) return numbered(Number.parseInt(piece.slice(1), 8), bytes);
  if (/[xX]/.test(sort)) return numbered(Number.parseInt(piece.slice(2), 16), bytes);
  if (!/[uU]/.test(sort)) return named.get(sort) ?? sort;
  const point = Number.parseInt(piece.slice(2), 16);
  if (bytes) throw new LiteralError('unable to unescape string');
  if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) throw new LiteralError('invalid unicode code point');
  return String.fromCodePoint(point);
}

const numbered = (number: number, bytes: boolean): string | number => (bytes ? number : String.fromCharCode(number));
