// PodDisruptionBudget: how many pods of a group must stay when others are evicted on purpose.

import { type Issue, invalid, notSupported } from '../../api/issues.ts';
import { labelSelectorIssues } from '../checks.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { conditionIssues } from '../conditions.ts';
import { defineKind } from '../define.ts';
import type { PodDisruptionBudgetSpec, PodDisruptionBudget as Shape } from '../generated/types/policy-v1.ts';
import { atMostAllIssues, intOrPercentIssues } from '../int-or-percent.ts';
import { counterIssues } from '../workloads.ts';

export type PodDisruptionBudget = Shape;

export const PodDisruptionBudget = defineKind<PodDisruptionBudget>('policy/v1', 'PodDisruptionBudget', {
  requireVersionOnUpdate: true,
  prepareForCreate(budget) {
    budget.status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  validate: ({ spec }) => specIssues(spec ?? {}),
  validateUpdate: ({ spec }) => specIssues(spec ?? {}),
  validateStatusUpdate: ({ status }) => [
    ...conditionIssues(status?.conditions, 'status.conditions'),
    ...counterIssues(status, ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods']),
  ],
  columns: [
    nameColumn,
    textColumn('Min Available', 'The minimum number of pods that must be available.', ({ spec }) => {
      return String(spec?.minAvailable ?? 'N/A');
    }),
    textColumn('Max Unavailable', 'The maximum number of pods that may be unavailable.', ({ spec }) => {
      return String(spec?.maxUnavailable ?? 'N/A');
    }),
    numberColumn(
      'Allowed Disruptions',
      'Calculated number of pods that may be disrupted at this time.',
      ({ status }) => status?.disruptionsAllowed ?? 0,
    ),
    ageColumn,
  ],
});

const evictionPolicies = ['AlwaysAllow', 'IfHealthyBudget'];

function specIssues(spec: PodDisruptionBudgetSpec): Issue[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
  const issues: Issue[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const inside = {
      MinAvailable: minAvailable,
      Selector: selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: policy ?? null,
    };
    issues.push(invalid('spec', inside, 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const name of ['minAvailable', 'maxUnavailable'] as const) {
    issues.push(...intOrPercentIssues(`spec.${name}`, spec[name]), ...atMostAllIssues(`spec.${name}`, spec[name]));
  }
  issues.push(...labelSelectorIssues(selector, 'spec.selector'));
  if (policy !== undefined && !evictionPolicies.includes(policy)) {
    issues.push(notSupported('spec.unhealthyPodEvictionPolicy', policy, evictionPolicies));
  }
  return issues;
}
