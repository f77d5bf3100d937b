// Removes pods nobody will remove: of nodes that are no more, never placed and asked to go, finished ones beyond counting.

import { type Duration, type Instant, seconds } from '../base/clock.ts';
import { referenceTo } from '../client/client.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { type Context, type Controller, defineController, watching } from '../reconcile/controller.ts';
import { isFinished } from '../kinds/core/pod-facts.ts';
import { podsByNode, podsOn } from './pods.ts';
import { withDisruption } from './taint-eviction.ts';

/** How long a node may be missing before its pods are given up. */
const quarantine = seconds(40);
/** Between two counts of the finished pods. */
const countInterval = seconds(20);
/** So many finished pods are kept: `--terminated-pod-gc-threshold`. */
const keptFinished = 12_500;
const outOfService = 'node.kubernetes.io/out-of-service';

export function podGarbageCollector(): Controller {
  /** Since when a node is missing, by its name. */
  const missingSince = new Map<string, Instant>();
  let lastCount = Number.NEGATIVE_INFINITY;

  /** Deletes what is too much; after a recent count, says when to count again. */
  async function removeSurplus(pod: Pod, context: Context): Promise<{ after: Duration } | void> {
    if (!isFinished(pod)) return;
    const now = context.clock.now();
    const wait = lastCount + countInterval - now;
    if (wait > 0) return { after: wait };
    lastCount = now;
    for (const surplus of surplusOf(context.lister(Pod).list())) await remove(surplus, surplus.status, context);
  }

  return defineController<Pod>({
    name: 'pod-garbage-collector-controller',
    for: Pod,
    watches: [
      watching(Node, (node, previous, context) =>
        previous && isOutOfService(node) === isOutOfService(previous)
          ? []
          : podsOn(node.metadata.name ?? '', context).map(referenceTo),
      ),
    ],
    indexes: [podsByNode],

    async reconcile(pod, context) {
      const { nodeName } = pod.spec;
      const leaving = pod.metadata.deletionTimestamp !== undefined;
      if (!nodeName) {
        if (!leaving) return removeSurplus(pod, context);
        await remove(pod, pod.status, context);
        return;
      }
      const node = context.lister(Node).get(nodeName);
      if (!node) {
        const since = missingSince.get(nodeName) ?? context.clock.now();
        missingSince.set(nodeName, since);
        const left = since + quarantine - context.clock.now();
        if (left > 0) return { after: left };
        await remove(
          pod,
          withDisruption(pod, 'DeletionByPodGC', 'PodGC: node no longer exists', context.clock.now()),
          context,
        );
        return;
      }
      missingSince.delete(nodeName);
      if (!leaving || !isOutOfService(node)) return removeSurplus(pod, context);
      await remove(pod, pod.status, context);
      return;
    },
  });
}

const isOutOfService = ({ spec, status }: Node): boolean =>
  (spec?.taints ?? []).some(({ key }) => key === outOfService) &&
  !status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');

/** Ends the pod at once; one that has not ended fails, with this status. */
async function remove(pod: Pod, status: Pod['status'], context: Context): Promise<void> {
  if (!isFinished(pod)) {
    const { generation } = pod.metadata;
    const failed = { ...status, phase: 'Failed' as const, ...(generation && { observedGeneration: generation }) };
    await context.client.updateStatus(Pod, { ...pod, status: failed });
  }
  await context.delete(Pod, pod, { gracePeriodSeconds: 0 });
}

/** Of the finished pods as many as there are too many: evicted ones first, then the oldest. */
export function surplusOf(pods: readonly Pod[], kept = keptFinished): readonly Pod[] {
  if (pods.length <= kept) return [];
  const finished = pods.filter(isFinished);
  const rank = ({ metadata: { creationTimestamp = '', name = '' }, status }: Pod) =>
    `${status?.phase === 'Failed' && status.reason === 'Evicted' ? 0 : 1} ${creationTimestamp} ${name}`;
  finished.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return finished.slice(0, Math.max(0, finished.length - kept));
}
