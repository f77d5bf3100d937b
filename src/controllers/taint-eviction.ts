// Evicts pods from nodes with a NoExecute taint they do not tolerate, or not for that long.

import type { Duration, Instant } from '../base/clock.ts';
import { deepEqual } from '../base/equal.ts';
import { formatTime } from '../base/time.ts';
import { referenceTo } from '../client/client.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { PodCondition, Taint } from '../kinds/generated/types/core-v1.ts';
import { type Context, type Controller, defineController, watching } from '../reconcile/controller.ts';
import { podsByNode, podsOn } from './pods.ts';
import { tolerates, untolerated } from './taints.ts';
import { withoutCondition } from './statuses.ts';

/** How long the pod may stay on a node with these taints: 0 not at all, undefined for ever. */
export function staysFor({ spec: { tolerations = [] } }: Pod, taints: readonly Taint[]): Duration | undefined {
  if (taints.length === 0) return undefined;
  if (untolerated(taints, tolerations).length > 0) return 0;
  const used = tolerations.filter((toleration) => taints.some((taint) => tolerates(toleration, taint)));
  const limits = used.flatMap(({ tolerationSeconds }) =>
    tolerationSeconds === undefined ? [] : Number(tolerationSeconds),
  );
  return limits.length === 0 ? undefined : Math.max(0, Math.min(...limits)) * 1000;
}

const evicting = (node: Node | undefined): Taint[] =>
  (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');

/** The status of a pod that something is about to delete, with the condition that says why. */
export function withDisruption(pod: Pod, reason: string, message: string, now: Instant): NonNullable<Pod['status']> {
  const news: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    lastTransitionTime: formatTime(now),
    reason,
    message,
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
  };
  return { ...pod.status, conditions: [...withoutCondition(pod.status?.conditions, news.type), news] };
}

export function taintEvictionController(): Controller {
  /** Since when a pod has to live with such taints, by key and uid. */
  const since = new Map<string, { readonly uid: string; readonly at: Instant }>();

  function cancel(pod: Pod, key: string, context: Context): void {
    if (since.delete(key)) tell(pod, 'Cancelling deletion of Pod', context);
  }

  return defineController<Pod>({
    name: 'taint-eviction-controller',
    for: Pod,
    watches: [
      watching(Node, (node, previous, context) =>
        deepEqual(node.spec?.taints, previous?.spec?.taints)
          ? []
          : podsOn(node.metadata.name ?? '', context).map(referenceTo),
      ),
    ],
    indexes: [podsByNode],

    async reconcile(pod, context) {
      const key = `${pod.metadata.namespace}/${pod.metadata.name}`;
      const { uid = '', deletionTimestamp } = pod.metadata;
      if (!pod.spec.nodeName || deletionTimestamp) return;
      const limit = staysFor(pod, evicting(context.lister(Node).get(pod.spec.nodeName)));
      if (limit === undefined) return cancel(pod, key, context);
      const known = since.get(key);
      const start = known?.uid === uid ? known.at : context.clock.now();
      since.set(key, { uid, at: start });
      const left = start + limit - context.clock.now();
      if (left > 0) return { after: left };
      await evict(pod, context);
      return;
    },

    async gone({ namespace, name }) {
      since.delete(`${namespace}/${name}`);
    },
  });
}

const tell = (pod: Pod, what: string, context: Context): void =>
  context.event(pod, {
    reason: 'TaintManagerEviction',
    message: `${what} ${pod.metadata.namespace}/${pod.metadata.name}`,
  });

async function evict(pod: Pod, context: Context): Promise<void> {
  tell(pod, 'Marking for deletion Pod', context);
  const status = withDisruption(
    pod,
    'DeletionByTaintManager',
    'Taint manager: deleting due to NoExecute taint',
    context.clock.now(),
  );
  await context.client.updateStatus(Pod, { ...pod, status });
  await context.delete(Pod, pod);
}
