// DefaultStorageClass: a claim that names no class gets the newest of those marked as default.

import { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import { hasClass } from '../../kinds/core/storage-text.ts';
import { StorageClass, defaultClassOf } from '../../kinds/storage/storage-class.ts';
import type { Draft } from '../draft.ts';
import type { AdmissionPlugin } from './plugin.ts';

export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && kind.plural === 'persistentvolumeclaims' && subresource === '',

  async mutate({ object }, world) {
    const claim = object as Draft & PersistentVolumeClaim;
    if (hasClass(claim)) return;
    const chosen = defaultClassOf((await world.mirror(StorageClass)).list());
    if (chosen) claim.spec.storageClassName = chosen.metadata.name as string;
  },
};
