// What is said of a pod that fits nowhere: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s).`

import type { Refusal } from './plugin.ts';

/** Reasons counted over all nodes, sorted as text; `absent` holds for the nodes that no refusal is known of. */
export function availableMessage(total: number, refusals: ReadonlyMap<string, Refusal>, absent?: Refusal): string {
  const counted = countReasons(refusals.values());
  if (absent && refusals.size < total) {
    for (const reason of absent.reasons) counted.set(reason, (counted.get(reason) ?? 0) + total - refusals.size);
  }
  const reasons = [...counted].map(([reason, number]) => `${number} ${reason}`).sort();
  return `${headOf(total)}${reasons.length > 0 ? ` ${reasons.join(', ')}.` : ''}`;
}

/** The same when the pod itself rules out every node. */
export const refusedEverywhereMessage = (total: number, refusal: Refusal): string =>
  `${headOf(total)} ${refusal.reasons.join(', ')}.`;

const headOf = (total: number): string => `0/${total} nodes are available:`;

export function countReasons(refusals: Iterable<Refusal>): Map<string, number> {
  const counted = new Map<string, number>();
  for (const { reasons } of refusals) {
    for (const reason of reasons) counted.set(reason, (counted.get(reason) ?? 0) + 1);
  }
  return counted;
}
