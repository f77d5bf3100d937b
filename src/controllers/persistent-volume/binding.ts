// The four writes that bind a volume and a claim to each other; each is left out when it has been done already.

import { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import type { Context } from '../../reconcile/controller.ts';
import { writeStatus } from '../statuses.ts';
import { annotationOf, annotations, isReservedFor } from './match.ts';

type Writes = Pick<Context, 'client' | 'update'>;

export async function bind(volume: PersistentVolume, claim: PersistentVolumeClaim, writes: Writes): Promise<void> {
  const reserved = await reserve(volume, claim, writes);
  await setPhase(reserved, 'Bound', writes);
  const named = await name(claim, reserved, writes);
  await writeStatus(writes, PersistentVolumeClaim, named, boundStatus(named, reserved));
}

/** The volume says whose it is. */
async function reserve(
  volume: PersistentVolume,
  claim: PersistentVolumeClaim,
  { update }: Writes,
): Promise<PersistentVolume> {
  const isOurs = isReservedFor(volume, claim);
  if (isOurs && volume.spec?.claimRef?.uid) return volume;
  const { name, namespace, uid, resourceVersion } = claim.metadata;
  const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', name, namespace, uid, resourceVersion };
  return update(PersistentVolume, {
    ...withAnnotations(volume, isOurs ? {} : { [annotations.boundByController]: 'yes' }),
    spec: { ...volume.spec, claimRef },
  } as PersistentVolume);
}

/** The claim says which volume is its own. */
async function name(
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
  { update }: Writes,
): Promise<PersistentVolumeClaim> {
  const isNamed = claim.spec?.volumeName === volume.metadata.name;
  if (isNamed && annotationOf(claim, 'bindCompleted') !== undefined) return claim;
  const added = {
    [annotations.bindCompleted]: 'yes',
    ...(isNamed ? {} : { [annotations.boundByController]: 'yes' }),
  };
  return update(PersistentVolumeClaim, {
    ...withAnnotations(claim, added),
    spec: { ...claim.spec, volumeName: volume.metadata.name ?? '' },
  });
}

/** What a claim has is what its volume had when they were bound; growing is told by whoever lets it grow. */
function boundStatus({ status }: PersistentVolumeClaim, { spec }: PersistentVolume): PersistentVolumeClaim['status'] {
  if (status?.phase === 'Bound' && status.capacity) return status;
  return {
    ...status,
    phase: 'Bound',
    accessModes: [...(spec?.accessModes ?? [])],
    capacity: { ...spec?.capacity },
  };
}

export function withAnnotations<T extends PersistentVolume | PersistentVolumeClaim>(
  object: T,
  added: Readonly<Record<string, string>>,
): T {
  if (Object.keys(added).length === 0) return object;
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...added } } };
}

export type VolumePhase = NonNullable<NonNullable<PersistentVolume['status']>['phase']>;

export async function setPhase(
  volume: PersistentVolume,
  phase: VolumePhase,
  writes: Pick<Writes, 'client'>,
  message?: string,
): Promise<PersistentVolume> {
  if (volume.status?.phase === phase && (volume.status.message ?? '') === (message ?? '')) return volume;
  const { message: _, ...status } = volume.status ?? {};
  return writeStatus(writes, PersistentVolume, volume, { ...status, phase, ...(message && { message }) });
}
