// CSIStorageCapacity: how much of a class a driver still has, for some of the nodes.

import { deepEqual } from '../../base/equal.ts';
import { isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, invalid } from '../../api/issues.ts';
import { complain, immutable, labelSelectorIssues } from '../checks.ts';
import { defineKind } from '../define.ts';
import { nodeExpressionWarnings, oldNodeLabels } from '../node-labels.ts';
import type { CSIStorageCapacity as Shape } from '../generated/types/storage-v1.ts';
import { isNegativeAmount } from '../quantities.ts';

export type CSIStorageCapacity = Shape;

export const CSIStorageCapacity = defineKind<CSIStorageCapacity>('storage.k8s.io/v1', 'CSIStorageCapacity', {
  requireVersionOnUpdate: true,
  validate: capacityIssues,
  warnings: ({ nodeTopology }) => [
    ...nodeExpressionWarnings(nodeTopology?.matchExpressions, 'nodeTopology'),
    ...Object.keys(nodeTopology?.matchLabels ?? {}).flatMap((label) =>
      oldNodeLabels[label] ? [`nodeTopology.matchLabels.${label}: ${oldNodeLabels[label]}`] : [],
    ),
  ],
  validateUpdate: (next, previous) => [
    ...capacityIssues(next),
    ...(['nodeTopology', 'storageClassName'] as const).flatMap((name) =>
      deepEqual(next[name], previous[name]) ? [] : [immutable(name, next[name])],
    ),
  ],
});

function capacityIssues({ nodeTopology, storageClassName, capacity, maximumVolumeSize }: CSIStorageCapacity): Issue[] {
  const amount = (field: string, text: string | undefined) =>
    text !== undefined && isNegativeAmount(text) ? [invalid(field, text, 'must be greater than or equal to 0')] : [];
  return [
    ...complain('storageClassName', storageClassName ?? '', isDns1123Subdomain),
    ...labelSelectorIssues(nodeTopology, 'nodeTopology'),
    ...amount('capacity', capacity),
    ...amount('maximumVolumeSize', maximumVolumeSize),
  ];
}
