// PersistentVolume: a piece of storage that a claim can have.

import { type Issue, forbiddenField, invalid, notSupported, required } from '../../api/issues.ts';
import { deepEqual } from '../../base/equal.ts';
import { isDns1123Subdomain } from '../../base/names.ts';
import { bytesOf } from '../../base/quantity.ts';
import { formatTime } from '../../base/time.ts';
import { backstepIssues, complain, immutable } from '../checks.ts';
import { ageColumn, nameColumn, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import { nodeExpressionWarnings } from '../node-labels.ts';
import { differenceOf } from '../diff.ts';
import type { PersistentVolumeSpec, PersistentVolume as Shape } from '../generated/types/core-v1.ts';
import { accessModeIssues, volumeModes } from '../pod-spec/claim-spec.ts';
import { internalVolumeSource, volumeSources } from '../pod-spec/internal-volume.ts';
import { nodeSelectorIssues } from '../pod-spec/scheduling.ts';
import { applyDiskDefaults } from '../pod-spec/volume-defaults.ts';
import { csiDriverIssues, sharedSourceIssues } from '../pod-spec/volume-sources.ts';
import { compareAmounts, roundAmounts } from '../quantities.ts';
import { accessModesText, classAnnotation, classAnnotationWarnings } from './storage-text.ts';

export type PersistentVolume = Shape;

const specField = (field: string) => ({ type: 'io.k8s.api.core.v1.PersistentVolumeSpec', field });
const statusField = (field: string) => ({ type: 'io.k8s.api.core.v1.PersistentVolumeStatus', field });

const optionsAnnotation = 'volume.beta.kubernetes.io/mount-options';

/** Sources that nothing mounts any more. */
const oldSources = [
  ['cephfs', 'cephfs: deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO: deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS: deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs: deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd: deprecated in v1.28, non-functional in v1.31+'],
] as const;

export const PersistentVolume = defineKind<PersistentVolume>('v1', 'PersistentVolume', {
  generation: 'none',
  returnsDeleted: true,
  applyDefaults({ spec }) {
    if (!spec) return;
    spec.persistentVolumeReclaimPolicy ||= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    roundAmounts(spec.capacity);
    if (spec.hostPath) spec.hostPath.type ??= '';
    applyDiskDefaults(spec);
  },
  prepareForCreate(volume, context) {
    volume.status = { phase: 'Pending', lastPhaseTransitionTime: formatTime(context.now()) };
  },
  prepareForStatusUpdate(volume, previous, context) {
    const { status } = volume;
    const before = previous.status;
    if (!status || status.phase === before?.phase) return;
    if (status.lastPhaseTransitionTime === before?.lastPhaseTransitionTime) {
      status.lastPhaseTransitionTime = formatTime(context.now());
    }
  },
  validate: ({ metadata, spec }) => volumeSpecIssues(spec, metadata.name ?? ''),
  validateUpdate: (next, previous, { enabled }) => [
    ...volumeSpecIssues(next.spec, next.metadata.name ?? ''),
    ...volumeSpecIssues(next.spec, next.metadata.name ?? ''),
    ...changeIssues(next.spec, previous.spec, enabled('MutablePVNodeAffinity')),
  ],
  warnings: (volume) => [
    ...classAnnotationWarnings(volume),
    ...(volume.metadata.annotations?.[optionsAnnotation] === undefined
      ? []
      : [`metadata.annotations[${optionsAnnotation}]: deprecated since v1.31; use "mountOptions" attribute instead`]),
    ...(volume.spec.persistentVolumeReclaimPolicy === 'Recycle'
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
        ]
      : []),
    ...(volume.spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap(({ matchExpressions }, i) =>
      nodeExpressionWarnings(matchExpressions, `spec.nodeAffinity.required.nodeSelectorTerms[${i}]`),
    ),
    ...oldSources.flatMap(([name, text]) => (volume.spec[name] ? [`spec.${text}`] : [])),
  ],
  columns: [
    nameColumn,
    textColumn('Capacity', specField('capacity'), ({ spec }) => spec.capacity?.storage ?? ''),
    textColumn('Access Modes', specField('accessModes'), ({ spec }) => accessModesText(spec.accessModes)),
    textColumn('Reclaim Policy', specField('persistentVolumeReclaimPolicy'), ({ spec }) => {
      return spec.persistentVolumeReclaimPolicy ?? '';
    }),
    textColumn('Status', statusField('phase'), ({ metadata, status }) => {
      return metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? '');
    }),
    textColumn('Claim', specField('claimRef'), ({ spec: { claimRef } }) => {
      return claimRef ? `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}` : '';
    }),
    textColumn('StorageClass', 'StorageClass of the pv', ({ metadata, spec }) => {
      return metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? '';
    }),
    textColumn('VolumeAttributesClass', 'VolumeAttributesClass of the pv', ({ spec }) => {
      return spec.volumeAttributesClassName ?? '<unset>';
    }),
    textColumn('Reason', statusField('reason'), ({ status }) => status?.reason ?? ''),
    ageColumn,
    wide(textColumn('VolumeMode', specField('volumeMode'), ({ spec }) => spec.volumeMode ?? '<unset>')),
  ],
});

