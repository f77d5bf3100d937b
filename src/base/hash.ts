// Short stable hashes for names (`pod-template-hash` and its kind).

import { utf8 } from './bytes.ts';
import { canonicalJson } from './equal.ts';

/** FNV-1a with 32 bits over the text's UTF-8. */
export const fnv32a = (text: string): number => fnv32aOfBytes(utf8(text));

export function fnv32aOfBytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** A number's decimal digits in letters that spell no words, as apimachinery's SafeEncodeString makes them. */
export const safeEncode = (value: number | string): string =>
  Array.from(utf8(String(value)), (byte) => alphabet[byte % alphabet.length]).join('');

/** A hash of plain data that does not depend on the order of keys. */
export const hashOf = (value: unknown): number => fnv32a(canonicalJson(value));

/** FNV-1 with 32 bits, which multiplies first. */
export function fnv32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of utf8(text)) hash = Math.imul(hash, 0x01000193) ^ byte;
  return hash >>> 0;
}

const prime128 = (1n << 88n) + 0x13bn;
const mask128 = (1n << 128n) - 1n;

/** FNV-1a with 128 bits over the text's UTF-8, in hexadecimal. */
export function fnv128a(text: string): string {
  let hash = 0x6c62272e07bb014262b821756295c58dn;
  for (const byte of utf8(text)) hash = ((hash ^ BigInt(byte)) * prime128) & mask128;
  return hash.toString(16).padStart(32, '0');
}
