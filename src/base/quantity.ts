// Amounts of resources as Kubernetes writes them (`250m`, `1536Mi`, `12e6`): exact numbers that remember how they were written.

import { ParseError } from './parse-error.ts';

/** How the number was written, which decides how it is written again. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

export interface Quantity {
  /** The amount in billionths, the finest there is. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
  /** As it is written out: canonical, except for a few forms that upstream keeps as they came ("+1", "0001Gi", "1e3"). */
  readonly text: string;
}

const decimal = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimalSuffix = new Map([...decimal].map(([suffix, exponent]) => [exponent, suffix]));

const nano = 1_000_000_000n;
const largestBinary = (2n ** 63n - 1n) * nano;
/** Beyond this an exponent is refused rather than computed; no resource is that large. */
const largestExponent = 1000;

export const zeroQuantity: Quantity = { nanos: 0n, format: 'DecimalSI', text: '0' };

const grammar = /^([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;

/**
 * Reads a quantity, without spaces around it. Finer than nano is rounded up, away from zero.
 * @throws ParseError in apimachinery's words
 */
export function parseQuantity(text: string): Quantity {
  const written = writtenQuantity(text);
  const size = written.format === 'BinarySI' ? binaryNanos(written) : decimalNanos(written);
  const nanos = written.negative ? -size : size;
  return isKept(written) ? { nanos, format: written.format, text } : quantityOf(nanos, written.format);
}

/**
 * The parts of a quantity's text.
 * @throws ParseError in apimachinery's words
 */
export function writtenQuantity(text: string): Written {
  const match = text === '' ? null : grammar.exec(text);
  if (!match) {
    throw new ParseError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  }
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  return {
    negative: sign === '-',
    digits: (whole || '0') + fraction,
    places: fraction.length,
    ...unitOf(suffix),
  };
}

interface Unit {
  readonly format: QuantityFormat;
  /** A power of ten, or of two for BinarySI. */
  readonly exponent: number;
}

export interface Written extends Unit {
  readonly negative: boolean;
  readonly digits: string;
  /** How many of the digits stood behind the point. */
  readonly places: number;
}

function unitOf(suffix: string): Unit {
  const known = decimal.get(suffix);
  if (known !== undefined) return { format: 'DecimalSI', exponent: known };
  const power = binary.indexOf(suffix);
  if (power > 0) return { format: 'BinarySI', exponent: power * 10 };
  const exponent = /^[eE]([-+]?[0-9]+)$/.exec(suffix)?.[1];
  if (exponent === undefined || Math.abs(Number(exponent)) > largestExponent) {
    throw new ParseError("unable to parse quantity's suffix");
  }
  return { format: 'DecimalExponent', exponent: Number(exponent) };
}

function decimalNanos({ digits, places, exponent }: Written): bigint {
  const scale = exponent - places + 9;
  return scale >= 0 ? BigInt(digits) * 10n ** BigInt(scale) : dividedUp(BigInt(digits), 10n ** BigInt(-scale));
}

function binaryNanos({ digits, places, exponent }: Written): bigint {
  const nanos = dividedUp((BigInt(digits) << BigInt(exponent)) * nano, 10n ** BigInt(places));
  return nanos > largestBinary ? largestBinary : nanos;
}

/** Division that rounds away from zero. */
function dividedUp(amount: bigint, by: bigint): bigint {
  const quotient = amount / by;
  if (amount % by === 0n) return quotient;
  return amount < 0n ? quotient - 1n : quotient + 1n;
}

/** Whether upstream keeps the amount as a 64-bit number and a power of ten: few enough digits, and nothing finer than nano. */
export function isSmall({ digits, places, format, exponent }: Written): boolean {
  if (format === 'BinarySI') return places === 0 && 15 - digits.length - Math.trunc(exponent * 0.3) - 1 >= 0;
  return digits.length <= 18 && exponent - places >= -9;
}

/** Whether upstream takes the text for canonical (its test is a cheap one) and so keeps it. */
export function isKept(written: Written): boolean {
  if (!isSmall(written)) return false;
  const { digits, places, format, exponent } = written;
  if (format === 'BinarySI') return BigInt(digits) % 8n !== 0n;
  return (exponent - places) % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

/** A quantity of this many billionths, written in canonical form. */
export function quantityOf(nanos: bigint, format: QuantityFormat): Quantity {
  return { nanos, format: nanos === 0n ? 'DecimalSI' : format, text: canonical(nanos, format) };
}

function canonical(nanos: bigint, format: QuantityFormat): string {
  if (nanos === 0n) return '0';
  const small = nanos > -1024n * nano && nanos < 1024n * nano;
  if (format === 'BinarySI' && !small && nanos % nano === 0n) return canonicalBinary(nanos / nano);
  return canonicalDecimal(nanos, format === 'DecimalExponent' ? format : 'DecimalSI');
}

function canonicalBinary(value: bigint): string {
  let power = 0;
  while (value % 1024n === 0n && power < binary.length - 1) {
    value /= 1024n;
    power++;
  }
  return `${value}${binary[power]}`;
}

function canonicalDecimal(value: bigint, format: QuantityFormat): string {
  let exponent = -9;
  while (value % 1000n === 0n) {
    value /= 1000n;
    exponent += 3;
  }
  const suffix = format === 'DecimalSI' ? decimalSuffix.get(exponent) : undefined;
  return `${value}${suffix ?? (exponent === 0 ? '' : `e${exponent}`)}`;
}

/** -1, 0 or 1. */
export const compareQuantities = (a: Quantity, b: Quantity): -1 | 0 | 1 =>
  a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;

/** A zero takes the other's way of writing. */
export const addQuantities = (a: Quantity, b: Quantity): Quantity =>
  quantityOf(a.nanos + b.nanos, a.nanos === 0n ? b.format : a.format);

export const subtractQuantities = (a: Quantity, b: Quantity): Quantity =>
  quantityOf(a.nanos - b.nanos, a.nanos === 0n ? b.format : a.format);

export const negateQuantity = (a: Quantity): Quantity => quantityOf(-a.nanos, a.format);

export const isZeroQuantity = (a: Quantity): boolean => a.nanos === 0n;

/** Whole units, rounded away from zero. */
export const quantityValue = (a: Quantity): number => Number(dividedUp(a.nanos, nano));

/** Thousandths, rounded away from zero. */
export const quantityMilliValue = (a: Quantity): number => Number(dividedUp(a.nanos, 1_000_000n));

/** Rounded up to a multiple of 10^scale (`-3`: to thousandths); what is already one stays as written. */
export function roundQuantityUp(a: Quantity, scale: number): Quantity {
  const step = 10n ** BigInt(scale + 9);
  return a.nanos % step === 0n ? a : quantityOf(dividedUp(a.nanos, step) * step, a.format);
}

/** A quantity of a whole number, as resource.NewQuantity makes it. */
export const quantityOfNumber = (value: number, format: QuantityFormat = 'DecimalSI'): Quantity =>
  quantityOf(BigInt(value) * nano, format);

export const quantityOfMilli = (milli: number, format: QuantityFormat = 'DecimalSI'): Quantity =>
  quantityOf(BigInt(milli) * 1_000_000n, format);

/** Thousandths of the quantity in the text: for hot paths over objects that are known to be valid. */
export const milliOf = remembered(quantityMilliValue);

/** Whole units of the quantity in the text: for hot paths over objects that are known to be valid. */
export const bytesOf = remembered(quantityValue);

function remembered(read: (quantity: Quantity) => number): (text: string) => number {
  const known = new Map<string, number>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const value = read(parseQuantity(text));
    if (known.size >= 10_000) known.clear();
    known.set(text, value);
    return value;
  };
}
