// RuntimeClass: which of a node's container runtimes runs a pod, and what that costs.

import { isDns1123Label } from '../../base/names.ts';
import { deepEqual } from '../../base/equal.ts';
import { type Issue, duplicate, required } from '../../api/issues.ts';
import { complain, immutable, labelIssues } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import { oldNodeLabels } from '../node-labels.ts';
import type { Toleration } from '../generated/types/core-v1.ts';
import type { RuntimeClass as Shape } from '../generated/types/node-v1.ts';
import { resourceIssues } from '../pod-spec/resources.ts';
import { tolerationIssues } from '../pod-spec/scheduling.ts';

export type RuntimeClass = Shape;

export const RuntimeClass = defineKind<RuntimeClass>('node.k8s.io/v1', 'RuntimeClass', {
  requireVersionOnUpdate: true,
  validate: classIssues,
  validateUpdate: ({ handler }, previous) => (handler === previous.handler ? [] : [immutable('handler', handler)]),
  warnings: ({ scheduling }) =>
    Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) =>
      oldNodeLabels[key] ? [`scheduling.nodeSelector: ${oldNodeLabels[key]}`] : [],
    ),
  columns: [nameColumn, textColumn('Handler', '', ({ handler }) => handler), ageColumn],
});

function classIssues({ handler, overhead, scheduling }: RuntimeClass): Issue[] {
  const tolerations = scheduling?.tolerations ?? [];
  return [
    ...(handler ? complain('handler', handler, isDns1123Label) : [required('handler')]),
    // Kubernetes takes what a pod costs for the limits of a container.
    ...resourceIssues(overhead?.podFixed && { limits: overhead.podFixed }, 'overhead'),
    ...labelIssues(scheduling?.nodeSelector, 'scheduling.nodeSelector'),
    ...tolerationIssues(tolerations, 'scheduling.tolerations'),
    ...repeatedIssues(tolerations, 'scheduling.tolerations'),
  ];
}

const repeatedIssues = (tolerations: readonly Toleration[], field: string): Issue[] =>
  tolerations.flatMap((toleration, i) =>
    tolerations.findIndex((other) => deepEqual(listKey(other), listKey(toleration))) < i
      ? [
          duplicate(`${field}[${i}]`, {
            ...listKey(toleration),
            TolerationSeconds: toleration.tolerationSeconds ?? null,
          }),
        ]
      : [],
  );

const listKey = ({ key = '', operator, value = '', effect }: Toleration) => ({
  Key: key,
  Operator: operator ?? '',
  Value: value,
  Effect: effect ?? '',
});
