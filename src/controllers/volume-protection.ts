// Keeps claims and volumes that are being deleted until nobody uses them.

import type { KubeObject } from '../api/object.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { Pod } from '../kinds/core/pod.ts';
import { defineController, watching } from '../reconcile/controller.ts';

const claimFinalizer = 'kubernetes.io/pvc-protection';
const volumeFinalizer = 'kubernetes.io/pv-protection';

/** The finalizers without this one; undefined when the object is not waiting for it. */
function released(
  { metadata: { deletionTimestamp, finalizers = [] } }: KubeObject,
  finalizer: string,
): string[] | undefined {
  if (!deletionTimestamp || !finalizers.includes(finalizer)) return undefined;
  return finalizers.filter((each) => each !== finalizer);
}

const patchOf = ({ metadata: { uid, resourceVersion } }: KubeObject, finalizers: readonly string[]) => ({
  metadata: { uid, resourceVersion, finalizers: finalizers.length > 0 ? finalizers : null },
});

/** The claims a pod mounts, those made for it alone included. */
export const claimsOf = ({ spec, metadata }: Pod): string[] =>
  (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) =>
    persistentVolumeClaim ? [persistentVolumeClaim.claimName] : ephemeral ? [`${metadata.name}-${name}`] : [],
  );

/** A pod that no node has yet does not hold a claim: no kubelet starts it once the claim is being deleted. */
export const uses = (pod: Pod, claim: string): boolean =>
  pod.spec.nodeName !== undefined && claimsOf(pod).includes(claim);

export const claimProtectionController = defineController<PersistentVolumeClaim>({
  name: 'persistentvolumeclaim-protection-controller',
  for: PersistentVolumeClaim,
  watches: [watching(Pod, (pod) => claimsOf(pod).map((name) => ({ name, namespace: pod.metadata.namespace ?? '' })))],

  async reconcile(claim, { lister, patch }) {
    const finalizers = released(claim, claimFinalizer);
    const { name = '', namespace } = claim.metadata;
    if (
      !finalizers ||
      lister(Pod)
        .list(namespace)
        .some((pod) => uses(pod, name))
    )
      return;
    await patch(PersistentVolumeClaim, claim, patchOf(claim, finalizers), { type: 'merge' });
  },
});

export const volumeProtectionController = defineController<PersistentVolume>({
  name: 'persistentvolume-protection-controller',
  for: PersistentVolume,

  async reconcile(volume, { patch }) {
    const finalizers = released(volume, volumeFinalizer);
    if (!finalizers || volume.status?.phase === 'Bound') return;
    await patch(PersistentVolume, volume, patchOf(volume, finalizers), { type: 'merge' });
  },
});
