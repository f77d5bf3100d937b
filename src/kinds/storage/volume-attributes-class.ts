// VolumeAttributesClass: attributes that a volume may be given while it is used.

import { deepEqual } from '../../base/equal.ts';
import { type Issue, required } from '../../api/issues.ts';
import { immutable } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { VolumeAttributesClass as Shape } from '../generated/types/storage-v1.ts';
import { driverNameIssues } from './driver-name.ts';
import { parameterIssues } from './storage-class.ts';

export type VolumeAttributesClass = Shape;

export const VolumeAttributesClass = defineKind<VolumeAttributesClass>('storage.k8s.io/v1', 'VolumeAttributesClass', {
  returnsDeleted: true,
  validate: classIssues,
  validateUpdate: (next, previous) => [
    ...classIssues(next),
    ...(['driverName', 'parameters'] as const).flatMap((name) =>
      deepEqual(next[name], previous[name]) ? [] : [immutable(name, next[name])],
    ),
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
    ...driverNameIssues(driverName ?? '', 'driverName'),
    ...(empty ? [required('parameters', 'must contain at least one key/value pair')] : []),
    ...parameterIssues(parameters),
  ];
}
