// PersistentVolumeClaim: a wish for storage, and what became of it.

import { type Issue, forbiddenField, notSupported, required } from '../../api/issues.ts';
import { deepEqual } from '../../base/equal.ts';
import type { KindContext } from '../../api/kind.ts';
import { immutable } from '../checks.ts';
import { ageColumn, nameColumn, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import { differenceOf } from '../diff.ts';
import type { PersistentVolumeClaimSpec, PersistentVolumeClaim as Shape } from '../generated/types/core-v1.ts';
import { claimSpecIssues, storageWarnings } from '../pod-spec/claim-spec.ts';
import { internalClaimSpec } from '../pod-spec/internal-form.ts';
import { applyClaimDefaults } from '../pod-spec/volume-defaults.ts';
import { compareAmounts, roundAmounts } from '../quantities.ts';
import { accessModesText, classAnnotation, classAnnotationWarnings } from './storage-text.ts';

export type PersistentVolumeClaim = Shape;

const specField = (field: string) => ({ type: 'io.k8s.api.core.v1.PersistentVolumeClaimSpec', field });
const statusField = (field: string) => ({ type: 'io.k8s.api.core.v1.PersistentVolumeClaimStatus', field });

export const PersistentVolumeClaim = defineKind<PersistentVolumeClaim>('v1', 'PersistentVolumeClaim', {
  generation: 'none',
  returnsDeleted: true,
  applyDefaults(claim) {
    if (claim.spec) applyClaimDefaults(claim.spec);
    roundAmounts(claim.status?.capacity, claim.status?.allocatedResources);
    claim.status = { ...claim.status, phase: claim.status?.phase || 'Pending' };
  },
  dropDisabledFields({ spec }, previous, context) {
    if (!previous?.spec.dataSource && !previous?.spec.dataSourceRef) dropUnservedSources(spec, context);
  },
  prepareForCreate(claim) {
    claim.status = { phase: 'Pending' };
    matchSources(claim.spec);
  },
  prepareForUpdate: ({ spec }) => matchSources(spec),
  validate: ({ spec }) => claimSpecIssues(spec, 'spec'),
  validateUpdate: (next, previous) => [...claimSpecIssues(next.spec, 'spec'), ...changeIssues(next, previous)],
  validateStatusUpdate: statusIssues,
  warnings: (claim) => [...classAnnotationWarnings(claim), ...storageWarnings(claim.spec, 'spec')],
  columns: [
    nameColumn,
    textColumn('Status', statusField('phase'), ({ metadata, status }) => {
      return metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? '');
    }),
    textColumn('Volume', specField('volumeName'), ({ spec }) => spec.volumeName ?? ''),
    textColumn('Capacity', statusField('capacity'), ({ spec, status }) => {
      return spec.volumeName ? (status?.capacity?.storage ?? '0') : '';
    }),
    textColumn('Access Modes', statusField('accessModes'), ({ spec, status }) => {
      return spec.volumeName ? accessModesText(status?.accessModes) : '';
    }),
    textColumn('StorageClass', 'StorageClass of the pvc', ({ metadata, spec }) => {
      return metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? '';
    }),
    textColumn('VolumeAttributesClass', 'VolumeAttributesClass of the pvc', ({ spec }) => {
      return spec.volumeAttributesClassName ?? '<unset>';
    }),
    ageColumn,
    wide(textColumn('VolumeMode', specField('volumeMode'), ({ spec }) => spec.volumeMode ?? '<unset>')),
  ],
});

/** Sources that nobody could fill a volume from, and those in other namespaces unless that is asked for, are forgotten. */
function dropUnservedSources(spec: PersistentVolumeClaimSpec, { enabled }: KindContext): void {
  const { dataSource, dataSourceRef } = spec;
  const ofClaim = !dataSource?.apiGroup && dataSource?.kind === 'PersistentVolumeClaim';
  const ofSnapshot = dataSource?.apiGroup === 'snapshot.storage.k8s.io' && dataSource.kind === 'VolumeSnapshot';
  if (dataSource && !ofClaim && !ofSnapshot) delete spec.dataSource;
  if (dataSourceRef?.namespace !== undefined && !enabled('CrossNamespaceVolumeDataSource')) delete spec.dataSourceRef;
}

