// Amounts by the name of their resource, and as people write them.

import { quantityOfMilli, quantityOfNumber } from '../base/quantity.ts';
import type { NodeInfo } from './node-info.ts';
import type { Amounts } from './resources.ts';

/** CPU in thousandths, all else in whole units. */
export function amountOf(amounts: Amounts, resource: string): number {
  if (resource === 'cpu') return amounts.milliCPU;
  if (resource === 'memory') return amounts.memory;
  return resource === 'ephemeral-storage' ? amounts.ephemeralStorage : (amounts.scalars?.get(resource) ?? 0);
}

/** What nobody has asked for yet. */
export const freeOn = ({ allocatable, requested }: NodeInfo, resource: string): number =>
  Math.max(0, amountOf(allocatable, resource) - amountOf(requested, resource));

const mebi = 2 ** 20;

/** `250m`, `1536Mi`; sizes that are not whole mebibytes are rounded down to them. */
export function printAmount(resource: string, amount: number): string {
  if (resource === 'cpu') return quantityOfMilli(amount).text;
  const isSize = /^(memory|ephemeral-storage|hugepages-.+)$/.test(resource);
  if (!isSize || amount < mebi) return quantityOfNumber(amount).text;
  return quantityOfNumber(amount - (amount % mebi), 'BinarySI').text;
}
