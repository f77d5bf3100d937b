// The four writes that bind a volume and a claim to each other; each is left out when it has been done already.

import { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import { compareAmounts } from '../../kinds/quantities.ts';
import type { Context } from '../../reconcile/controller.ts';
import { writeStatus } from '../statuses.ts';
import { annotationOf, annotations, isReservedFor } from './match.ts';

type Writes = Pick<Context, 'client' | 'update'>;

/** Everything but the claim's status is left out when it is done already; the first refusal ends it, and a later look goes on. */
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

/**
 * What a claim has is what its volume had when they were bound: growing, and other attributes, are told by whoever gives them. A volume that
 * has grown while its file system has not says how much of it can be used.
 */
export function boundStatus(
  { status = {} }: PersistentVolumeClaim,
  volume: PersistentVolume,
): NonNullable<PersistentVolumeClaim['status']> {
  const { accessModes = [], capacity = {}, volumeAttributesClassName } = volume.spec ?? {};
  const bound = { ...status, phase: 'Bound' as const, accessModes: [...accessModes] };
  if (status.phase === 'Bound') return bound;
  const usable = annotationOf(volume, 'preResizeCapacity');
  const had = usable === undefined ? { ...capacity } : { ...status.capacity, storage: usable };
  const isSame = usable === undefined && compareAmounts(status.capacity?.storage, capacity.storage) === 0;
  return {
    ...bound,
    capacity: isSame ? { ...status.capacity } : had,
    ...(status.phase === 'Pending' &&
      volumeAttributesClassName !== undefined && { currentVolumeAttributesClassName: volumeAttributesClassName }),
  };
}

/** The status of a claim that has no volume. */
export function unboundStatus(
  { status }: PersistentVolumeClaim,
  phase: 'Pending' | 'Lost',
): NonNullable<PersistentVolumeClaim['status']> {
  const { accessModes: _, capacity: __, currentVolumeAttributesClassName: ___, ...kept } = status ?? {};
  return { ...kept, phase };
}

/** Undoes a binding: what the controller bound is free again; who reserved the volume by hand keeps the reservation. */
export async function unbind(volume: PersistentVolume, writes: Writes): Promise<void> {
  const { [annotations.boundByController]: boundByController, ...kept } = volume.metadata.annotations ?? {};
  const { claimRef, ...spec } = volume.spec ?? {};
  const { uid: _, ...reservation } = claimRef ?? {};
  const freed = await writes.update(PersistentVolume, {
    ...volume,
    metadata: { ...volume.metadata, annotations: kept },
    spec: { ...spec, ...(boundByController === undefined && { claimRef: reservation }) },
  });
  await setPhase(freed, 'Available', writes);
}

export function withAnnotations<T extends PersistentVolume | PersistentVolumeClaim>(
  object: T,
  added: Readonly<Record<string, string>>,
): T {
  if (Object.keys(added).length === 0) return object;
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...added } } };
}

export type VolumePhase = NonNullable<NonNullable<PersistentVolume['status']>['phase']>;

/** A phase that is there already stays as it is, with its message. */
export async function setPhase(
  volume: PersistentVolume,
  phase: VolumePhase,
  writes: Pick<Writes, 'client'>,
  message?: string,
): Promise<PersistentVolume> {
  if (volume.status?.phase === phase) return volume;
  const { message: _, ...status } = volume.status ?? {};
  return writeStatus(writes, PersistentVolume, volume, { ...status, phase, ...(message && { message }) });
}
