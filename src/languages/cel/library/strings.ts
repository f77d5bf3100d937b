// More about texts: searching, cutting, replacing, joining, quoting, formatting.

import { declare, type FunctionDeclaration, type Library, member, type Overload, overload } from '../environment.ts';
import { dynType, intType, listOf, stringType, type Type } from '../types.ts';
import { shownKey } from '../operators.ts';
import { CelError, ListValue, listOfStrings, type Result, type Value } from '../values.ts';
import { type FormatStyle, formatText } from './format-text.ts';

export interface StringsOptions {
  /** How `format` writes numbers and lists: as the newest version of the extension, or as the one in Kubernetes. */
  readonly style: FormatStyle;
  /** Whether texts can be reversed. */
  readonly reverse: boolean;
}

const outside = (place: bigint): CelError => new CelError(`index out of range: ${place}`);

function charAt(text: string, place: bigint): Result {
  const points = Array.from(text);
  return place < 0n || place > points.length ? outside(place) : (points[Number(place)] ?? '');
}

/** Where a sequence of code points begins within another, from a place on in that direction. -1: nowhere. */
function find(points: readonly string[], sought: readonly string[], from: number, direction: 1 | -1): number {
  const last = points.length - sought.length;
  for (let i = Math.min(from, direction < 0 ? last : from); i >= 0 && i <= last; i += direction) {
    if (sought.every((point, j) => points[i + j] === point)) return i;
  }
  return -1;
}

function indexOf(text: string, sought: string, from = 0n): Result {
  if (from < 0n) return outside(from);
  const points = Array.from(text);
  if (sought === '') return BigInt(Math.min(Number(from), points.length));
  return BigInt(find(points, Array.from(sought), Number(from), 1));
}

function lastIndexOf(text: string, sought: string, from?: bigint): Result {
  if (from !== undefined && from < 0n) return outside(from);
  const points = Array.from(text);
  if (sought === '') return BigInt(Math.min(Number(from ?? points.length), points.length));
  if (from !== undefined && from >= points.length) return -1n;
  return BigInt(find(points, Array.from(sought), Number(from ?? points.length), -1));
}

const ascii = (text: string, letters: RegExp, convert: (letter: string) => string): string =>
  text.replace(letters, convert);

function substring(text: string, start: bigint, end?: bigint): Result {
  const points = Array.from(text);
  const stop = end ?? BigInt(points.length);
  if (end !== undefined && start > stop) {
    return new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  }
  if (start < 0n || start > points.length) return outside(start);
  if (stop < 0n || stop > points.length) return outside(stop);
  return points.slice(Number(start), Number(stop)).join('');
}

function split(text: string, separator: string, limit = -1n): Result {
  if (limit === 0n) return listOfStrings([]);
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  if (limit < 0n || parts.length <= limit) return listOfStrings(parts);
  const kept = Number(limit) - 1;
  return listOfStrings([...parts.slice(0, kept), parts.slice(kept).join(separator)]);
}

/** An empty text is found before every code point and at the end. */
function replace(text: string, sought: string, by: string, limit = -1n): string {
  const parts = sought === '' ? ['', ...Array.from(text), ''] : text.split(sought);
  const most = limit < 0n ? parts.length : Number(limit);
  return parts.reduce((sum, part, i) => sum + (i <= most ? by : sought) + part);
}

function join(list: ListValue, separator = ''): Result {
  const values = list.values();
  const parts = values.filter((each) => typeof each === 'string');
  if (parts.length === values.length) return parts.join(separator);
  const odd = values.find((each) => typeof each !== 'string');
  return new CelError(`join: invalid input: ${odd === undefined ? '' : shownKey(odd)}`);
}

/** The white space of Unicode: unlike in JavaScript with U+0085 and without U+FEFF. */
const space = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const around = new RegExp(`^${space}|${space}$`, 'g');

const escapes = new Map([
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
  ['"', '\\"'],
]);

export const quoteText = (text: string): string =>
  `"${Array.from(text.toWellFormed(), (point) => escapes.get(point) ?? point).join('')}"`;

type Run = Overload['call'];

/** A method with its last argument left out or given. */
function method(
  name: string,
  id: string,
  [least, extra]: readonly [readonly Type[], readonly Type[]],
  result: Type,
  run: (...args: never[]) => Result,
): FunctionDeclaration {
  const suffix = (types: readonly Type[]): string => types.map((type) => `_${type.kind}`).join('');
  const overloads = [member(`string_${id}${suffix(least)}`, [stringType, ...least], result, run as Run)];
  if (extra.length > 0) {
    const all = [...least, ...extra];
    overloads.push(member(`string_${id}${suffix(all)}`, [stringType, ...all], result, run as Run));
  }
  return declare(name, ...overloads);
}

const texts = listOf(stringType);

const functions: readonly FunctionDeclaration[] = [
  method('charAt', 'char_at', [[intType], []], stringType, charAt),
  method('indexOf', 'index_of', [[stringType], [intType]], intType, indexOf),
  method('lastIndexOf', 'last_index_of', [[stringType], [intType]], intType, lastIndexOf),
  method('lowerAscii', 'lower_ascii', [[], []], stringType, (text: string) =>
    ascii(text, /[A-Z]+/g, (letters) => letters.toLowerCase()),
  ),
  method('upperAscii', 'upper_ascii', [[], []], stringType, (text: string) =>
    ascii(text, /[a-z]+/g, (letters) => letters.toUpperCase()),
  ),
  method('replace', 'replace', [[stringType, stringType], [intType]], stringType, replace),
  method('split', 'split', [[stringType], [intType]], texts, split),
  method('substring', 'substring', [[intType], [intType]], stringType, substring),
  method('trim', 'trim', [[], []], stringType, (text: string) => text.replace(around, '')),
  declare(
    'join',
    member('list_join', [texts], stringType, join as Run),
    member('list_join_string', [texts, stringType], stringType, join as Run),
  ),
  declare(
    'strings.quote',
    overload('strings_quote', [stringType], stringType, (text) => quoteText(text as string)),
  ),
];

const reverse = method('reverse', 'reverse', [[], []], stringType, (text: string) =>
  Array.from(text).reverse().join(''),
);

export function stringsLibrary({ style, reverse: reverses }: StringsOptions): Library {
  const run = (text: Value | undefined, list: Value | undefined): Result =>
    formatText(text as string, (list as ListValue).values(), style);
  const format = declare('format', member('string_format', [stringType, listOf(dynType)], stringType, run));
  return { functions: [...functions, format, ...(reverses ? [reverse] : [])] };
}
