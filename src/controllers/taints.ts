// Taints and tolerations: which taints a node's conditions call for, and whom they keep away.

import type { Node } from '../kinds/core/node.ts';
import type { Taint, Toleration } from '../kinds/generated/types/core-v1.ts';

export const notReady = 'node.kubernetes.io/not-ready';
export const unreachable = 'node.kubernetes.io/unreachable';
export const unschedulable = 'node.kubernetes.io/unschedulable';

type Effect = Taint['effect'];

const sameTaint = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;

/** Taint keys that follow a condition's status. */
const byCondition: readonly (readonly [type: string, status: string, key: string])[] = [
  ['Ready', 'False', notReady],
  ['Ready', 'Unknown', unreachable],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
];

const conditionKeys: ReadonlySet<string> = new Set([...byCondition.map(([, , key]) => key), unschedulable]);

/** The NoSchedule taints a node should have for what it says about itself. */
export function noScheduleTaints({ spec, status }: Node): Taint[] {
  const keys = byCondition
    .filter(([type, wanted]) => status?.conditions?.some((each) => each.type === type && each.status === wanted))
    .map(([, , key]) => key);
  return [...keys, ...(spec?.unschedulable ? [unschedulable] : [])].map((key) => ({ key, effect: 'NoSchedule' }));
}

/** Those of the taints that follow conditions with this effect. */
export const isConditionTaint =
  (effect: Effect) =>
  (taint: Taint): boolean =>
    taint.effect === effect &&
    (effect === 'NoSchedule' ? conditionKeys.has(taint.key) : taint.key === notReady || taint.key === unreachable);

/** The taints with exactly these among those `ours` speaks for; what is new is dated. Undefined when nothing changes. */
export function adjustedTaints(
  taints: readonly Taint[],
  wanted: readonly Taint[],
  ours: (taint: Taint) => boolean,
  now: string,
): Taint[] | undefined {
  const kept = taints.filter((taint) => !ours(taint) || wanted.some((each) => sameTaint(each, taint)));
  const added = wanted.filter((each) => !taints.some((taint) => sameTaint(taint, each)));
  if (added.length === 0 && kept.length === taints.length) return undefined;
  return [...kept, ...added.map((taint) => ({ ...taint, timeAdded: now }))];
}

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  if (!toleration.key) return false;
  return (toleration.value ?? '') === (taint.value ?? '');
}

/** The taints no toleration covers. */
export const untolerated = (taints: readonly Taint[], tolerations: readonly Toleration[]): Taint[] =>
  taints.filter((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)));
