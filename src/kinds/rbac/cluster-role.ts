// ClusterRole: what may be done with what, anywhere; or the sum of other ClusterRoles.

import { type Issue, invalid, required } from '../../api/issues.ts';
import { labelSelectorIssues } from '../checks.ts';
import { defineKind } from '../define.ts';
import type { ClusterRole as Shape } from '../generated/types/rbac-v1.ts';
import { readSelector } from '../workloads.ts';
import { ruleIssues } from './policy-rules.ts';

export type ClusterRole = Shape;

export const ClusterRole = defineKind<ClusterRole>('rbac.authorization.k8s.io/v1', 'ClusterRole', {
  nameRule: 'pathSegment',
  createOnUpdate: true,
  validate: roleIssues,
  validateUpdate: roleIssues,
});

function roleIssues({ rules, aggregationRule }: ClusterRole): Issue[] {
  const issues = ruleIssues(rules, 'cluster');
  if (!aggregationRule) return issues;
  const field = 'aggregationRule.clusterRoleSelectors';
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    issues.push(required(field, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  }
  selectors.forEach((selector, i) => {
    issues.push(...labelSelectorIssues(selector, `${field}[${i}]`));
    // Kubernetes shows what it could not make of the selector.
    if (!readSelector(selector)) issues.push(invalid(`${field}[${i}]`, null, 'invalid label selector.'));
  });
  return issues;
}
