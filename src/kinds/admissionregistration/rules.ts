// The rules by which admission webhooks and policies say what they look at.

import { type Issue, duplicate, invalid, notSupported, required } from '../../api/issues.ts';
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

function resourceIssues(resources: readonly string[], field: string): Issue[] {
  if (resources.length === 0) return [required(field)];
  const issues: Issue[] = [];
  const parts = (resource: string) => [resource.split('/')[0] ?? '', resource.split('/')[1]] as const;
  const whole = new Set(
    resources
      .map(parts)
      .filter(([, sub]) => sub === '*')
      .map(([name]) => name),
  );
  const everyName = new Set(
    resources
      .map(parts)
      .filter(([name, sub]) => name === '*' && sub)
      .map(([, sub]) => sub),
  );
  resources.forEach((resource, i) => {
    const place = `${field}[${i}]`;
    const [name, sub] = parts(resource);
    if (resource === '') issues.push(required(place));
    else if (sub !== undefined && sub !== '*' && whole.has(name)) {
      issues.push(invalid(place, resource, `if '${name}/*' is present, must not specify ${resource}`));
    } else if (name !== '*' && sub && everyName.has(sub)) {
      issues.push(invalid(place, resource, `if '*/${sub}' is present, must not specify ${resource}`));
    }
  });
  if (resources.includes('*/*') && resources.length > 1) {
    issues.push(invalid(field, resources, "if '*/*' is present, must not specify other resources"));
  } else if (resources.includes('*') && resources.some((resource) => resource !== '*' && !resource.includes('/'))) {
    issues.push(invalid(field, resources, "if '*' is present, must not specify other resources without subresources"));
  }
  return issues;
}

/** Names of resources, each once. */
export const resourceNameIssues = (names: readonly string[] | null | undefined, field: string): Issue[] =>
  (names ?? []).flatMap((name, i) => ((names ?? []).indexOf(name) < i ? [duplicate(`${field}[${i}]`, name)] : []));
