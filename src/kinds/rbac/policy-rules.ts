// What is wrong with the rules of a role, and with what binds roles to those who have them.

import { isDns1123Subdomain, isPathSegmentName } from '../../base/names.ts';
import { deepEqual } from '../../base/equal.ts';
import { type Issue, invalid, required } from '../../api/issues.ts';
import { complain, notListed } from '../checks.ts';
import type { PolicyRule, RoleRef, Subject } from '../generated/types/rbac-v1.ts';

export const rbacGroup = 'rbac.authorization.k8s.io';

type Reach = 'namespaced' | 'cluster';

export const ruleIssues = (rules: readonly PolicyRule[] | null | undefined, reach: Reach): Issue[] =>
  (rules ?? []).flatMap((rule, i) => oneRuleIssues(rule, reach, `rules[${i}]`));

const isEmpty = (list: readonly unknown[] | null | undefined): boolean => (list ?? []).length === 0;

function oneRuleIssues(rule: PolicyRule, reach: Reach, field: string): Issue[] {
  const { nonResourceURLs: urls } = rule;
  const issues = isEmpty(rule.verbs) ? [required(`${field}.verbs`, 'verbs must contain at least one value')] : [];
  if (!isEmpty(urls)) {
    const refuse = (detail: string) => issues.push(invalid(`${field}.nonResourceURLs`, urls, detail));
    if (reach === 'namespaced') refuse('namespaced rules cannot apply to non-resource URLs');
    if (!isEmpty(rule.apiGroups) || !isEmpty(rule.resources) || !isEmpty(rule.resourceNames)) {
      refuse('rules cannot apply to both regular resources and non-resource URLs');
    }
    return issues;
  }
  if (isEmpty(rule.apiGroups)) {
    issues.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'));
  }
  if (isEmpty(rule.resources)) {
    issues.push(required(`${field}.resources`, 'resource rules must supply at least one resource'));
  }
  return issues;
}

interface Binding {
  roleRef: RoleRef;
  subjects?: Subject[];
}

/** Users, groups and roles are of RBAC's own group, service accounts of the core's. */
export function applyBindingDefaults(binding: Binding): void {
  binding.roleRef ??= { apiGroup: '', kind: '', name: '' };
  binding.roleRef.apiGroup ||= rbacGroup;
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= rbacGroup;
  }
}

export function bindingIssues({ roleRef, subjects }: Binding, reach: Reach): Issue[] {
  const issues: Issue[] = [];
  const kinds = reach === 'namespaced' ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  if (roleRef.apiGroup !== rbacGroup) issues.push(notListed('roleRef.apiGroup', roleRef.apiGroup, [rbacGroup]));
  if (!kinds.includes(roleRef.kind)) issues.push(notListed('roleRef.kind', roleRef.kind ?? '', kinds));
  if (!roleRef.name) issues.push(required('roleRef.name'));
  else issues.push(...complain('roleRef.name', roleRef.name, isPathSegmentName));
  return [...issues, ...(subjects ?? []).flatMap((subject, i) => subjectIssues(subject, reach, `subjects[${i}]`))];
}

function subjectIssues({ kind, name, namespace, apiGroup = '' }: Subject, reach: Reach, field: string): Issue[] {
  const issues = name ? [] : [required(`${field}.name`)];
  const ofGroup = (group: string) => {
    if (apiGroup !== group) issues.push(notListed(`${field}.apiGroup`, apiGroup, [group]));
  };
  if (kind === 'User' || kind === 'Group') ofGroup(rbacGroup);
  else if (kind === 'ServiceAccount') {
    if (name) issues.push(...complain(`${field}.name`, name, isDns1123Subdomain));
    ofGroup('');
    if (reach === 'cluster' && !namespace) issues.push(required(`${field}.namespace`));
  } else {
    issues.push(notListed(`${field}.kind`, kind ?? '', ['ServiceAccount', 'User', 'Group']));
  }
  return issues;
}

export function bindingChangeIssues({ roleRef }: Binding, previous: Binding): Issue[] {
  if (deepEqual(roleRef, previous.roleRef)) return [];
  const inside = { APIGroup: roleRef.apiGroup, Kind: roleRef.kind ?? '', Name: roleRef.name ?? '' };
  return [invalid('roleRef', inside, 'cannot change roleRef')];
}

export const roleCell = ({ roleRef }: Binding): string => `${roleRef.kind}/${roleRef.name}`;

/** The names of those of one kind, as tables list them. */
export const subjectsCell = ({ subjects }: Binding, kind: string): string =>
  (subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map(({ name, namespace }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
    .join(', ');
