// Says of a claim that asks for more than it has that whoever keeps its volume must let it grow.

import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { compareAmounts } from '../kinds/quantities.ts';
import { type Controller, defineController, watching } from '../reconcile/controller.ts';
import { withAnnotations } from './persistent-volume/binding.ts';
import { annotationOf, annotations, requestOf } from './persistent-volume/match.ts';
import { movedPluginOf, successorOf } from './persistent-volume/migration.ts';

/** Whether a bound claim asks for more storage than it has. */
export const asksForMore = (claim: PersistentVolumeClaim): boolean =>
  claim.status?.phase === 'Bound' && compareAmounts(requestOf(claim), claim.status.capacity?.storage) > 0;

export function volumeExpandController(): Controller {
  /** What a claim asked for and had when it was last said that it grows, by its uid: said again only when one of them grows. */
  const told = new Map<string, { readonly request: string; readonly capacity: string }>();

  function isNews(claim: PersistentVolumeClaim): boolean {
    const { uid = '' } = claim.metadata;
    const before = told.get(uid);
    const now = { request: requestOf(claim), capacity: claim.status?.capacity?.storage ?? '0' };
    told.set(uid, now);
    return (
      before === undefined ||
      compareAmounts(now.request, before.request) > 0 ||
      compareAmounts(now.capacity, before.capacity) > 0
    );
  }

  return defineController<PersistentVolumeClaim>({
    name: 'volume-expand-controller',
    source: 'volume_expand',
    for: PersistentVolumeClaim,
    watches: [watching(PersistentVolume, () => [])],

    async reconcile(claim, { lister, event, update }) {
      const volume = lister(PersistentVolume).get(claim.spec?.volumeName ?? '');
      if (claim.status?.phase !== 'Bound' || !volume || volume.spec?.claimRef?.uid !== claim.metadata.uid) return;
      const isGrowing = asksForMore(claim) || annotationOf(volume, 'preResizeCapacity') !== undefined;
      if (!isGrowing) return void told.delete(claim.metadata.uid ?? '');
      if (!isNews(claim)) return;
      const moved = movedPluginOf(volume);
      const message = moved
        ? `CSI migration enabled for ${moved}; waiting for external resizer to expand the pvc`
        : 'waiting for an external controller to expand this PVC';
      event(claim, { reason: 'ExternalExpanding', message });
      const resizer = moved && successorOf(moved);
      if (resizer && annotationOf(claim, 'resizer') !== resizer)
        await update(PersistentVolumeClaim, withAnnotations(claim, { [annotations.resizer]: resizer }));
    },
  });
}