/** The older and the newer way to name a source say the same. */
function matchSources(spec: PersistentVolumeClaimSpec): void {
  if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = { ...spec.dataSource };
  else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
    spec.dataSource = { ...spec.dataSourceRef };
  }
}

/** A claim's wish is fixed, but for the volume and class it gets once, and its size and attributes while bound. */
function changeIssues(next: PersistentVolumeClaim, previous: PersistentVolumeClaim): Issue[] {
  const issues: Issue[] = [];
  const [now, before] = [
    internalClaimSpec(unchangingPart(next, previous)),
    internalClaimSpec(fixedPart(next, previous)),
  ];
  if (!deepEqual(now, before)) {
    const rule =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    issues.push(forbiddenField('spec', `${rule}\n${differenceOf(before, now)}`));
  }
  issues.push(...shrinkIssues(next, previous));
  if (next.spec.volumeMode !== previous.spec.volumeMode) issues.push(immutable('volumeMode', next.spec.volumeMode));
  return [...issues, ...attributesClassIssues(next, previous)];
}

/** Attributes that a volume got are changed, not taken away. */
function attributesClassIssues({ spec }: PersistentVolumeClaim, previous: PersistentVolumeClaim): Issue[] {
  const name = spec.volumeAttributesClassName;
  if (previous.status?.currentVolumeAttributesClassName === undefined) return [];
  if (name === previous.spec.volumeAttributesClassName || name) return [];
  const value = name === undefined ? 'nil' : 'empty string';
  const rule = `update to ${value} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return [forbiddenField('spec.volumeAttributesClassName', rule)];
}

/** The previous spec with the volume name it gets now. */
function fixedPart({ spec }: PersistentVolumeClaim, previous: PersistentVolumeClaim): PersistentVolumeClaimSpec {
  const { volumeName } = spec;
  return previous.spec.volumeName || !volumeName ? previous.spec : { ...previous.spec, volumeName };
}

/** The next spec without what may change. */
function unchangingPart(next: PersistentVolumeClaim, previous: PersistentVolumeClaim): PersistentVolumeClaimSpec {
  const spec: PersistentVolumeClaimSpec = { ...next.spec };
  const { storageClassName, resources, volumeAttributesClassName } = previous.spec;
  if (storageClassName === undefined) delete spec.storageClassName;
  if (next.status?.phase !== 'Bound') return spec;
  const before = resources?.requests?.storage;
  if (spec.resources?.requests && before !== undefined) {
    spec.resources = { ...spec.resources, requests: { ...spec.resources.requests, storage: before } };
  }
  if (spec.volumeAttributesClassName !== undefined && volumeAttributesClassName !== undefined) {
    spec.volumeAttributesClassName = volumeAttributesClassName;
  } else if (volumeAttributesClassName === undefined) delete spec.volumeAttributesClassName;
  return spec;
}

function shrinkIssues(next: PersistentVolumeClaim, previous: PersistentVolumeClaim): Issue[] {
  const [now, before] = [next.spec.resources?.requests?.storage, previous.spec.resources?.requests?.storage];
  const reached = previous.status?.capacity?.storage;
  if (compareAmounts(now, before) >= 0 || compareAmounts(now, reached) > 0) return [];
  return [forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity')];
}

const resizeStates = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

function statusIssues({ spec, status }: PersistentVolumeClaim): Issue[] {
  const issues = (spec.accessModes ?? []).length === 0 ? [required('spec.accessModes')] : [];
  for (const [name, state] of Object.entries(status?.allocatedResourceStatuses ?? {})) {
    const field = 'status.allocatedResourceStatuses';
    if (name !== 'storage') issues.push(notSupported(field, name, ['storage']));
    if (!resizeStates.includes(state)) issues.push(notSupported(field, name, resizeStates));
  }
  for (const name of Object.keys(status?.allocatedResources ?? {})) {
    if (name !== 'storage') issues.push(notSupported('status.allocatedResources', name, ['storage']));
  }
  return issues;
}
