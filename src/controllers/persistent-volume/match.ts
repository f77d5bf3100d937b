// Which volume a claim gets: one that is reserved for it, or else the smallest free one that can do what it asks.

import { bytesOf } from '../../base/quantity.ts';
import { selectorOf } from '../../base/selectors.ts';
import type { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import type { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { classAnnotation } from '../../kinds/core/storage-text.ts';

export const annotations = {
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  boundByController: 'pv.kubernetes.io/bound-by-controller',
  provisionedBy: 'pv.kubernetes.io/provisioned-by',
  provisioner: 'volume.kubernetes.io/storage-provisioner',
  betaProvisioner: 'volume.beta.kubernetes.io/storage-provisioner',
  selectedNode: 'volume.kubernetes.io/selected-node',
} as const;

export const annotationOf = (
  { metadata }: PersistentVolumeClaim | PersistentVolume,
  name: keyof typeof annotations,
): string | undefined => metadata.annotations?.[annotations[name]];

export const classOf = ({ metadata, spec }: PersistentVolumeClaim | PersistentVolume): string =>
  metadata.annotations?.[classAnnotation] ?? spec?.storageClassName ?? '';

export const requestOf = ({ spec }: PersistentVolumeClaim): string => spec?.resources?.requests?.storage ?? '0';

const sizeOf = ({ spec }: PersistentVolume): number => bytesOf(spec?.capacity?.storage ?? '0');

/** The volume names the claim as its own; a reservation without uid is for any claim of the name. */
export function isReservedFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const reference = spec?.claimRef;
  return (
    reference !== undefined &&
    reference.name === metadata.name &&
    reference.namespace === metadata.namespace &&
    (!reference.uid || reference.uid === metadata.uid)
  );
}

/** Why the volume cannot serve the claim that asks for it by name, in upstream's words. */
export function mismatchOf(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (sizeOf(volume) < bytesOf(requestOf(claim))) return 'requested PV is too small';
  if (classOf(volume) !== classOf(claim)) return 'storageClassName does not match';
  if (!sameMode(volume, claim)) return 'incompatible volumeMode';
  if (!hasAccessModes(volume, claim)) return 'incompatible accessMode';
  return undefined;
}

const sameMode = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (volume.spec?.volumeMode ?? 'Filesystem') === (claim.spec?.volumeMode ?? 'Filesystem');

const hasAccessModes = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode));

/** Volumes that can do little are given away before those that can do more, and small ones before larger ones. */
export function bestMatch(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
): PersistentVolume | undefined {
  const fitting = volumes.filter((volume) => fits(volume, claim));
  const reserved = fitting.find((volume) => isReservedFor(volume, claim));
  return reserved ?? [...fitting].sort(byUse)[0];
}

function byUse(a: PersistentVolume, b: PersistentVolume): number {
  const modes = (volume: PersistentVolume) => volume.spec?.accessModes?.length ?? 0;
  return modes(a) - modes(b) || sizeOf(a) - sizeOf(b);
}

function fits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (volume.metadata.deletionTimestamp || !sameMode(volume, claim) || !hasAccessModes(volume, claim)) return false;
  if (sizeOf(volume) < bytesOf(requestOf(claim))) return false;
  if (isReservedFor(volume, claim)) return true;
  return (
    volume.spec?.claimRef === undefined &&
    volume.status?.phase === 'Available' &&
    classOf(volume) === classOf(claim) &&
    (volume.spec?.volumeAttributesClassName ?? '') === (claim.spec?.volumeAttributesClassName ?? '') &&
    selectorOf(claim.spec?.selector, 'everything').matches(volume.metadata.labels)
  );
}
