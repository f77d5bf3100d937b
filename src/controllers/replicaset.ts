// ReplicaSets: so many pods of one template, adopted or made, and the right ones deleted when there are too many.

import { selectorOf } from '../base/selectors.ts';
import type { KubeObject } from '../api/object.ts';
import { ReplicaSet } from '../kinds/apps/replica-set.ts';
import { Pod } from '../kinds/core/pod.ts';
import { type Context, defineController, watching } from '../reconcile/controller.ts';
import { restFor } from './batches.ts';
import { couldAdopt } from './ownership.ts';
import { controllerOf, isActive } from '../kinds/core/pod-facts.ts';
import { reconcileReplicas, resultOf } from './replicas.ts';

const selects = (replicaSet: ReplicaSet) => selectorOf(replicaSet.spec.selector, 'nothing');

export const replicaSetController = defineController<ReplicaSet>({
  name: 'replicaset-controller',
  for: ReplicaSet,
  owns: [Pod],
  watches: [
    watching(Pod, (pod, _previous, { lister }) =>
      couldAdopt(pod, lister(ReplicaSet).list(pod.metadata.namespace), selects),
    ),
  ],

  rest: ({ status: { replicas = 0, terminatingReplicas = 0 } = {} }) => restFor(replicas + terminatingReplicas),

  async reconcile(replicaSet, context) {
    const { replicas, minReadySeconds, template } = replicaSet.spec;
    const { status, after } = await reconcileReplicas(context, {
      kind: ReplicaSet,
      owner: replicaSet,
      want: {
        replicas: replicas ?? 1,
        minReadySeconds: minReadySeconds ?? 0,
        selector: selects(replicaSet),
        template: template ?? {},
      },
      siblingsOn: siblings(replicaSet, context),
    });
    return resultOf<ReplicaSet>(status, after);
  },
});

/** Counts, once it is asked, the active pods per node of all ReplicaSets under the same Deployment. Nobody's ReplicaSet has no siblings. */
function siblings(replicaSet: ReplicaSet, { lister }: Pick<Context, 'lister'>): (node: string) => number {
  let counts: Map<string, number> | undefined;
  return (node) => (counts ??= podsPerNode(replicaSet, lister)).get(node) ?? 0;
}

function podsPerNode(replicaSet: ReplicaSet, lister: Context['lister']): Map<string, number> {
  const counts = new Map<string, number>();
  const owner = controllerOf(replicaSet);
  if (!owner) return counts;
  const parent: KubeObject = { metadata: { uid: owner.uid } };
  for (const sibling of lister(ReplicaSet).ownedBy(parent)) {
    for (const pod of lister(Pod).ownedBy(sibling)) {
      const node = pod.spec.nodeName ?? '';
      if (isActive(pod)) counts.set(node, (counts.get(node) ?? 0) + 1);
    }
  }
  return counts;
}
