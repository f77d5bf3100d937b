// Keeps claims, volumes and classes of attributes that are being deleted until nobody uses them.

import type { KubeObject, Reference } from '../api/object.ts';
import type { Kind } from '../api/kind.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { Pod } from '../kinds/core/pod.ts';
import { VolumeAttributesClass } from '../kinds/storage/volume-attributes-class.ts';
import { type Context, defineController, indexing, watching } from '../reconcile/controller.ts';
import { claimsOf } from '../server/pod-references.ts';
import { claimNameOf, foreignClaim, podsByClaim, podsOfClaim } from './persistent-volume/claims.ts';

/** Who lives has the finalizer; who is being deleted loses it once nobody uses it. */
async function protect<T extends KubeObject>(
  kind: Kind<T>,
  object: T,
  { finalizer, isUsed, patch }: { finalizer: string; isUsed: () => boolean } & Pick<Context, 'patch'>,
): Promise<void> {
  const { uid, resourceVersion, deletionTimestamp, finalizers = [] } = object.metadata;
  const isHeld = finalizers.includes(finalizer);
  if (deletionTimestamp ? !isHeld || isUsed() : isHeld) return;
  const wanted = isHeld ? finalizers.filter((each) => each !== finalizer) : [...finalizers, finalizer];
  const metadata = { uid, resourceVersion, finalizers: wanted.length > 0 ? wanted : null };
  await patch(kind, object, { metadata }, { type: 'merge' });
}

/**
 * A pod that no node has yet does not hold a claim: no kubelet starts it once the claim is being deleted. Neither does one that the kubelet is
 * done with hold a claim of its own.
 */
const uses = (pod: Pod, claim: PersistentVolumeClaim): boolean =>
  Boolean(pod.spec.nodeName) &&
  (pod.spec.volumes ?? []).some(
    (volume) =>
      claimNameOf(pod, volume) === claim.metadata.name &&
      (volume.persistentVolumeClaim !== undefined || (!isShutDown(pod) && foreignClaim(pod, claim) === undefined)),
  );

const isShutDown = ({ metadata }: Pod): boolean =>
  metadata.deletionTimestamp !== undefined && Number(metadata.deletionGracePeriodSeconds) === 0;

export const claimProtectionController = defineController<PersistentVolumeClaim>({
  name: 'persistentvolumeclaim-protection-controller',
  for: PersistentVolumeClaim,
  watches: [watching(Pod, (pod) => claimsOf(pod).map((name) => ({ name, namespace: pod.metadata.namespace ?? '' })))],
  indexes: [podsByClaim],

  async reconcile(claim, context) {
    await protect(PersistentVolumeClaim, claim, {
      finalizer: 'kubernetes.io/pvc-protection',
      isUsed: () => podsOfClaim(claim, context).some((pod) => uses(pod, claim)),
      patch: context.patch,
    });
  },
});

export const volumeProtectionController = defineController<PersistentVolume>({
  name: 'persistentvolume-protection-controller',
  for: PersistentVolume,

  async reconcile(volume, { patch }) {
    await protect(PersistentVolume, volume, {
      finalizer: 'kubernetes.io/pv-protection',
      isUsed: () => volume.status?.phase === 'Bound',
      patch,
    });
  },
});

const attributesOf = ({ spec, status }: PersistentVolumeClaim): string[] =>
  [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].flatMap((name) => name || []);

const volumesByAttributes = indexing({
  kind: PersistentVolume,
  name: 'spec.volumeAttributesClassName',
  keys: ({ spec }) => (spec?.volumeAttributesClassName ? [spec.volumeAttributesClassName] : []),
});

const claimsByAttributes = indexing({
  kind: PersistentVolumeClaim,
  name: 'volumeAttributesClassNames',
  keys: (claim) => [...new Set(attributesOf(claim))],
});

const named = (names: readonly (string | undefined)[]): Reference[] =>
  names.flatMap((name) => (name ? [{ name, namespace: '' }] : []));

export const attributesProtectionController = defineController<VolumeAttributesClass>({
  name: 'volumeattributesclass-protection-controller',
  for: VolumeAttributesClass,
  watches: [
    watching(PersistentVolume, ({ spec }, previous) =>
      named([spec?.volumeAttributesClassName, previous?.spec?.volumeAttributesClassName]),
    ),
    watching(PersistentVolumeClaim, (claim, previous) =>
      named([...attributesOf(claim), ...(previous ? attributesOf(previous) : [])]),
    ),
  ],
  indexes: [volumesByAttributes, claimsByAttributes],

  async reconcile(attributes, { lister, patch }) {
    const { name = '' } = attributes.metadata;
    await protect(VolumeAttributesClass, attributes, {
      finalizer: 'kubernetes.io/vac-protection',
      isUsed: () =>
        lister(PersistentVolume).indexed(volumesByAttributes.name, name).length > 0 ||
        lister(PersistentVolumeClaim).indexed(claimsByAttributes.name, name).length > 0,
      patch,
    });
  },
});
