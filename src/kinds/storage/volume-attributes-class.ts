// VolumeAttributesClass: attributes that a volume may be given while it is used.

import { deepEqual } from '../../base/equal.ts';
import { type Issue, forbiddenField, required } from '../../api/issues.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { VolumeAttributesClass as Shape } from '../generated/types/storage-v1.ts';
import { parameterIssues, provisionerIssues } from './storage-class.ts';

export type VolumeAttributesClass = Shape;

export const VolumeAttributesClass = defineKind<VolumeAttributesClass>('storage.k8s.io/v1', 'VolumeAttributesClass', {
  returnsDeleted: true,
  validate: classIssues,
  validateUpdate: (next, previous) => [
    ...(['driverName', 'parameters'] as const).flatMap((name) =>
      deepEqual(next[name], previous[name]) ? [] : [forbiddenField(name, `updates to ${name} are forbidden.`)],
    ),
    ...classIssues(next),
  ],
  columns: [
    nameColumn,
    textColumn(
      'DriverName',
      { type: 'io.k8s.api.storage.v1.VolumeAttributesClass', field: 'driverName' },
      ({ driverName }) => driverName,
    ),
    ageColumn,
  ],
});

function classIssues({ driverName, parameters }: VolumeAttributesClass): Issue[] {
  const empty = Object.keys(parameters ?? {}).length === 0;
  return [
    ...provisionerIssues(driverName, 'driverName'),
    ...parameterIssues(parameters),
    ...(empty ? [required('parameters', 'must contain at least one key/value pair')] : []),
  ];
}
