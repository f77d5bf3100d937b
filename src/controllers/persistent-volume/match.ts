// Which volume a claim gets: one that is reserved for it, or else the smallest free one that can do what it asks.

import { type Selector, selectorOf } from '../../base/selectors.ts';
import type { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import type { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { accessModesText, classAnnotation } from '../../kinds/core/storage-text.ts';
import { compareAmounts } from '../../kinds/quantities.ts';

export const annotations = {
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  boundByController: 'pv.kubernetes.io/bound-by-controller',
  provisionedBy: 'pv.kubernetes.io/provisioned-by',
  migratedTo: 'pv.kubernetes.io/migrated-to',
  provisioner: 'volume.kubernetes.io/storage-provisioner',
  betaProvisioner: 'volume.beta.kubernetes.io/storage-provisioner',
  selectedNode: 'volume.kubernetes.io/selected-node',
  resizer: 'volume.kubernetes.io/storage-resizer',
  /** On a volume that has grown while its file system has not: how large the claim's was. */
  preResizeCapacity: 'volume.alpha.kubernetes.io/pre-resize-capacity',
} as const;

export const annotationOf = (
  { metadata }: PersistentVolumeClaim | PersistentVolume,
  name: keyof typeof annotations,
): string | undefined => metadata.annotations?.[annotations[name]];

export const classOf = ({ metadata, spec }: PersistentVolumeClaim | PersistentVolume): string =>
  metadata.annotations?.[classAnnotation] ?? spec?.storageClassName ?? '';

export const requestOf = ({ spec }: PersistentVolumeClaim): string => spec?.resources?.requests?.storage ?? '0';

export const sizeOf = ({ spec }: PersistentVolume): string => spec?.capacity?.storage ?? '0';

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
  if (volume.metadata.deletionTimestamp)
    return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name)}`;
  if (isTooSmall(volume, claim)) return 'requested PV is too small';
  if (classOf(volume) !== classOf(claim)) return 'storageClassName does not match';
  if (!hasSameAttributes(volume, claim)) return 'volumeAttributesClassName does not match';
  if (!hasSameMode(volume, claim)) return 'incompatible volumeMode';
  if (!hasAccessModes(volume, claim)) return 'incompatible accessMode';
  return undefined;
}

export const hasSameMode = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (volume.spec?.volumeMode ?? 'Filesystem') === (claim.spec?.volumeMode ?? 'Filesystem');

const isTooSmall = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  compareAmounts(sizeOf(volume), requestOf(claim)) < 0;

const hasAccessModes = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode));

const hasSameAttributes = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (volume.spec?.volumeAttributesClassName ?? '') === (claim.spec?.volumeAttributesClassName ?? '');

/**
 * Of volumes with equal access modes a reserved one comes first, then the smallest; those that can do little are looked at before those that
 * can do more, so that such a one is given away even where one of the others is reserved.
 *
 * @param reservedOnly the scheduler chooses among the free ones
 */
export function bestMatch(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  { reservedOnly = false }: { readonly reservedOnly?: boolean } = {},
): PersistentVolume | undefined {
  const modes = (volume: PersistentVolume) => accessModesText(volume.spec?.accessModes);
  const count = (volume: PersistentVolume) => modes(volume).split(',').length;
  const selector = selectorOf(claim.spec?.selector, 'everything');
  const able = volumes
    .filter((volume) => canServe(volume, claim, selector) && (!reservedOnly || isReservedFor(volume, claim)))
    .sort((a, b) => count(a) - count(b) || (modes(a) < modes(b) ? -1 : modes(a) > modes(b) ? 1 : 0));
  const least = able.filter((volume) => modes(volume) === modes(able[0] as PersistentVolume));
  const reserved = least.find((volume) => isReservedFor(volume, claim));
  return reserved ?? least.sort((a, b) => compareAmounts(sizeOf(a), sizeOf(b)) || byName(a, b))[0];
}

const byName = (a: PersistentVolume, b: PersistentVolume): number =>
  (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;

function canServe(volume: PersistentVolume, claim: PersistentVolumeClaim, selector: Selector): boolean {
  if (volume.metadata.deletionTimestamp || isTooSmall(volume, claim)) return false;
  if (!hasSameMode(volume, claim) || !hasSameAttributes(volume, claim) || !hasAccessModes(volume, claim)) return false;
  if (isReservedFor(volume, claim)) return true;
  return (
    volume.spec?.claimRef === undefined &&
    volume.status?.phase === 'Available' &&
    classOf(volume) === classOf(claim) &&
    selector.matches(volume.metadata.labels)
  );
}
