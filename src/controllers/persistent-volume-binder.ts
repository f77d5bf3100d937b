// Keeps volumes' phases: free, bound, released when their claim is gone; released ones are kept or reclaimed.

import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { type Context, defineController, watching } from '../reconcile/controller.ts';
import { setPhase } from './persistent-volume/binding.ts';
import { annotationOf, annotations } from './persistent-volume/match.ts';

export const volumeBinderController = defineController<PersistentVolume>({
  name: 'persistentvolume-binder-controller',
  for: PersistentVolume,
  watches: [
    watching(PersistentVolumeClaim, (claim, _previous, { lister }) => {
      const { name, namespace } = claim.metadata;
      return lister(PersistentVolume)
        .list()
        .filter(({ spec, metadata }) => {
          const reference = spec?.claimRef;
          return (
            (reference?.name === name && reference?.namespace === namespace) || metadata.name === claim.spec?.volumeName
          );
        })
        .map(({ metadata }) => ({ name: metadata.name ?? '', namespace: '' }));
    }),
  ],

  async reconcile(volume, context) {
    const { name = '', namespace = '', uid } = volume.spec?.claimRef ?? {};
    if (!uid) {
      await setPhase(volume, 'Available', context);
      return;
    }
    const claim = context.lister(PersistentVolumeClaim).get(name, namespace);
    if (claim?.metadata.uid !== uid) return release(volume, context);
    if (claim.spec?.volumeName === volume.metadata.name) await setPhase(volume, 'Bound', context);
    else if (claim.spec?.volumeName) await letGo(volume, context);
  },
});

/** The claim is gone: what was in the volume is kept, or deleted as its policy says. */
async function release(volume: PersistentVolume, context: Context): Promise<void> {
  const phase = volume.status?.phase;
  const released = phase === 'Released' || phase === 'Failed' ? volume : await setPhase(volume, 'Released', context);
  if (volume.spec?.persistentVolumeReclaimPolicy !== 'Delete') return;
  // Whoever provisioned the volume deletes it.
  if (annotationOf(volume, 'provisionedBy') !== undefined) return;
  const obstacle = obstacleToDeletion(released);
  if (obstacle === undefined) return context.delete(PersistentVolume, released);
  if (released.status?.phase === 'Failed') return;
  await setPhase(released, 'Failed', context, obstacle);
  context.event(released, { type: 'Warning', reason: 'VolumeFailedDelete', message: obstacle });
}

/** Of volumes that nobody provisioned only directories below /tmp can be deleted, as upstream does. */
function obstacleToDeletion({ metadata, spec }: PersistentVolume): string | undefined {
  if (!spec?.hostPath)
    return `error getting deleter volume plugin for volume ${JSON.stringify(metadata.name)}: no deletable volume plugin matched`;
  return /^\/tmp\/.+/.test(spec.hostPath.path)
    ? undefined
    : `host_path deleter only supports /tmp/.+ but received provided ${spec.hostPath.path}`;
}

/** The claim got another volume: this one is free again. Who reserved it by hand keeps the reservation. */
async function letGo(volume: PersistentVolume, context: Context): Promise<void> {
  const reserved = annotationOf(volume, 'boundByController') === undefined;
  const { [annotations.boundByController]: _, ...kept } = volume.metadata.annotations ?? {};
  const { claimRef, ...spec } = volume.spec ?? {};
  const { uid: __, resourceVersion: ___, ...name } = claimRef ?? {};
  const freed = await context.update(PersistentVolume, {
    ...volume,
    metadata: { ...volume.metadata, annotations: kept },
    spec: { ...spec, ...(reserved && { claimRef: name }) },
  });
  await setPhase(freed, 'Available', context);
}
