// What of a service may not change once it is there: its addresses, their families, its load balancer's class.

import { type Issue, forbiddenField, invalid } from '../../../api/issues.ts';
import type { Service, ServiceSpec } from '../../generated/types/core-v1.ts';
import { classIssues } from './validate.ts';
import { isHeadless, needsHealthCheck } from './rules.ts';

export function serviceChangeIssues({ spec: next }: Service, { spec: previous }: Service): Issue[] {
  return [
    ...addressChangeIssues(next, previous),
    ...familyChangeIssues(next, previous),
    ...classChangeIssues(next, previous),
    ...classIssues(next),
    ...healthCheckChangeIssues(next, previous),
  ];
}

const fixed = 'may not change once set';
const hasNoAddress = ({ type }: ServiceSpec): boolean => type === 'ExternalName';

/** A second address may come and go; the first stays. */
function addressChangeIssues(next: ServiceSpec, previous: ServiceSpec): Issue[] {
  if (hasNoAddress(next) || hasNoAddress(previous) || (isHeadless(next) && isHeadless(previous))) return [];
  const [now, before] = [next.clusterIPs ?? [], previous.clusterIPs ?? []];
  const refused = (i: number, rule: string) => invalid(`spec.clusterIPs[${i}]`, next.clusterIPs, rule);
  if (now.length === before.length) {
    return before.flatMap((address, i) => (address === now[i] ? [] : [refused(i, fixed)]));
  }
  if (before.length === 0) return [];
  if (now.length === 0) return [refused(0, 'primary clusterIP can not be unset')];
  const issues = now[0] === before[0] ? [] : [refused(0, fixed)];
  return now.length < before.length ? [...issues, ...releaseIssues(now, next, 'clusterIP')] : issues;
}

/** Whatever differs, Kubernetes names the first family; where their number differs, it shows the addresses. */
function familyChangeIssues(next: ServiceSpec, previous: ServiceSpec): Issue[] {
  if (hasNoAddress(next) || hasNoAddress(previous) || isHeadless(next) || isHeadless(previous)) return [];
  const [now, before] = [next.ipFamilies ?? [], previous.ipFamilies ?? []];
  const refused = (shown: readonly string[] | undefined, rule: string) => invalid('spec.ipFamilies[0]', shown, rule);
  if (now.length === before.length) {
    return before.flatMap((family, i) => (family === now[i] ? [] : [refused(now, fixed)]));
  }
  const changed = before[0] && now[0] && now[0] !== before[0] ? [refused(next.clusterIPs, fixed)] : [];
  if (now.length > before.length) return changed;
  const unset = next.clusterIPs?.length ? [] : [refused(next.ipFamilies, 'primary ipFamily can not be unset')];
  return [...unset, ...changed, ...releaseIssues(now, next, 'ipFamily')];
}

/** Whoever gives a second one back says that one is enough. */
function releaseIssues(left: readonly string[], { ipFamilyPolicy }: ServiceSpec, what: string): Issue[] {
  if (left.length !== 1 || ipFamilyPolicy === 'SingleStack') return [];
  const rule = `must be set to 'SingleStack' when releasing the secondary ${what}`;
  return [invalid('spec.ipFamilyPolicy', ipFamilyPolicy, rule)];
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
