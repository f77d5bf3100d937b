// Removes pods nobody will remove: of nodes that are no more, never placed and asked to go, finished ones beyond counting.

import { type Instant, seconds } from '../base/clock.ts';
import { referenceTo } from '../client/client.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { type Context, type Controller, defineController, watching } from '../reconcile/controller.ts';
import { podsOn } from './node-lifecycle.ts';
import { isFinished } from './pods.ts';
import { withDisruption } from './taint-eviction.ts';

/** How long a node may be missing before its pods are given up. */
const quarantine = seconds(40);
/** So many finished pods are kept: `--terminated-pod-gc-threshold`. */
const keptFinished = 12_500;
const outOfService = 'node.kubernetes.io/out-of-service';

export function podGarbageCollector(): Controller {
  /** Since when a node is missing, by its name. */
  const missingSince = new Map<string, Instant>();

  return defineController<Pod>({
    name: 'pod-garbage-collector-controller',
    for: Pod,
    watches: [watching(Node, (node, _previous, context) => podsOn(node.metadata.name ?? '', context).map(referenceTo))],

    async reconcile(pod, context) {
      const { nodeName } = pod.spec;
      const leaving = pod.metadata.deletionTimestamp !== undefined;
      if (!nodeName) {
        if (leaving) await remove(pod, undefined, context);
        else await removeSurplus(pod, context);
        return;
      }
      const node = context.lister(Node).get(nodeName);
      if (!node) {
        const since = missingSince.get(nodeName) ?? context.clock.now();
        missingSince.set(nodeName, since);
        const left = since + quarantine - context.clock.now();
        if (left > 0) return { after: left };
        await remove(pod, 'PodGC: node no longer exists', context);
        return;
      }
      missingSince.delete(nodeName);
      if (leaving && isOutOfService(node)) await remove(pod, 'PodGC: node is out of service', context);
      else await removeSurplus(pod, context);
      return;
    },
  });
}

const isOutOfService = ({ spec, status }: Node): boolean =>
  (spec?.taints ?? []).some(({ key }) => key === outOfService) &&
  !status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');

/** Ends the pod at once; one whose end needs a reason gets it, and fails. */
async function remove(pod: Pod, why: string | undefined, context: Context): Promise<void> {
  if (why && !isFinished(pod)) {
    const status = withDisruption(pod, 'DeletionByPodGC', why, context.clock.now());
    await context.client.updateStatus(Pod, { ...pod, status: { ...status, phase: 'Failed' } });
  }
  await context.delete(Pod, pod, { gracePeriodSeconds: 0 });
}

async function removeSurplus(pod: Pod, context: Context): Promise<void> {
  const all = context.lister(Pod).list();
  if (!isFinished(pod) || all.length <= keptFinished) return;
  const finished = all.filter(isFinished);
  const oldest = [...finished].sort((a, b) =>
    (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1,
  );
  for (const surplus of oldest.slice(0, finished.length - keptFinished)) await remove(surplus, undefined, context);
}
