// What a volume means where it says nothing.

import type {
  DownwardAPIVolumeFile,
  PersistentVolumeClaimSpec,
  Volume,
  VolumeProjection,
} from '../generated/types/core-v1.ts';
import { roundAmounts } from '../quantities.ts';
import { pullPolicyOf } from './images.ts';

/** 0644: what files made from config maps, secrets and fields are readable by. */
const readableByAll = 0o644;

/** A volume of no kind, or of one this version does not know, is an empty directory. */
export function applyVolumeDefaults(volume: Volume): void {
  if (Object.entries(volume).every(([field, value]) => field === 'name' || value === undefined || value === null)) {
    volume.emptyDir = {};
  }
  if (volume.hostPath) volume.hostPath.type ??= '';
  if (volume.secret) volume.secret.defaultMode ??= readableByAll;
  if (volume.configMap) volume.configMap.defaultMode ??= readableByAll;
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= readableByAll;
    for (const file of volume.downwardAPI.items ?? []) applyDownwardDefaults(file);
  }
  if (volume.projected) {
    volume.projected.defaultMode ??= readableByAll;
    for (const source of volume.projected.sources ?? []) applyProjectionDefaults(source);
  }
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
  if (claim) applyClaimDefaults(claim);
  if (volume.image) volume.image.pullPolicy ||= pullPolicyOf(volume.image.reference ?? '');
  applyDiskDefaults(volume);
}

/** What a claim means where it says nothing. */
export function applyClaimDefaults(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= 'Filesystem';
  roundAmounts(spec.resources?.limits, spec.resources?.requests);
}

/** The network disks of old, which volumes and persistent volumes share. */
export function applyDiskDefaults(
  source: Pick<Volume, 'azureDisk'> & {
    iscsi?: { iscsiInterface?: string };
    rbd?: { pool?: string; user?: string; keyring?: string };
    scaleIO?: { storageMode?: string; fsType?: string };
  },
): void {
  if (source.iscsi) source.iscsi.iscsiInterface ||= 'default';
  if (source.rbd) {
    source.rbd.pool ||= 'rbd';
    source.rbd.user ||= 'admin';
    source.rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (source.scaleIO) {
    source.scaleIO.storageMode ||= 'ThinProvisioned';
    source.scaleIO.fsType ||= 'xfs';
  }
  if (source.azureDisk) {
    source.azureDisk.cachingMode ||= 'ReadWrite';
    source.azureDisk.kind ||= 'Shared';
    source.azureDisk.fsType ??= 'ext4';
    source.azureDisk.readOnly ??= false;
  }
}

function applyDownwardDefaults(file: DownwardAPIVolumeFile): void {
  if (file.fieldRef) file.fieldRef.apiVersion ||= 'v1';
}

function applyProjectionDefaults(source: VolumeProjection): void {
  for (const file of source.downwardAPI?.items ?? []) applyDownwardDefaults(file);
  if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600;
  if (source.podCertificate) source.podCertificate.maxExpirationSeconds ??= 86_400;
}
