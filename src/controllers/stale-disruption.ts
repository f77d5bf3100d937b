// Takes back that a pod is about to be disrupted, when after two minutes nobody has deleted it.

import { minutes } from '../base/clock.ts';
import { formatTime, parseTime } from '../base/time.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { PodCondition } from '../kinds/generated/types/core-v1.ts';
import { defineController } from '../reconcile/controller.ts';
import { isActive, podCondition } from '../kinds/core/pod-facts.ts';

const timeout = minutes(2);

export const staleDisruptionController = defineController<Pod>({
  name: 'disruption-controller-stale-pods',
  for: Pod,

  async reconcile(pod, { clock, client }) {
    const since = disruptedSince(pod);
    if (since === undefined) return;
    const left = since + timeout - clock.now();
    if (left > 0) return { after: left };
    const news: PodCondition = {
      type: 'DisruptionTarget',
      status: 'False',
      lastTransitionTime: formatTime(clock.now()),
      ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    };
    const conditions = (pod.status?.conditions ?? []).map((each) => (each.type === news.type ? news : each));
    await client.updateStatus(Pod, { ...pod, status: { ...pod.status, conditions } });
    return;
  },
});

/** Undefined for a pod that is on its way out; and a kubelet's own terminations may take any time. */
export function disruptedSince(pod: Pod): number | undefined {
  const condition = podCondition(pod, 'DisruptionTarget');
  if (!isActive(pod) || condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined;
  return parseTime(condition.lastTransitionTime ?? '');
}
