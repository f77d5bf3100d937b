// StorageVersionMigration: all objects of a resource are to be written again, in the version that is stored now.

import { deepEqual } from '../../base/equal.ts';
import { isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, invalid, required } from '../../api/issues.ts';
import { complain, immutable } from '../checks.ts';
import { nameColumn, textColumn } from '../columns.ts';
import { conditionIssues } from '../conditions.ts';
import { defineKind } from '../define.ts';
import type { Condition } from '../generated/types/meta-v1.ts';
import type { StorageVersionMigration as Shape } from '../generated/types/storagemigration-v1beta1.ts';
import { keepMetadata, statusOnlyFields } from '../status-update.ts';

export type StorageVersionMigration = Shape;

export const StorageVersionMigration = defineKind<StorageVersionMigration>(
  'storagemigration.k8s.io/v1beta1',
  'StorageVersionMigration',
  {
    requireVersionOnUpdate: true,
    generation: 'none',
    prepareForStatusUpdate: keepMetadata,
    resetFields: statusOnlyFields,
    validate: specIssues,
    validateUpdate: (next, previous) => [
      ...specIssues(next),
      ...(deepEqual(next.spec, previous.spec) ? [] : [immutable('spec', { Resource: resourceOf(next) })]),
    ],
    validateStatusUpdate: statusIssues,
    columns: [
      textColumn('Name', nameColumn.description, ({ metadata }) => metadata.name ?? ''),
      textColumn('Resource', 'GroupResource to migrate', (migration) => {
        const { group, resource } = resourceOf(migration);
        return group ? `${resource}.${group}` : resource;
      }),
      textColumn('Status', 'Status of the migration', statusCell),
    ],
  },
  { gate: 'StorageVersionMigrator' },
);

const resourceOf = ({ spec }: StorageVersionMigration): { group: string; resource: string } => ({
  group: spec?.resource?.group ?? '',
  resource: spec?.resource?.resource ?? '',
});

function specIssues(migration: StorageVersionMigration): Issue[] {
  const { group, resource } = resourceOf(migration);
  return [
    ...(resource ? [] : [required('spec.resource.resource', 'resource is required to be set')]),
    ...(group ? complain('spec.resource.group', group, isDns1123Subdomain) : []),
  ];
}

const isTrue = ({ status }: StorageVersionMigration, type: string): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');

const phases = ['Running', 'Failed', 'Succeeded'];

function statusCell({ status }: StorageVersionMigration): string {
  const isPhase = ({ type, status }: Condition) => phases.includes(type) && status === 'True';
  return status?.conditions?.findLast(isPhase)?.type ?? 'Unknown';
}

function statusIssues(next: StorageVersionMigration, previous: StorageVersionMigration): Issue[] {
  const { resourceVersion = '', conditions } = next.status ?? {};
  const before = previous.status?.resourceVersion ?? '';
  const issues = versionIssues(resourceVersion);
  issues.push(...conditionIssues(conditions, 'status.conditions'));
  if (before && before !== resourceVersion) {
    issues.push(invalid('status.resourceVersion', resourceVersion, 'cannot be updated'));
  }
  const refuse = (why: string) => issues.push(invalid('status.conditions', conditions ?? null, why));
  const [succeeded, failed, running] = ['Succeeded', 'Failed', 'Running'].map((type) => isTrue(next, type));
  if (succeeded && failed) refuse('Both success and failed conditions cannot be true at the same time');
  if (succeeded && running) refuse('Running condition cannot be true when success condition is true');
  if (failed && running) refuse('Running condition cannot be true when failed condition is true');
  if (isTrue(previous, 'Succeeded') && !succeeded) refuse('Success condition cannot be set to false once it is true');
  if (isTrue(previous, 'Failed') && !failed) refuse('Failed condition cannot be set to false once it is true');
  return issues;
}

function versionIssues(text: string): Issue[] {
  const field = 'status.resourceVersion';
  if (text === '') return [];
  if (/^[-+]?\d+$/.test(text)) {
    return Number(text) < 0 ? [invalid(field, Number(text), 'must be greater than or equal to 0')] : [];
  }
  const why = `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`;
  return [invalid(field, text, `failed to parse resource version ${JSON.stringify(text)}: ${why}`)];
}
