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

class Refusal extends Error {}

export function formatText(pattern: string, args: readonly Value[], style: FormatStyle): Result {
  let next = 0;
  const clause = /%(?:%|(?:\.(\d+))?([^]?))/gu;
  try {
    return pattern.replace(clause, (whole: string, precision: string | undefined, verb: string | undefined) => {
      if (whole === '%%') return '%';
      if (!verb) throw new Refusal('unexpected end of string');
      if (!verbs.has(verb)) {
        throw new Refusal(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
      }
      const arg = args[next++];
      if (arg === undefined) throw new Refusal(`index ${next - 1} out of range`);
      return written(verb, arg, precision === undefined ? 6 : Number(precision), style);
    });
  } catch (failure) {
    if (failure instanceof Refusal) return new CelError(failure.message);
    throw failure;
  }
}

const verbs = new Set('sdfebxXo');

function written(verb: string, arg: Value, precision: number, style: FormatStyle): string {
  switch (verb) {
    case 's':
      return asString(arg, style, false);
    case 'd':
      return asDecimal(arg);
    case 'f':
      return asFixed(arg, precision, style);
    case 'e':
      return asScientific(arg, precision, style);
    case 'b':
      return asBinary(arg);
    case 'o':
      return asInteger(arg, 8, 'octal clause can only be used on integers');
    default:
      return asHexadecimal(arg, verb === 'X');
  }
}

const refuse = (arg: Value, message: string): never => {
  throw new Refusal(`error during formatting: ${message}, was given ${typeNameOf(arg)}`);
};

const integerOf = (arg: Value): bigint | undefined =>
  typeof arg === 'bigint' ? arg : arg instanceof Uint ? arg.value : undefined;

/** NaN and the infinities have names; undefined: it is an ordinary number. */
function nameOfSpecial(arg: number): string | undefined {
  if (Number.isNaN(arg)) return 'NaN';
  return Number.isFinite(arg) ? undefined : arg > 0 ? 'Infinity' : '-Infinity';
}

function asInteger(arg: Value, radix: number, message: string): string {
  return integerOf(arg)?.toString(radix) ?? refuse(arg, message);
}

function asDecimal(arg: Value): string {
  const special = typeof arg === 'number' ? nameOfSpecial(arg) : undefined;
  return special ?? asInteger(arg, 10, 'decimal clause can only be used on integers');
}

const asBinary = (arg: Value): string =>
  typeof arg === 'boolean'
    ? String(Number(arg))
    : asInteger(arg, 2, 'only integers and bools can be formatted as binary');

function asHexadecimal(arg: Value, upper: boolean): string {
  const text = hexadecimal(arg);
  return upper ? text.toUpperCase() : text;
}

function hexadecimal(arg: Value): string {
  const bytes = typeof arg === 'string' ? encodeText(arg) : arg;
  if (bytes instanceof Uint8Array) return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return asInteger(arg, 16, 'only integers, byte buffers, and strings can be formatted as hex');
}

function doubleOf(arg: Value, clause: string): number {
  if (typeof arg === 'number') return arg;
  const integer = integerOf(arg);
  if (integer !== undefined) return Number(integer);
  return refuse(arg, `${clause} clause can only be used on doubles`);
}

function asFixed(arg: Value, precision: number, style: FormatStyle): string {
  const value = doubleOf(arg, 'fixed-point');
  const text = nameOfSpecial(value) ?? fixed(value, precision);
  return style === 'kubernetes' ? text.replace(/\d(?=(?:\d{3})+(?:\.|$))(?<!\.\d*)/g, '$&,') : text;
}

function asScientific(arg: Value, precision: number, style: FormatStyle): string {
  const value = doubleOf(arg, 'scientific');
  const special = nameOfSpecial(value);
  if (special) return special;
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

const stringSorts =
  'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps';

function asString(arg: Value, style: FormatStyle, within: boolean): string {
  if (arg instanceof ListValue) {
    return `[${arg.values().map((item) => asString(item, style, true)).join(', ')}]`;
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
  return integerOf(arg)?.toString() ?? refuse(arg, stringSorts);
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