const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];

function volumeSpecIssues(spec: PersistentVolumeSpec, name: string): Issue[] {
  const issues = accessModeIssues(spec.accessModes ?? [], 'spec.accessModes');
  if ((spec.accessModes ?? []).length === 0) issues.push(required('spec.accessModes'));
  issues.push(...capacityIssues(spec.capacity));
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy && !reclaimPolicies.includes(policy)) {
    issues.push(notSupported('spec.persistentVolumeReclaimPolicy', policy, reclaimPolicies));
  }
  if (spec.nodeAffinity) issues.push(...affinityIssues(spec.nodeAffinity));
  issues.push(...sourcesIssues(spec, name));
  if (isRoot(spec.hostPath?.path) && policy === 'Recycle') {
    const rule = "may not be 'recycle' for a hostPath mount of '/'";
    issues.push(forbiddenField('spec.persistentVolumeReclaimPolicy', rule));
  }
  if (spec.storageClassName)
    issues.push(...complain('spec.storageClassName', spec.storageClassName, isDns1123Subdomain));
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
    issues.push(notSupported('spec.volumeMode', spec.volumeMode, volumeModes));
  }
  return [...issues, ...attributesClassIssues(spec)];
}

const isRoot = (path: string | undefined): boolean => path !== undefined && /^\/(\.?\/)*\.?$/.test(path);

function capacityIssues(capacity: Readonly<Record<string, string>> | undefined): Issue[] {
  const field = 'spec.capacity';
  const names = Object.keys(capacity ?? {});
  const issues = names.length === 0 ? [required(field)] : [];
  if (capacity?.storage === undefined || names.length > 1) {
    const shown = capacity && Object.fromEntries(names.sort().map((name) => [name, capacity[name]]));
    issues.push(notSupported(field, shown ?? null, ['storage']));
  }
  for (const [name, amount] of Object.entries(capacity ?? {})) {
    const sign = compareAmounts(amount, '0');
    if (sign < 0) issues.push(invalid(`${field}[${name}]`, bytesOf(amount), 'must be a valid resource quantity'));
    if (sign <= 0) issues.push(invalid(`${field}[${name}]`, amount, 'must be greater than zero'));
  }
  return issues;
}

function affinityIssues(affinity: NonNullable<PersistentVolumeSpec['nodeAffinity']>): Issue[] {
  return affinity.required
    ? nodeSelectorIssues(affinity.required, 'spec.nodeAffinity.required')
    : [required('spec.nodeAffinity.required', 'must specify required node constraints')];
}

