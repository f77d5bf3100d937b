// `intOrString` values: a number, or a percentage of something.

import { ParseError } from './parse-error.ts';

export type IntOrString = number | string;

/** What Go's strconv.Atoi says of a text that is no integer. */
const notAnInteger = (text: string) => `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;

/**
 * The number itself, or the percentage of `total`, rounded up or down.
 * @throws ParseError in apimachinery's words for a text that is no percentage
 */
export function scaledValue(value: IntOrString | undefined, total: number, round: 'up' | 'down'): number {
  if (value === undefined) throw new ParseError('nil value for IntOrString');
  if (typeof value === 'number') return value;
  if (!value.endsWith('%'))
    throw new ParseError('invalid value for IntOrString: invalid type: string is not a percentage');
  const digits = value.slice(0, -1);
  if (!/^[+-]?\d+$/.test(digits)) {
    throw new ParseError(
      `invalid value for IntOrString: invalid value ${JSON.stringify(value)}: ${notAnInteger(digits)}`,
    );
  }
  const share = (Number(digits) * total) / 100;
  return round === 'up' ? Math.ceil(share) : Math.floor(share);
}

/** The number in a percentage (`25%` is 25); undefined for anything else. */
export function percentOf(value: IntOrString | undefined): number | undefined {
  const digits = typeof value === 'string' ? /^(\d+)%$/.exec(value)?.[1] : undefined;
  return digits === undefined ? undefined : Number(digits);
}
