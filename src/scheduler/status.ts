// What the scheduler writes into a pod's status: why it waits, where it is promised room, that it must go.

import type { PodCondition } from '../kinds/generated/types/core-v1.ts';
import type { Pod } from '../kinds/core/pod.ts';

export interface Finding {
  readonly reason: 'Unschedulable' | 'SchedulerError';
  readonly message: string;
  /** The node it is promised room on; '' takes a promise back; undefined leaves it as it is. */
  readonly nominatedNode: string | undefined;
}

/** The patch of the pod's status that says so, or undefined when it says so already. */
export function planFinding(pod: Pod, finding: Finding, now: string): object | undefined {
  const { reason, message, nominatedNode } = finding;
  const condition = planCondition(pod, { type: 'PodScheduled', status: 'False', reason, message }, now);
  const current = pod.status?.nominatedNodeName ?? '';
  const promise = nominatedNode !== undefined && nominatedNode !== current;
  if (!condition && !promise) return undefined;
  return {
    ...(condition && { conditions: [condition] }),
    ...(promise && { nominatedNodeName: nominatedNode === '' ? null : nominatedNode }),
  };
}

/** The same for a pod that gives way to another. */
export function planDisruption(pod: Pod, scheduler: string, now: string): object | undefined {
  const message = `${scheduler}: preempting to accommodate a higher priority pod`;
  const wanted = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message } as const;
  const condition = planCondition(pod, wanted, now);
  return condition && { conditions: [condition] };
}

function planCondition(pod: Pod, wanted: Omit<PodCondition, 'lastTransitionTime'>, now: string): object | undefined {
  const current = pod.status?.conditions?.find(({ type }) => type === wanted.type);
  const { generation } = pod.metadata;
  const isSame =
    current?.status === wanted.status &&
    current.reason === wanted.reason &&
    current.message === wanted.message &&
    (generation === undefined || current.observedGeneration === generation);
  if (isSame) return undefined;
  const since = current?.status === wanted.status ? current.lastTransitionTime : undefined;
  return {
    ...wanted,
    lastProbeTime: null,
    lastTransitionTime: since ?? now,
    ...(generation !== undefined && { observedGeneration: generation }),
  };
}
