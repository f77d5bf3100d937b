// The texts that carry numbers, moments and bytes, in the one form Kubernetes writes them; and its words for those that are none.

import { base64, bytesOfBase64 } from '../base/bytes.ts';
import type { Instant } from '../base/clock.ts';
import { formatDuration, parseDuration } from '../base/duration.ts';
import { ParseError } from '../base/parse-error.ts';
import { parseQuantity } from '../base/quantity.ts';
import { formatMicroTime, formatTime, parseTime } from '../base/time.ts';

/** Most quantities there are: short, and canonical as they stand. */
const plainQuantity = /^[1-9]\d{0,2}(?:m|[KMGT]i)?$/;

/** @throws ParseError */
export const canonicalQuantity = (text: string): string =>
  plainQuantity.test(text) ? text : parseQuantity(text.trim()).text;

/** @throws ParseError */
export const canonicalDuration = (text: string): string => formatDuration(parseDuration(text));

const plainTime = /^(?!0001)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

/** The year 1, which Go takes for no time at all and writes as null. */
export const zeroInstant: Instant = -62_135_596_800_000;

/**
 * RFC 3339 in UTC with whole seconds; null for Go's zero time.
 * @throws ParseError
 */
export function canonicalTime(text: string): string | null {
  if (plainTime.test(text)) return text;
  const instant = parseTime(text);
  if (instant === undefined) throw new ParseError(timeRefusal(text, '2006-01-02T15:04:05Z07:00'));
  return instant === zeroInstant ? null : formatTime(instant);
}

/**
 * RFC 3339 in UTC with six digits of fraction, which must be there.
 * @throws ParseError
 */
export function canonicalMicroTime(text: string): string | null {
  const instant = /\.\d{6}(?!\d)/.test(text) ? parseTime(text) : undefined;
  if (instant === undefined) throw new ParseError(timeRefusal(text, '2006-01-02T15:04:05.000000Z07:00'));
  return instant === zeroInstant ? null : formatMicroTime(instant);
}

/** What the layout's elements take from a text, in their order. */
const elements: readonly (readonly [literal: string, element: string, pattern: RegExp])[] = [
  ['', '2006', /^\d{4}/],
  ['-', '01', /^\d\d/],
  ['-', '02', /^\d\d/],
  ['T', '15', /^\d\d/],
  [':', '04', /^\d\d/],
  [':', '05', /^\d\d/],
];

/** Go's time.Parse says where it stopped reading, or which number is too large. */
function timeRefusal(text: string, layout: string): string {
  const quoted = JSON.stringify(text);
  let rest = text;
  const stopped = (at: string) =>
    `parsing time ${quoted} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(at)}`;
  const take = (pattern: RegExp): boolean => {
    const found = pattern.exec(rest);
    if (found) rest = rest.slice(found[0].length);
    return found !== null;
  };
  for (const [literal, element, pattern] of elements) {
    if (!rest.startsWith(literal)) return stopped(literal);
    rest = rest.slice(literal.length);
    if (!take(pattern)) return stopped(element);
  }
  if (layout.includes('.000000') ? !take(/^[.,]\d{6}/) : !take(/^(?:[.,]\d+)?/)) return stopped('.000000');
  if (!take(/^(?:Z|[+-]\d\d:\d\d)/)) return stopped('Z07:00');
  if (rest !== '') return `parsing time ${quoted}: extra text: ${JSON.stringify(rest)}`;
  return `parsing time ${quoted}: ${tooLarge(text)} out of range`;
}

function tooLarge(text: string): string {
  const [month = 0, , hour = 0, minute = 0, second = 0] = [5, 8, 11, 14, 17].map((at) =>
    Number(text.slice(at, at + 2)),
  );
  if (month < 1 || month > 12) return 'month';
  if (hour > 23) return 'hour';
  return minute > 59 ? 'minute' : second > 59 ? 'second' : 'day';
}

const plainBytes = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;

/**
 * Base64 as Go would write it again; line breaks inside are dropped.
 * @throws ParseError
 */
export function canonicalBytes(text: string): string {
  if (plainBytes.test(text)) return text;
  const bytes = bytesOfBase64(text);
  if (!bytes) throw new ParseError(`illegal base64 data at input byte ${corruptByte(text)}`);
  return base64(bytes);
}

/** Go names the first illegal character, or else the start of the unfinished group. */
function corruptByte(text: string): number {
  const illegal = text.search(/[^A-Za-z0-9+/=\r\n]/);
  const padding = text.indexOf('=');
  const end = padding < 0 ? text.length : padding;
  if (illegal >= 0 && illegal < end) return illegal;
  const dense = text.slice(0, end).replace(/[\r\n]/g, '').length;
  if (padding < 0) return end - (dense % 4);
  if (dense % 4 < 2) return padding;
  return dense % 4 === 2 && text[padding + 1] !== '=' ? padding + 1 : padding + (dense % 4 === 2 ? 2 : 1);
}
