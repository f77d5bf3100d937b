// ReplicationControllers: what there was before ReplicaSets; the same plan with a selector of plain labels.

import { nothing, selectorFromSet } from '../base/selectors.ts';
import { Pod } from '../kinds/core/pod.ts';
import { ReplicationController } from '../kinds/core/replication-controller.ts';
import { defineController, watching } from '../reconcile/controller.ts';
import { restFor } from './batches.ts';
import { couldAdopt } from './ownership.ts';
import { reconcileReplicas, resultOf } from './replicas.ts';

const selects = ({ spec }: ReplicationController) => (spec.selector ? selectorFromSet(spec.selector) : nothing);

export const replicationController = defineController<ReplicationController>({
  name: 'replication-controller',
  for: ReplicationController,
  owns: [Pod],
  watches: [
    watching(Pod, (pod, _previous, { lister }) =>
      couldAdopt(pod, lister(ReplicationController).list(pod.metadata.namespace), selects),
    ),
  ],

  rest: ({ status }) => restFor(status?.replicas),

  async reconcile(controller, context) {
    const { replicas, minReadySeconds, template } = controller.spec;
    const { status, after } = await reconcileReplicas(context, {
      kind: ReplicationController,
      owner: controller,
      want: {
        replicas: replicas ?? 1,
        minReadySeconds: minReadySeconds ?? 0,
        selector: selects(controller),
        template: template ?? {},
      },
    });
    const { terminatingReplicas: _, ...own } = status;
    return resultOf<ReplicationController>(own, after);
  },
});
