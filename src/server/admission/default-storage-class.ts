// DefaultStorageClass: a claim that names no class gets the newest of those marked as default.

import { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import { StorageClass, isDefaultStorageClass } from '../../kinds/storage/storage-class.ts';
import type { Draft } from '../draft.ts';
import type { AdmissionPlugin } from './plugin.ts';

const legacyClass = 'volume.beta.kubernetes.io/storage-class';

export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && kind.plural === 'persistentvolumeclaims' && subresource === '',

  async mutate({ object }, world) {
    const claim = object as Draft & PersistentVolumeClaim;
    if (claim.spec.storageClassName !== undefined || claim.metadata.annotations?.[legacyClass] !== undefined) return;
    const chosen = newest((await world.mirror(StorageClass)).list().filter(isDefaultStorageClass));
    if (chosen) claim.spec.storageClassName = chosen.metadata.name as string;
  },
};

/** The newest; of equally old ones the first by name. */
function newest(classes: readonly StorageClass[]): StorageClass | undefined {
  const age = ({ metadata }: StorageClass) => metadata.creationTimestamp ?? '';
  return [...classes].sort((a, b) =>
    age(a) !== age(b) ? (age(a) > age(b) ? -1 : 1) : (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1,
  )[0];
}
