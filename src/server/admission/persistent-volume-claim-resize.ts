// PersistentVolumeClaimResize: a claim grows only if its storage class says that its volumes can.

import { compareQuantities } from '../../base/quantity.ts';
import { forbidden } from '../../api/status.ts';
import type { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import { classAnnotation } from '../../kinds/core/storage-text.ts';
import { StorageClass } from '../../kinds/storage/storage-class.ts';
import { amountOf, amountsOf } from './amounts.ts';
import type { AdmissionPlugin } from './plugin.ts';

export const persistentVolumeClaimResize: AdmissionPlugin = {
  name: 'PersistentVolumeClaimResize',
  handles: ({ operation, kind, subresource }) =>
    operation === 'UPDATE' && kind.group === '' && kind.plural === 'persistentvolumeclaims' && subresource === '',

  async validate({ object, old, name }, world) {
    const [claim, before] = [object as unknown as PersistentVolumeClaim, old as PersistentVolumeClaim];
    if (compareQuantities(sizeOf(claim), sizeOf(before)) <= 0) return;
    const refused = (why: string) => forbidden({ group: '', resource: 'persistentvolumeclaims' }, name, why);
    if (before.status?.phase !== 'Bound') throw refused('Only bound persistent volume claims can be expanded');
    const className = claim.metadata.annotations?.[classAnnotation] ?? claim.spec?.storageClassName;
    const storageClass = className ? (await world.mirror(StorageClass)).get(className) : undefined;
    if (storageClass?.allowVolumeExpansion) return;
    throw refused(
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  },
};

const sizeOf = ({ spec }: PersistentVolumeClaim) => amountOf(amountsOf(spec?.resources?.requests), 'storage');
