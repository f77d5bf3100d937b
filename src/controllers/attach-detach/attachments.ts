// VolumeAttachments by the volumes they attach.

import type { Reference } from '../../api/object.ts';
import type { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { VolumeAttachment } from '../../kinds/storage/volume-attachment.ts';
import { type Context, indexing } from '../../reconcile/controller.ts';

export const attachmentsByVolume = indexing({
  kind: VolumeAttachment,
  name: 'spec.source.persistentVolumeName',
  keys: ({ spec }) => (spec.source.persistentVolumeName ? [spec.source.persistentVolumeName] : []),
});

/** The attachments of a volume, for controllers that have `attachmentsByVolume`. */
export const attachmentsOf = (
  { metadata }: Pick<PersistentVolume, 'metadata'>,
  { lister }: Pick<Context, 'lister'>,
): readonly VolumeAttachment[] => lister(VolumeAttachment).indexed(attachmentsByVolume.name, metadata.name ?? '');

/** The volume that is attached; none where the attachment is of a volume in a pod. */
export const attachedVolume = ({ spec: { source } }: VolumeAttachment): Reference[] =>
  source.persistentVolumeName ? [{ name: source.persistentVolumeName, namespace: '' }] : [];
