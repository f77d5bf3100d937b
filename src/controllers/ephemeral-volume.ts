// Makes the claims that pods ask for themselves: one for each of their ephemeral volumes, gone with the pod.

import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { Volume } from '../kinds/generated/types/core-v1.ts';
import { defineController, watching } from '../reconcile/controller.ts';
import { controllerReference } from './ownership.ts';
import { controllerOf, isBeingDeleted, isFinished } from './pods.ts';

export const ephemeralVolumeController = defineController<Pod>({
  name: 'ephemeral-volume-controller',
  for: Pod,
  watches: [
    watching(PersistentVolumeClaim, (claim) => {
      const owner = controllerOf(claim);
      return owner?.kind === 'Pod' ? [{ name: owner.name, namespace: claim.metadata.namespace ?? '' }] : [];
    }),
  ],

  async reconcile(pod, { lister, create, event }) {
    if (isBeingDeleted(pod) || isFinished(pod)) return;
    for (const volume of (pod.spec.volumes ?? []).filter(({ ephemeral }) => ephemeral)) {
      const claim = claimFor(pod, volume);
      const present = lister(PersistentVolumeClaim).get(claim.metadata.name ?? '', pod.metadata.namespace);
      if (!present) await create(PersistentVolumeClaim, claim);
      else if (controllerOf(present)?.uid !== pod.metadata.uid) {
        const { namespace, name } = present.metadata;
        const why = `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`;
        event(pod, {
          type: 'Warning',
          reason: 'FailedBinding',
          message: `ephemeral volume ${JSON.stringify(volume.name)}: ${why}`,
        });
      }
    }
  },
});

function claimFor(pod: Pod, { name, ephemeral }: Volume): PersistentVolumeClaim {
  const { metadata = {}, spec } = ephemeral?.volumeClaimTemplate ?? {};
  return {
    metadata: {
      name: `${pod.metadata.name}-${name}`,
      namespace: pod.metadata.namespace ?? '',
      ...(metadata.labels && { labels: { ...metadata.labels } }),
      ...(metadata.annotations && { annotations: { ...metadata.annotations } }),
      ownerReferences: [controllerReference(Pod, pod)],
    },
    spec: structuredClone(spec ?? {}),
  };
}
