// RuntimeClass: which of a node's container runtimes runs a pod, and what that costs.

import { isDns1123Label } from '../../base/names.ts';
import type { Issue } from '../../api/issues.ts';
import { complain, immutable, labelIssues } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import { oldNodeLabels } from '../node-labels.ts';
import type { RuntimeClass as Shape } from '../generated/types/node-v1.ts';
import { quantityIssues, containerResourceNameIssues } from '../pod-spec/resources.ts';
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
  const issues = complain('handler', handler ?? '', isDns1123Label);
  for (const [name, amount] of Object.entries(overhead?.podFixed ?? {})) {
    const field = `overhead.podFixed[${name}]`;
    issues.push(...containerResourceNameIssues(name, field), ...quantityIssues(name, amount, field));
  }
  issues.push(...labelIssues(scheduling?.nodeSelector, 'scheduling.nodeSelector'));
  return [...issues, ...tolerationIssues(scheduling?.tolerations ?? [], 'scheduling.tolerations')];
}