function sourcesIssues(spec: PersistentVolumeSpec, volume: string): Issue[] {
  const given = volumeSources.filter((name) => spec[name] !== undefined);
  if (given.length === 0) return [required('spec', 'must specify a volume type')];
  return given.flatMap((name, i) =>
    i > 0
      ? [forbiddenField(`spec.${name}`, 'may not specify more than 1 volume type')]
      : sourceIssues(spec, name, volume),
  );
}

function sourceIssues(spec: PersistentVolumeSpec, name: (typeof volumeSources)[number], volume: string): Issue[] {
  const field = `spec.${name}`;
  if (name === 'local') return localIssues(spec, field);
  if (name === 'csi') return csiIssues(spec.csi, field);
  return sharedSourceIssues(spec, name, field, { inPod: false, name: volume });
}

function localIssues({ local, nodeAffinity }: PersistentVolumeSpec, field: string): Issue[] {
  const issues = local?.path ? backstepIssues(local.path, `${field}.path`) : [required(`${field}.path`)];
  return nodeAffinity ? issues : [...issues, required('spec.nodeAffinity', 'Local volume requires node affinity')];
}

const csiSecrets = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const;

function csiIssues(csi: PersistentVolumeSpec['csi'], field: string): Issue[] {
  const issues = csiDriverIssues(csi?.driver ?? '', `${field}.driver`);
  if (!csi?.volumeHandle) issues.push(required(`${field}.volumeHandle`));
  for (const name of csiSecrets) {
    const secret = csi?.[name as 'nodePublishSecretRef'];
    if (!secret) continue;
    if (!secret.name) issues.push(required(`${field}.${name}.name`));
    else issues.push(...complain(`${field}.${name}.name`, secret.name, isDns1123Subdomain));
    if (!secret.namespace) issues.push(required(`${field}.${name}.namespace`));
  }
  return issues;
}

function attributesClassIssues({ volumeAttributesClassName: name, csi }: PersistentVolumeSpec): Issue[] {
  if (name === undefined) return [];
  const field = 'spec.volumeAttributesClassName';
  if (!name) return [required(field, 'an empty string is disallowed')];
  const issues = complain(field, name, isDns1123Subdomain);
  return csi ? issues : [...issues, required('spec.csi', 'has to be specified when using volumeAttributesClassName')];
}

/** A secret for growing may be added later. */
function withoutNewGrowthSecret(next: PersistentVolumeSpec, previous: PersistentVolumeSpec): PersistentVolumeSpec {
  if (!next.csi || !previous.csi || previous.csi.controllerExpandSecretRef) return next;
  const { controllerExpandSecretRef: _, ...csi } = next.csi;
  return { ...next, csi };
}

function changeIssues(next: PersistentVolumeSpec, previous: PersistentVolumeSpec, movable: boolean): Issue[] {
  const [now, before] = [internalVolumeSource(withoutNewGrowthSecret(next, previous)), internalVolumeSource(previous)];
  const issues: Issue[] = [];
  if (!deepEqual(now, before)) {
    const rule = 'spec.persistentvolumesource is immutable after creation';
    issues.push(forbiddenField('spec.persistentvolumesource', `${rule}\n${differenceOf(before, now)}`));
  }
  if (next.volumeMode !== previous.volumeMode) issues.push(immutable('volumeMode', next.volumeMode));
  if (!movable && previous.nodeAffinity && !deepEqual(next.nodeAffinity, previous.nodeAffinity)) {
    const rule = 'field is immutable, except for updating from beta label to GA';
    issues.push(invalid('spec.nodeAffinity', next.nodeAffinity ?? null, rule));
  }
  if (previous.volumeAttributesClassName !== undefined && next.volumeAttributesClassName === undefined) {
    const rule = 'update from non-nil value to nil is forbidden';
    issues.push(forbiddenField('spec.volumeAttributesClassName', rule));
  }
  return issues;
}
