// `'%s has %d'.format([name, count])`: the clauses, and how each sort of value is written.

import { decodeText, encodeText } from '../bytes.ts';
import { compareText, formatDouble } from '../text.ts';
import { formatSeconds, formatTimestamp } from '../time.ts';
import {
  CelError,
  Duration,
  ListValue,
  MapValue,
  type Result,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../values.ts';

/** `newest`: `1.5e+03`, `[a, b]`. `kubernetes`: as the second version of the extension, `1.5×10⁰³`, `["a", "b"]`. */
export type FormatStyle = 'newest' | 'kubernetes';

interface Clause {
  /** Kinds of types, as the checker knows them. */
  readonly kinds: readonly string[];
  readonly message: string;
}

const clause = (kinds: string, message: string): Clause => ({ kinds: kinds.split(' '), message });

const string = clause(
  'list map int uint double bool string timestamp bytes duration type null',
  'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
);
const hex = clause('int uint string bytes', 'only ints, uints, bytes, and strings can be formatted as hex');
const oldHex = clause('int uint string bytes', 'only integers, byte buffers, and strings can be formatted as hex');

/** What each clause takes. */
export const clauses: Readonly<Record<FormatStyle, Readonly<Record<string, Clause>>>> = {
  newest: {
    s: string,
    d: clause('int uint double', 'decimal clause can only be used on ints, uints, and doubles'),
    f: clause('int uint double', 'fixed-point clause can only be used on ints, uints, and doubles'),
    e: clause('int uint double', 'scientific clause can only be used on ints, uints, and doubles'),
    b: clause('int uint bool', 'only ints, uints, and bools can be formatted as binary'),
    o: clause('int uint', 'octal clause can only be used on ints and uints'),
    x: hex,
    X: hex,
  },
  kubernetes: {
    s: string,
    d: clause('int uint', 'decimal clause can only be used on integers'),
    f: clause('double string', 'fixed-point clause can only be used on doubles'),
    e: clause('double string', 'scientific clause can only be used on doubles'),
    b: clause('int uint bool', 'only integers and bools can be formatted as binary'),
    o: clause('int uint', 'octal clause can only be used on integers'),
    x: oldHex,
    X: oldHex,
  },
};

class Refusal extends Error {}

export function formatText(pattern: string, args: readonly Value[], style: FormatStyle): Result {
  try {
    return replaceClauses(pattern, style, (verb, precision, place) => {
      const arg = args[place];
      if (arg === undefined) throw new Refusal(`index ${place} out of range`);
      const text = written(verb, arg, precision, style);
      if (text !== undefined) return text;
      throw new Refusal(refusal(clauses[style][verb] as Clause, typeNameOf(arg)));
    });
  } catch (failure) {
    if (failure instanceof Refusal) return new CelError(failure.message);
    throw failure;
  }
}

export const refusal = ({ message }: Clause, type: string): string =>
  `error during formatting: ${message}, was given ${type}`;

type Write = (verb: string, precision: number, place: number) => string;

function replaceClauses(pattern: string, style: FormatStyle, write: Write): string {
  let next = 0;
  return pattern.replace(/%(?:%|(?:\.(\d+))?([^]?))/gu, (whole: string, precision?: string, verb?: string) => {
    if (whole === '%%') return '%';
    if (!verb) throw new Refusal('unexpected end of string');
    if (clauses[style][verb] === undefined) {
      throw new Refusal(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
    }
    return write(verb, precision === undefined ? 6 : Number(precision), next++);
  });
}

/** The verbs of a pattern, in order; a text: what is wrong with it. */
export function verbsOf(pattern: string, style: FormatStyle): readonly string[] | string {
  const verbs: string[] = [];
  try {
    replaceClauses(pattern, style, (verb) => {
      verbs.push(verb);
      return '';
    });
    return verbs;
  } catch (failure) {
    if (failure instanceof Refusal) return failure.message;
    throw failure;
  }
}

/** Undefined: the clause does not take it. */
function written(verb: string, arg: Value, precision: number, style: FormatStyle): string | undefined {
  switch (verb) {
    case 's':
      return asString(arg, style, false);
    case 'd':
      return typeof arg === 'number' && style === 'newest' ? nameOfSpecial(arg) : integerOf(arg)?.toString();
    case 'f':
      return asFixed(arg, precision, style);
    case 'e':
      return asScientific(arg, precision, style);
    case 'b':
      return typeof arg === 'boolean' ? String(Number(arg)) : integerOf(arg)?.toString(2);
    case 'o':
      return integerOf(arg)?.toString(8);
    default:
      return verb === 'X' ? hexadecimal(arg)?.toUpperCase() : hexadecimal(arg);
  }
}

const integerOf = (arg: Value): bigint | undefined =>
  typeof arg === 'bigint' ? arg : arg instanceof Uint ? arg.value : undefined;

/** NaN and the infinities have names; undefined: it is an ordinary number. */
function nameOfSpecial(arg: number): string | undefined {
  if (Number.isNaN(arg)) return 'NaN';
  return Number.isFinite(arg) ? undefined : arg > 0 ? 'Infinity' : '-Infinity';
}

function hexadecimal(arg: Value): string | undefined {
  const bytes = typeof arg === 'string' ? encodeText(arg) : arg;
  if (bytes instanceof Uint8Array) return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return integerOf(arg)?.toString(16);
}

/** A number, or the name of one that is none; in the newest style integers too. */
function doubleOf(arg: Value, style: FormatStyle): number | string | undefined {
  if (typeof arg === 'number') return nameOfSpecial(arg) ?? arg;
  if (typeof arg === 'string') return ['NaN', 'Infinity', '-Infinity'].includes(arg) ? arg : undefined;
  const integer = style === 'newest' ? integerOf(arg) : undefined;
  return integer === undefined ? undefined : Number(integer);
}

function asFixed(arg: Value, precision: number, style: FormatStyle): string | undefined {
  const value = doubleOf(arg, style);
  if (typeof value !== 'number') return value;
  const text = fixed(value, precision);
  return style === 'kubernetes' ? text.replace(/\d(?=(?:\d{3})+(?:\.|$))(?<!\.\d*)/g, '$&,') : text;
}

function asScientific(arg: Value, precision: number, style: FormatStyle): string | undefined {
  const value = doubleOf(arg, style);
  if (typeof value !== 'number') return value;
  const [mantissa = '', exponent = '0'] = value.toExponential(precision).split('e');
  const digits = exponent.slice(1).padStart(2, '0');
  const sign = exponent.startsWith('-') ? '-' : '+';
  return style === 'newest' ? `${mantissa}e${sign}${digits}` : `${mantissa}×10${raised(sign, digits)}`;
}

const raised = (sign: string, digits: string): string =>
  (sign === '-' ? '⁻' : '') + Array.from(digits, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(digit))).join('');

/** With that many places, a tie going to the even digit: JavaScript's own goes up. */
export function fixed(value: number, places: number): string {
  const size = Math.abs(value);
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, size);
  const bits = view.getBigUint64(0);
  const exponent = Number(bits >> 52n) || 1;
  const fraction = (bits & 0xf_ffff_ffff_ffffn) | (bits >> 52n ? 1n << 52n : 0n);
  const shift = BigInt(1075 - exponent);
  const scaled = fraction * 10n ** BigInt(places);
  const digits = String(shift <= 0n ? scaled << -shift : halfEven(scaled, 1n << shift)).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return places === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-places)}`;
}

function halfEven(amount: bigint, by: bigint): bigint {
  const [quotient, rest] = [amount / by, (amount % by) * 2n];
  return rest > by || (rest === by && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

function asString(arg: Value, style: FormatStyle, within: boolean): string {
  if (arg instanceof ListValue) {
    return `[${arg
      .values()
      .map((item) => asString(item, style, true))
      .join(', ')}]`;
  }
  if (arg instanceof MapValue) return mapText(arg, style);
  const text = plainText(arg, style, within);
  return style === 'kubernetes' && within ? quotedWithin(arg, text) : text;
}

function plainText(arg: Value, style: FormatStyle, within: boolean): string {
  if (arg === null || typeof arg === 'string' || typeof arg === 'boolean') return String(arg);
  if (typeof arg === 'number') {
    return nameOfSpecial(arg) ?? (style === 'kubernetes' && within ? fixed(arg, 6) : formatDouble(arg));
  }
  if (arg instanceof Uint8Array) return decodeText(arg) ?? '';
  if (arg instanceof Timestamp) return formatTimestamp(arg);
  if (arg instanceof Duration) return formatSeconds(arg);
  if (arg instanceof TypeValue) return style === 'kubernetes' && within ? `type(${arg.name})` : arg.name;
  const integer = integerOf(arg);
  if (integer === undefined) throw new Refusal(refusal(string, typeNameOf(arg)));
  return integer.toString();
}

function quotedWithin(arg: Value, text: string): string {
  if (arg instanceof Uint8Array) return `b${JSON.stringify(text)}`;
  if (typeof arg === 'string' || arg instanceof Timestamp || arg instanceof Duration) return JSON.stringify(text);
  return typeof arg === 'number' && !Number.isFinite(arg) ? JSON.stringify(text) : text;
}

/** In the order of the keys. */
function mapText(map: MapValue, style: FormatStyle): string {
  const colon = style === 'kubernetes' ? ':' : ': ';
  const entries = map.keys().map((key) => {
    const value = map.get(key);
    return [asString(key, style, true), asString(value === undefined ? null : value, style, true)] as const;
  });
  entries.sort(([a], [b]) => compareText(a, b));
  return `{${entries.map(([key, value]) => `${key}${colon}${value}`).join(', ')}}`;
}
