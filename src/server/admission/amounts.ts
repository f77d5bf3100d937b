// Lists of amounts by resource name (`{cpu: 250m, memory: 1Gi}`), added up and compared exactly.

import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  subtractQuantities,
  zeroQuantity,
} from '../../base/quantity.ts';

/** By resource name. */
export type Amounts = ReadonlyMap<string, Quantity>;
export type MutableAmounts = Map<string, Quantity>;

type Texts = Readonly<Record<string, string>>;

export const amountsOf = (texts: Texts | undefined): MutableAmounts =>
  new Map(Object.entries(texts ?? {}).map(([name, text]) => [name, parseQuantity(text)]));

/** As objects hold them, ordered by name. */
export const textsOf = (amounts: Amounts): Record<string, string> =>
  Object.fromEntries(namesOf(amounts).map((name) => [name, amountOf(amounts, name).text]));

export const namesOf = (amounts: Amounts): string[] => [...amounts.keys()].sort();

export const amountOf = (amounts: Amounts, name: string): Quantity => amounts.get(name) ?? zeroQuantity;

/** Adds to the first. */
export function addAmounts(to: MutableAmounts, amounts: Amounts): MutableAmounts {
  for (const [name, amount] of amounts) {
    const before = to.get(name);
    to.set(name, before ? addQuantities(before, amount) : amount);
  }
  return to;
}

export function differenceOf(after: Amounts, before: Amounts): MutableAmounts {
  const difference: MutableAmounts = new Map(after);
  for (const [name, amount] of before) difference.set(name, subtractQuantities(amountOf(after, name), amount));
  return difference;
}

/** Raises what is smaller in the first. */
export function raiseAmounts(to: MutableAmounts, amounts: Amounts): void {
  for (const [name, amount] of amounts) {
    const before = to.get(name);
    if (!before || compareQuantities(amount, before) > 0) to.set(name, amount);
  }
}

export const onlyThese = (amounts: Amounts, wanted: (name: string) => boolean): MutableAmounts =>
  new Map([...amounts].filter(([name]) => wanted(name)));

/** `cpu=2,memory=1Gi`, ordered by name, as upstream prints resource lists in refusals. */
export const printAmounts = (amounts: Amounts): string =>
  namesOf(amounts)
    .map((name) => `${name}=${amountOf(amounts, name).text}`)
    .join(',');
