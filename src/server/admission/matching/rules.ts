// Whether a rule of a webhook or policy is about a request.

import type { NamedRuleWithOperations } from '../../../kinds/generated/types/admissionregistration-v1.ts';
import type { Attributes } from '../plugin.ts';
import { type GroupVersionResource, isNamespace } from './subject.ts';

export type Rule = NamedRuleWithOperations;

/** `resource`: what the request is held to be for, which may be an equivalent of what it names. */
export const ruleMatches = (rule: Rule, attributes: Attributes, resource: GroupVersionResource): boolean =>
  scopeMatches(rule.scope ?? '*', attributes) &&
  isAmong(rule.operations, attributes.operation) &&
  isAmong(rule.apiGroups, resource.group) &&
  isAmong(rule.apiVersions, resource.version) &&
  (rule.resources ?? []).some((each) => resourceMatches(each, resource.resource, attributes.subresource)) &&
  (!rule.resourceNames?.length || rule.resourceNames.includes(attributes.name));

const isAmong = (list: readonly string[] | null | undefined, wanted: string): boolean =>
  (list ?? []).some((each) => each === '*' || each === wanted);

/** Namespaces are cluster-scoped, although requests about one count as within it. */
function scopeMatches(scope: string, attributes: Attributes): boolean {
  if (scope === '*') return true;
  const cluster = attributes.namespace === '' || isNamespace(attributes);
  return cluster === (scope === 'Cluster');
}

function resourceMatches(pattern: string, resource: string, subresource: string): boolean {
  const slash = pattern.indexOf('/');
  const [name, sub] = slash < 0 ? [pattern, ''] : [pattern.slice(0, slash), pattern.slice(slash + 1)];
  return (name === '*' || name === resource) && (sub === '*' || sub === subresource);
}
