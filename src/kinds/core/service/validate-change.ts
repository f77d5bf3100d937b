// What of a service may not change once it is there: its addresses, their families, its load balancer's class.

import { type Issue, forbiddenField, invalid } from '../../../api/issues.ts';
import type { Service, ServiceSpec } from '../../generated/types/core-v1.ts';
import { isHeadless, needsHealthCheck } from './rules.ts';

export function serviceChangeIssues({ spec: next }: Service, { spec: previous }: Service): Issue[] {
  return [
    ...addressChangeIssues(next, previous),
    ...familyChangeIssues(next, previous),
    ...healthCheckChangeIssues(next, previous),
    ...classChangeIssues(next, previous),
  ];
}

const fixed = 'may not change once set';
const hasNoAddress = ({ type }: ServiceSpec): boolean => type === 'ExternalName';

/** A second address may come and go; the first stays. */
function addressChangeIssues(next: ServiceSpec, previous: ServiceSpec): Issue[] {
  if (hasNoAddress(next) || hasNoAddress(previous) || (isHeadless(next) && isHeadless(previous))) return [];
  const [now, before] = [next.clusterIPs ?? [], previous.clusterIPs ?? []];
  const field = 'spec.clusterIPs';
  if (now.length === before.length) {
    return before.flatMap((address, i) => (address === now[i] ? [] : [invalid(`${field}[${i}]`, now, fixed)]));
  }
  if (before.length === 0) return [];
  if (now.length === 0) return [invalid(`${field}[0]`, now, 'primary clusterIP can not be unset')];
  const issues = now[0] === before[0] ? [] : [invalid(`${field}[0]`, now, fixed)];
  if (now.length < before.length && next.ipFamilyPolicy !== 'SingleStack') {
    const rule = "must be set to 'SingleStack' when releasing the secondary clusterIP";
    issues.push(invalid('spec.ipFamilyPolicy', next.ipFamilyPolicy ?? null, rule));
  }
  return issues;
}

function familyChangeIssues(next: ServiceSpec, previous: ServiceSpec): Issue[] {
  if (hasNoAddress(next) || hasNoAddress(previous) || (isHeadless(next) && isHeadless(previous))) return [];
  const [now, before] = [next.ipFamilies ?? [], previous.ipFamilies ?? []];
  const field = 'spec.ipFamilies';
  if (before.length === 0) return [];
  if (now.length === 0) return [invalid(`${field}[0]`, now, 'primary ipFamily can not be unset')];
  const issues = now[0] === before[0] ? [] : [invalid(`${field}[0]`, now, fixed)];
  if (now.length === before.length && before[1] !== now[1]) issues.push(invalid(`${field}[1]`, now, fixed));
  if (now.length < before.length && next.ipFamilyPolicy !== 'SingleStack') {
    const rule = "must be set to 'SingleStack' when releasing the secondary ipFamily";
    issues.push(invalid('spec.ipFamilyPolicy', next.ipFamilyPolicy ?? null, rule));
  }
  return issues;
}

function healthCheckChangeIssues(next: ServiceSpec, previous: ServiceSpec): Issue[] {
  if (!needsHealthCheck(next) || !needsHealthCheck(previous)) return [];
  if (next.healthCheckNodePort === previous.healthCheckNodePort) return [];
  return [forbiddenField('spec.healthCheckNodePort', 'field is immutable')];
}

function classChangeIssues(next: ServiceSpec, previous: ServiceSpec): Issue[] {
  if (next.type !== 'LoadBalancer' || previous.type !== 'LoadBalancer') return [];
  if (next.loadBalancerClass === previous.loadBalancerClass) return [];
  return [invalid('spec.loadBalancerClass', next.loadBalancerClass ?? null, fixed)];
}
