// How claims count: one each and the storage they ask for, in all and by storage class.

import { quantityOfNumber } from '../../../base/quantity.ts';
import type { PersistentVolumeClaim } from '../../../kinds/core/persistent-volume-claim.ts';
import { classAnnotation } from '../../../kinds/core/storage-text.ts';
import { type MutableAmounts, amountsOf, raiseAmounts } from '../amounts.ts';
import { evaluator } from './evaluator.ts';
import { namesMatch } from './pods.ts';

const one = quantityOfNumber(1);
const plain = ['count/persistentvolumeclaims', 'persistentvolumeclaims', 'requests.storage'];
const ofClass = '.storageclass.storage.k8s.io/';

export const claimEvaluator = evaluator<PersistentVolumeClaim>({
  handlesUpdates: 'always',
  counts: (name) =>
    plain.includes(name) ||
    name.endsWith(`${ofClass}requests.storage`) ||
    name.endsWith(`${ofClass}persistentvolumeclaims`),

  usage(claim) {
    const storageClass = claim.metadata.annotations?.[classAnnotation] ?? claim.spec?.storageClassName;
    const used: MutableAmounts = new Map([
      ['count/persistentvolumeclaims', one],
      ['persistentvolumeclaims', one],
    ]);
    if (storageClass) used.set(`${storageClass}${ofClass}persistentvolumeclaims`, one);
    const storage = storageOf(claim);
    if (!storage) return used;
    used.set('requests.storage', storage);
    if (storageClass) used.set(`${storageClass}${ofClass}requests.storage`, storage);
    return used;
  },

  isInScope: ({ spec, status }, scope) =>
    scope.scopeName === 'VolumeAttributesClass' &&
    [spec?.volumeAttributesClassName, status?.currentVolumeAttributesClassName].some((name) => namesMatch(name, scope)),
});

/** What is asked for, or what is allocated while that is still more. */
function storageOf({ spec, status }: PersistentVolumeClaim) {
  const asked = amountsOf(spec?.resources?.requests);
  if (!asked.has('storage')) return undefined;
  raiseAmounts(asked, amountsOf(status?.allocatedResources));
  return asked.get('storage');
}
