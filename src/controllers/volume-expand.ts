// Says of a claim that asks for more than it has that whoever keeps its volume must let it grow.

import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { compareAmounts } from '../kinds/quantities.ts';
import { defineController, watching } from '../reconcile/controller.ts';

/** Whether a bound claim asks for more storage than it has. */
export const asksForMore = ({ spec, status }: PersistentVolumeClaim): boolean =>
  status?.phase === 'Bound' && compareAmounts(spec?.resources?.requests?.storage, status.capacity?.storage) > 0;

export const volumeExpandController = defineController<PersistentVolumeClaim>({
  name: 'volume_expand',
  for: PersistentVolumeClaim,
  watches: [watching(PersistentVolume, () => [])],

  async reconcile(claim, { lister, event }) {
    const volume = lister(PersistentVolume).get(claim.spec?.volumeName ?? '');
    // A claim that asked for less than its volume has anyway is not growing.
    const isGrowing =
      asksForMore(claim) &&
      compareAmounts(claim.spec?.resources?.requests?.storage, volume?.spec?.capacity?.storage) > 0;
    if (isGrowing)
      event(claim, {
        reason: 'ExternalExpanding',
        message: 'waiting for an external controller to expand this PVC',
      });
  },
});
