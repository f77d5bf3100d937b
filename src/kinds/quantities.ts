// Amounts in objects, as text: compared and added without taking them apart at every place.

import * as quantity from '../base/quantity.ts';

const read = quantity.parseQuantity;
const one = 1_000_000_000n;
const nanos = (text: string | undefined): bigint => (text === undefined ? 0n : read(text).nanos);

/** Negative when the first is smaller, nought when they are equal. */
export const compareAmounts = (a: string | undefined, b: string | undefined): number =>
  nanos(a) < nanos(b) ? -1 : nanos(a) > nanos(b) ? 1 : 0;

export const isNegativeAmount = (text: string): boolean => nanos(text) < 0n;
export const isZeroAmount = (text: string | undefined): boolean => nanos(text) === 0n;
export const isWholeAmount = (text: string): boolean => nanos(text) % one === 0n;

/**
 * Whether there is a part of a whole in it. Kubernetes counts thousandths in 64 bits: what is beyond counts as none, or, written with more
 * digits than such a number has, as what its last 64 bits say.
 */
export function hasFraction(text: string): boolean {
  const thousandths = nanos(text) / 1_000_000n;
  const counted = BigInt.asIntN(64, thousandths);
  return counted % 1000n !== 0n && (counted === thousandths || text.replace(/\D/g, '').length > 18);
}

/** Whether `hugepages-2Mi` and the like can be given in this amount. What is no size divides nothing. */
export function isMultipleOf(text: string, size: string): boolean {
  const unit = /^\d+[A-Za-z]*$/.test(size) ? nanos(size) : 0n;
  return unit > 0n && nanos(text) % unit === 0n;
}

/** The sum, written as the first is. */
export const sumOfAmounts = (texts: readonly string[]): string =>
  texts.map(read).reduce(quantity.addQuantities, quantity.zeroQuantity).text;

/** How many times the second is in the first. */
export const ratioOf = (a: string, b: string): number => Number(nanos(a)) / Number(nanos(b));

const finest = 1_000_000n;

/** Amounts of resources are kept in thousandths at the finest, rounded up in place. */
export function roundAmounts(...all: (Record<string, string> | undefined)[]): void {
  for (const amounts of all) {
    for (const [name, text] of Object.entries(amounts ?? {})) {
      const amount = read(text);
      if (amounts && amount.nanos % finest !== 0n) amounts[name] = quantity.roundQuantityUp(amount, -3).text;
    }
  }
}
