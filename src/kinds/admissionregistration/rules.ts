// The rules by which admission webhooks and policies say what they look at.

import { isPathSegmentName } from '../../base/names.ts';
import { type Issue, duplicate, invalid, notSupported, required } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import type { RuleWithOperations } from '../generated/types/admissionregistration-v1.ts';

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const scopes = ['*', 'Cluster', 'Namespaced'];

export function ruleIssues(rule: RuleWithOperations, field: string): Issue[] {
  const { apiGroups, apiVersions, resources, scope } = rule;
  return [
    ...operationIssues(rule.operations ?? [], `${field}.operations`),
    ...listIssues(apiGroups, `${field}.apiGroups`),
    ...starIssues(apiGroups, `${field}.apiGroups`, "if '*' is present, must not specify other API groups"),
    ...listIssues(apiVersions, `${field}.apiVersions`),
    ...starIssues(apiVersions, `${field}.apiVersions`, "if '*' is present, must not specify other API versions"),
    ...(apiVersions ?? []).flatMap((version, i) => (version ? [] : [required(`${field}.apiVersions[${i}]`)])),
    ...resourceIssues(resources ?? [], `${field}.resources`),
    ...(scope !== undefined && !scopes.includes(scope) ? [notSupported(`${field}.scope`, scope, scopes)] : []),
  ];
}

const listIssues = (list: readonly string[] | null | undefined, field: string): Issue[] =>
  (list ?? []).length === 0 ? [required(field)] : [];

const starIssues = (list: readonly string[] | null | undefined, field: string, rule: string): Issue[] =>
  (list ?? []).length > 1 && list?.includes('*') ? [invalid(field, list, rule)] : [];

function operationIssues(given: readonly string[], field: string): Issue[] {
  return [
    ...listIssues(given, field),
    ...starIssues(given, field, "if '*' is present, must not specify other operations"),
    ...given.flatMap((operation, i) =>
      operations.includes(operation) ? [] : [notSupported(`${field}[${i}]`, operation, operations)],
    ),
  ];
}

/** Entries are held against those before them only, and `*` against the last one without a subresource, as upstream does. */
function resourceIssues(resources: readonly string[], field: string): Issue[] {
  if (resources.length === 0) return [required(field)];
  const issues: Issue[] = [];
  const wholeResources = new Set<string>();
  const everyResources = new Set<string>();
  resources.forEach((resource, i) => {
    const place = `${field}[${i}]`;
    if (resource === '') issues.push(required(place));
    const slash = resource.indexOf('/');
    if (slash < 0) return;
    const [name, sub] = [resource.slice(0, slash), resource.slice(slash + 1)];
    const besides = (all: string) => invalid(place, resource, `if '${all}' is present, must not specify ${resource}`);
    if (wholeResources.has(name)) issues.push(besides(`${name}/*`));
    if (everyResources.has(sub)) issues.push(besides(`*/${sub}`));
    if (sub === '*') wholeResources.add(name);
    if (name === '*') everyResources.add(sub);
  });
  if (resources.includes('*/*') && resources.length > 1) {
    issues.push(invalid(field, resources, "if '*/*' is present, must not specify other resources"));
  }
  const last = resources.findLast((resource) => resource !== '' && !resource.includes('/'));
  if (resources.includes('*') && last !== '*') {
    issues.push(invalid(field, resources, "if '*' is present, must not specify other resources without subresources"));
  }
  return issues;
}

/** Names of resources, each once. */
export const resourceNameIssues = (names: readonly string[] | null | undefined, field: string): Issue[] =>
  (names ?? []).flatMap((name, i) => [
    ...complain(`${field}[${i}]`, name, isPathSegmentName),
    ...((names ?? []).indexOf(name) < i ? [duplicate(`${field}[${i}]`, name)] : []),
  ]);
