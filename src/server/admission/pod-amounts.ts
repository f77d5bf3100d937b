// What a pod asks for, and may use, as a whole: its containers together, or an init container where that is more.

import type { Pod } from '../../kinds/core/pod.ts';
import { isZeroQuantity } from '../../base/quantity.ts';
import { addAmounts, type Amounts, amountsOf, type MutableAmounts, raiseAmounts } from './amounts.ts';

type Which = 'requests' | 'limits';

/** Containers and sidecars together, an init container if that is more, or what is said of the pod as a whole. */
export function containerTotals({ spec }: Pod, which: Which): MutableAmounts {
  const total: MutableAmounts = new Map();
  const sidecars: MutableAmounts = new Map();
  const starting: MutableAmounts = new Map();
  for (const { resources } of spec.containers ?? []) addAmounts(total, amountsOf(resources?.[which]));
  for (const { resources, restartPolicy } of spec.initContainers ?? []) {
    const own = amountsOf(resources?.[which]);
    if (restartPolicy === 'Always') {
      addAmounts(total, own);
      addAmounts(sidecars, own);
      raiseAmounts(starting, sidecars);
    } else raiseAmounts(starting, addAmounts(own, sidecars));
  }
  raiseAmounts(total, starting);
  for (const [name, amount] of amountsOf(spec.resources?.[which])) if (isPodLevel(name)) total.set(name, amount);
  return total;
}

/** Resources that may be given for a pod as a whole. */
const isPodLevel = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

/** The totals with the overhead of the pod's runtime, which counts only against limits that there are. */
export function podTotals(pod: Pod, which: Which): Amounts {
  const total = containerTotals(pod, which);
  const overhead = amountsOf(pod.spec.overhead);
  if (which === 'limits') for (const name of [...overhead.keys()]) if (isNone(total, name)) overhead.delete(name);
  return addAmounts(total, overhead);
}

function isNone(amounts: Amounts, name: string): boolean {
  const amount = amounts.get(name);
  return amount === undefined || isZeroQuantity(amount);
}
