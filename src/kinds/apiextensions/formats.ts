// The formats of strings in OpenAPI that Kubernetes knows, each as a test. A format not named here is ignored, with a warning.

import { isEmail, isUri } from './addresses.ts';
import { parseDuration } from '../../base/duration.ts';
import { parseCidr, parseIp } from '../../base/ip.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../base/names.ts';
import { parseTime } from '../../base/time.ts';

const matches =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text);

const base64 = matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/);
const uuid = (version: string, variant = '[0-9a-f]') =>
  matches(new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i'));
const digitsOf = (text: string): string => text.replace(/[- ]/g, '');

function isIsbn10(text: string): boolean {
  const digits = digitsOf(text);
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  const sum = [...digits].reduce((total, digit, i) => total + (digit === 'X' ? 10 : Number(digit)) * (10 - i), 0);
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = digitsOf(text);
  if (!/^\d{13}$/.test(digits)) return false;
  return [...digits].reduce((total, digit, i) => total + Number(digit) * (i % 2 === 0 ? 1 : 3), 0) % 10 === 0;
}

/** By the check digit of Luhn. */
function isCreditCard(text: string): boolean {
  const digits = digitsOf(text);
  if (
    !/^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/.test(
      digits,
    )
  ) {
    return false;
  }
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const doubled = Number(digit) * (i % 2 === 0 ? 1 : 2);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const isColor = (text: string): boolean => /^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text);

function isDuration(text: string): boolean {
  if (
    /^\d+(?:\.\d+)?\s*(?:ns|nanosecond|us|microsecond|µs|ms|millisecond|s|sec|second|m|min|minute|h|hour|hr|d|day|w|week|wk)s?$/.test(
      text,
    )
  ) {
    return true;
  }
  try {
    parseDuration(text);
    return true;
  } catch {
    return false;
  }
}

/** A label in which only the second character may be a dash, or several under a top-level domain of letters. Odd, but what go-openapi takes. */
const letter = '[a-zA-Z0-9\\p{S}\\p{L}]';
const label = `${letter}(?:[a-zA-Z0-9\\-\\p{S}\\p{L}]{0,61}${letter})?`;
const hostname = new RegExp(`^(?:${letter}-?${letter}{0,62}|(?:${label}\\.)+[a-zA-Z\\p{L}]{2,63})$`, 'u');

const isHostname = (text: string): boolean =>
  text.length <= 255 && hostname.test(text) && text.split('.').every((each) => each.length <= 63);

const formats: Readonly<Record<string, (text: string) => boolean>> = {
  bsonobjectid: matches(/^[0-9a-fA-F]{24}$/),
  uri: isUri,
  email: isEmail,
  hostname: isHostname,
  ipv4: (text) => parseIp(text) !== undefined && text.includes('.'),
  ipv6: (text) => parseIp(text) !== undefined && text.includes(':'),
  cidr: (text) => parseCidr(text) !== undefined,
  mac: matches(
    /^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}(?:(?:[0-9a-f]{2}\1){2}|(?:[0-9a-f]{2}\1){14})?[0-9a-f]{2}$|^(?:[0-9a-f]{4}\.){2,3}[0-9a-f]{4}$|^(?:[0-9a-f]{4}\.){9}[0-9a-f]{4}$/i,
  ),
  uuid: uuid('[0-9a-f]'),
  uuid3: uuid('3'),
  uuid4: uuid('4', '[89ab]'),
  uuid5: uuid('5', '[89ab]'),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: isColor,
  rgbcolor: matches(new RegExp(`^rgb\\(\\s*${octet}\\s*,\\s*${octet}\\s*,\\s*${octet}\\s*\\)$`)),
  byte: base64,
  password: () => true,
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && parseTime(`${text}T00:00:00Z`) !== undefined,
  duration: isDuration,
  'date-time': (text) => parseTime(text.toUpperCase()) !== undefined,
  'k8s-short-name': (text) => isDns1123Label(text).length === 0,
  'k8s-long-name': (text) => isDns1123Subdomain(text).length === 0,
};

/** Dashes do not count: `datetime` is `date-time`. */
const nameOf = (format: string): string => format.replaceAll('-', '');
const byName = new Map(Object.entries(formats).map(([name, fits]) => [nameOf(name), fits]));

const numberFormats: Readonly<Record<string, readonly string[]>> = {
  integer: ['int32', 'int64', 'uint32', 'uint64'],
  number: ['int32', 'int64', 'uint32', 'uint64', 'float', 'double', 'float32', 'float64'],
};

export const isKnownFormat = (type: string, format: string): boolean =>
  type === 'string' ? byName.has(nameOf(format)) : (numberFormats[type]?.includes(format) ?? false);

/** Undefined where the format is unknown. */
export const fitsFormat = (format: string, text: string): boolean | undefined => byName.get(nameOf(format))?.(text);
