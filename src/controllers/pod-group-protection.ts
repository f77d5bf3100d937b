// Keeps groups of pods that are being deleted until no pod is in them that may still run.

import { Pod } from '../kinds/core/pod.ts';
import { PodGroup } from '../kinds/scheduling/pod-group.ts';
import { defineController, watching } from '../reconcile/controller.ts';
import { podGroupFinalizer } from '../server/admission/pod-group-protection.ts';
import { isFinished } from '../kinds/core/pod-facts.ts';

const groupOf = ({ spec }: Pod): string | undefined => spec.schedulingGroup?.podGroupName;

export const podGroupProtectionController = defineController<PodGroup>({
  name: 'podgroup-protection-controller',
  for: PodGroup,
  watches: [
    watching(Pod, (pod) => {
      const name = groupOf(pod);
      return name ? [{ name, namespace: pod.metadata.namespace ?? '' }] : [];
    }),
  ],

  async reconcile(group, { lister, patch }) {
    const { name, namespace, uid, resourceVersion, deletionTimestamp, finalizers = [] } = group.metadata;
    if (!deletionTimestamp || !finalizers.includes(podGroupFinalizer)) return;
    const pods = lister(Pod).list(namespace);
    if (pods.some((pod) => groupOf(pod) === name && !isFinished(pod))) return;
    const others = finalizers.filter((each) => each !== podGroupFinalizer);
    const metadata = { uid, resourceVersion, finalizers: others.length > 0 ? others : null };
    await patch(PodGroup, group, { metadata }, { type: 'merge' });
  },
});
