// Whole numbers of 64 bits: a number where JavaScript's hold it exactly, a bigint beyond. Types say `number` all the same, since hardly any
// value is ever so large: whoever calculates with one that a client may choose takes `Number(value)` of it.

/** Of decimal digits, perhaps behind a minus. What 64 bits do not hold becomes the nearest double, as in Go. */
export function wholeNumber(digits: string): number {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : inBits(BigInt(digits), number);
}

/** Of a bigint that may be small. */
export const wholeOf = (value: bigint): number =>
  Number.isSafeInteger(Number(value)) ? Number(value) : inBits(value, Number(value));

const inBits = (value: bigint, nearest: number): number =>
  BigInt.asIntN(64, value) === value ? (value as unknown as number) : nearest;

/** Whether a JSON value is a number, of either kind. */
export const isNumeric = (value: unknown): value is number => typeof value === 'number' || typeof value === 'bigint';

/** JSON.parse that keeps whole numbers exact. */
export function parseExactly(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return (JSON.parse as ParseWithSource)(text, (_, value, context) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? wholeNumber(context?.source ?? '')
      : value,
  );
}

type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context?: { readonly source?: string }) => unknown,
) => unknown;

/** Lets JSON.stringify print bigints as the numbers they are, for the whole process: it would throw. Called once by who makes a server. */
export function printBigints(): void {
  const prototype = BigInt.prototype as { toJSON?: () => unknown };
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
  prototype.toJSON ??= function (this: bigint) {
    return rawJSON(String(this));
  };
}
