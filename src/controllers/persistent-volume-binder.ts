// Keeps volumes' phases: free, bound, released when their claim is gone; released ones are kept, deleted or recycled.

import type { Reference } from '../api/object.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { Pod } from '../kinds/core/pod.ts';
import { type Context, defineController, type Lister, type Result, watching } from '../reconcile/controller.ts';
import { setPhase, unbind } from './persistent-volume/binding.ts';
import { podsByClaim } from './persistent-volume/claims.ts';
import { annotationOf, hasSameMode } from './persistent-volume/match.ts';
import { inTreeFinalizer, withDeletionFinalizer, withMigration } from './persistent-volume/migration.ts';
import { deletionOf } from './persistent-volume/plugins.ts';
import { recycle, recyclerOf } from './persistent-volume/recycle.ts';

export const volumeBinderController = defineController<PersistentVolume>({
  name: 'persistentvolume-binder-controller',
  source: 'persistentvolume-controller',
  for: PersistentVolume,
  watches: [
    watching(PersistentVolumeClaim, (claim, _previous, { lister }) => volumesOf(claim, lister(PersistentVolume))),
    watching(Pod, (pod) => {
      const name = recyclerOf(pod);
      return name === undefined ? [] : [{ name, namespace: '' }];
    }),
  ],
  indexes: [podsByClaim],

  async reconcile(volume, context) {
    const kept = withDeletionFinalizer(withMigration(volume, annotationOf(volume, 'provisionedBy')));
    if (kept !== volume) return void (await context.update(PersistentVolume, kept));
    const plan = planVolume(volume, context);
    switch (plan.do) {
      case 'mark':
        return void (await setPhase(volume, plan.phase, context));
      case 'complain':
        return complain(volume, plan.about, context);
      case 'release':
        return release(volume, context);
      case 'unbind':
        return unbind(volume, context);
      case 'rest':
        return undefined;
    }
  },
});

/** The volumes that name the claim, or that the claim names. */
const volumesOf = (claim: PersistentVolumeClaim, volumes: Lister<PersistentVolume>): Reference[] => {
  const { name, namespace } = claim.metadata;
  return volumes
    .list()
    .filter(({ spec, metadata }) => {
      const reference = spec?.claimRef;
      return (
        (reference?.name === name && reference?.namespace === namespace) || metadata.name === claim.spec?.volumeName
      );
    })
    .map(({ metadata }) => ({ name: metadata.name ?? '', namespace: '' }));
};

type Plan =
  | { readonly do: 'mark'; readonly phase: 'Available' | 'Bound' }
  | { readonly do: 'complain'; readonly about: PersistentVolumeClaim }
  | { readonly do: 'release' | 'unbind' | 'rest' };

export function planVolume(volume: PersistentVolume, { lister }: Pick<Context, 'lister'>): Plan {
  const { name = '', namespace = '', uid } = volume.spec?.claimRef ?? {};
  if (!uid) return { do: 'mark', phase: 'Available' };
  const claim = lister(PersistentVolumeClaim).get(name, namespace);
  if (claim?.metadata.uid !== uid) return { do: 'release' };
  const bound = claim.spec?.volumeName;
  if (bound === volume.metadata.name) return { do: 'mark', phase: 'Bound' };
  // The claim's side finishes what was begun, unless it never can.
  if (!bound) return hasSameMode(volume, claim) ? { do: 'rest' } : { do: 'complain', about: claim };
  const isSpare =
    annotationOf(volume, 'provisionedBy') !== undefined && volume.spec?.persistentVolumeReclaimPolicy === 'Delete';
  return { do: isSpare ? 'release' : 'unbind' };
}

function complain(volume: PersistentVolume, claim: PersistentVolumeClaim, { event }: Context): void {
  const told = (message: string) => ({ type: 'Warning', reason: 'VolumeMismatch', message }) as const;
  const [volumeName, claimName] = [volume.metadata.name, claim.metadata.name].map((name) => JSON.stringify(name));
  const why = 'due to incompatible volumeMode.';
  event(volume, told(`Cannot bind PersistentVolume to requested PersistentVolumeClaim ${claimName} ${why}`));
  event(
    { ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
    told(`Cannot bind PersistentVolume ${volumeName} to requested PersistentVolumeClaim ${why}`),
  );
}

/** Nobody has a claim to it any more: what was in the volume is kept, deleted or wiped, as its policy says. */
async function release(volume: PersistentVolume, context: Context): Promise<Result<PersistentVolume> | void> {
  const phase = volume.status?.phase;
  const released = phase === 'Released' || phase === 'Failed' ? volume : await setPhase(volume, 'Released', context);
  if (annotationOf(released, 'migratedTo')) return;
  const policy = released.spec?.persistentVolumeReclaimPolicy;
  if (policy === 'Delete') return remove(released, context);
  if (policy === 'Recycle') return recycle(released, context);
}

async function remove(volume: PersistentVolume, context: Context): Promise<void> {
  const deletion = deletionOf(volume);
  if (deletion === 'outside' || volume.metadata.deletionTimestamp) return;
  if (deletion === 'inside') {
    const finalizers = (volume.metadata.finalizers ?? []).filter((each) => each !== inTreeFinalizer);
    const isHeld = finalizers.length < (volume.metadata.finalizers ?? []).length;
    const free = { ...volume, metadata: { ...volume.metadata, finalizers } };
    return context.delete(PersistentVolume, isHeld ? await context.update(PersistentVolume, free) : volume);
  }
  if (volume.status?.phase === 'Failed') return;
  await setPhase(volume, 'Failed', context, deletion.fault);
  context.event(volume, { type: 'Warning', reason: 'VolumeFailedDelete', message: deletion.fault });
}
