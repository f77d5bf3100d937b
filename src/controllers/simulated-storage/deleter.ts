// Deletes the volumes that were provisioned, once their claims are gone and nothing is attached any more, if the class said so.

import { referenceTo } from '../../client/client.ts';
import { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { VolumeAttachment } from '../../kinds/storage/volume-attachment.ts';
import { type Context, type Controller, defineController, watching } from '../../reconcile/controller.ts';
import { attachedVolume, attachmentsByVolume, attachmentsOf } from '../attach-detach/attachments.ts';
import { annotationOf } from '../persistent-volume/match.ts';
import { isInTree, provisionerFinalizer } from '../persistent-volume/migration.ts';
import { agent, finalizersPatch, type VolumeContents } from './driver.ts';

const isProvisioned = (volume: PersistentVolume): boolean => {
  const provisioner = annotationOf(volume, 'provisionedBy');
  if (provisioner === undefined) return false;
  return !isInTree(provisioner) || annotationOf(volume, 'migratedTo') !== undefined;
};

export const volumeDeleter = (contents: VolumeContents): Controller =>
  defineController<PersistentVolume>({
    name: 'portolan-volume-deleter',
    source: 'portolan-volume-provisioner',
    agent,
    for: PersistentVolume,
    watches: [watching(VolumeAttachment, attachedVolume)],
    indexes: [attachmentsByVolume],

    async reconcile(volume, context) {
      if (!isProvisioned(volume)) return;
      const isDeleted = volume.spec?.persistentVolumeReclaimPolicy === 'Delete';
      const isBeingDeleted = volume.metadata.deletionTimestamp !== undefined;
      const isHeld = volume.metadata.finalizers?.includes(provisionerFinalizer) ?? false;
      if (isDeleted && volume.status?.phase === 'Released' && (isHeld || !isBeingDeleted))
        return remove(volume, contents, context);
      // The finalizer follows the policy, which may be changed.
      const wanted = isDeleted ? !isBeingDeleted && { add: provisionerFinalizer } : { remove: provisionerFinalizer };
      const patch = wanted && finalizersPatch(volume, wanted);
      if (patch) await context.patch(PersistentVolume, volume, patch, { type: 'merge' });
    },
  });

async function remove(volume: PersistentVolume, contents: VolumeContents, context: Context): Promise<void> {
  const [attachment] = attachmentsOf(volume, context);
  if (attachment) {
    const message = `persistentvolume ${volume.metadata.name} is still attached to node ${attachment.spec.nodeName}`;
    return context.event(volume, { type: 'Warning', reason: 'VolumeFailedDelete', message });
  }
  contents.remove(volume.spec?.csi?.volumeHandle ?? '');
  if (!volume.metadata.deletionTimestamp) await context.delete(PersistentVolume, volume);
  const left = context.lister(PersistentVolume).get(referenceTo(volume).name);
  const patch = left && finalizersPatch(left, { remove: provisionerFinalizer });
  if (left && patch) await context.patch(PersistentVolume, left, patch, { type: 'merge' });
}
