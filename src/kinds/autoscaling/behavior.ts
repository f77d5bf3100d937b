// What is wrong with how fast an autoscaler may act.

import { type Issue, invalid, notSupported, required } from '../../api/issues.ts';
import type {
  HPAScalingPolicy,
  HPAScalingRules,
  HorizontalPodAutoscalerBehavior,
} from '../generated/types/autoscaling-v2.ts';
import { isNegativeAmount } from '../quantities.ts';

export const behaviorIssues = (behavior: HorizontalPodAutoscalerBehavior | undefined, field: string): Issue[] =>
  (['scaleUp', 'scaleDown'] as const).flatMap((direction) => {
    const rules = behavior?.[direction];
    return rules ? rulesIssues(rules, `${field}.${direction}`) : [];
  });

const longestWindow = 3600;
const longestPeriod = 1800;
const selectPolicies = ['Disabled', 'Max', 'Min'];

function rulesIssues(rules: HPAScalingRules, field: string): Issue[] {
  const { stabilizationWindowSeconds: window, selectPolicy, policies, tolerance } = rules;
  const issues: Issue[] = [];
  const place = `${field}.stabilizationWindowSeconds`;
  if (window !== undefined && window < 0) {
    issues.push(invalid(place, window, 'must be greater than or equal to zero'));
  }
  if (window !== undefined && window > longestWindow) {
    issues.push(invalid(place, window, `must be less than or equal to ${longestWindow}`));
  }
  if (selectPolicy !== undefined && !selectPolicies.includes(selectPolicy)) {
    issues.push(notSupported(`${field}.selectPolicy`, selectPolicy, selectPolicies));
  }
  if ((policies ?? []).length === 0) issues.push(required(`${field}.policies`, 'must specify at least one Policy'));
  (policies ?? []).forEach((policy, i) => issues.push(...policyIssues(policy, `${field}.policies[${i}]`)));
  if (tolerance !== undefined && isNegativeAmount(tolerance)) {
    issues.push(invalid(`${field}.tolerance`, tolerance, 'must be greater than or equal to 0'));
  }
  return issues;
}

function policyIssues({ type, value, periodSeconds }: HPAScalingPolicy, field: string): Issue[] {
  const issues: Issue[] = [];
  if (type !== 'Pods' && type !== 'Percent') {
    issues.push(notSupported(`${field}.type`, type ?? '', ['Pods', 'Percent']));
  }
  if (value <= 0) issues.push(invalid(`${field}.value`, value, 'must be greater than zero'));
  if (periodSeconds <= 0) issues.push(invalid(`${field}.periodSeconds`, periodSeconds, 'must be greater than zero'));
  if (periodSeconds > longestPeriod) {
    issues.push(invalid(`${field}.periodSeconds`, periodSeconds, `must be less than or equal to ${longestPeriod}`));
  }
  return issues;
}
