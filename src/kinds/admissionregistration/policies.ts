// What validating and mutating admission policies, and their bindings, have in common.

import { deepEqual } from '../../base/equal.ts';
import { isCIdentifier, isDns1035Label, isDns1123Subdomain, isPathSegmentName } from '../../base/names.ts';
import { type Issue, forbiddenField, invalid, notSupported, required } from '../../api/issues.ts';
import { complain, labelSelectorIssues, notListed } from '../checks.ts';
import type { Type } from '../../languages/cel/types.ts';
import type {
  MatchCondition,
  MatchResources,
  ParamKind,
  ParamRef,
  Variable,
} from '../generated/types/admissionregistration-v1.ts';
import { compileVariables, type Declarations, type Expression, typesOf } from './expressions.ts';
import { compileIssues } from './expression-issues.ts';
import { resourceNameIssues, ruleIssues } from './rules.ts';

export function applyMatchDefaults(match: MatchResources | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*';
}

const matchPolicies = ['Equivalent', 'Exact'];

export function matchIssues(match: MatchResources, field: string): Issue[] {
  const { matchPolicy, namespaceSelector, objectSelector } = match;
  const issues: Issue[] = [];
  if (matchPolicy !== undefined && !matchPolicies.includes(matchPolicy)) {
    issues.push(notSupported(`${field}.matchPolicy`, matchPolicy, matchPolicies));
  }
  issues.push(...labelSelectorIssues(namespaceSelector, `${field}.namespaceSelector`));
  issues.push(...labelSelectorIssues(objectSelector, `${field}.objectSelector`));
  for (const list of ['resourceRules', 'excludeResourceRules'] as const) {
    (match[list] ?? []).forEach((rule, i) => {
      const place = `${field}.${list}[${i}]`;
      issues.push(...resourceNameIssues(rule.resourceNames, `${place}.resourceNames`));
      issues.push(...ruleIssues(rule as Parameters<typeof ruleIssues>[0], place));
    });
  }
  return issues;
}

/** A policy must look at something. */
export function constraintIssues(match: MatchResources | undefined, field: string): Issue[] {
  if (!match) return [required(field)];
  const issues = matchIssues(match, field);
  return (match.resourceRules ?? []).length > 0 ? issues : [...issues, required(`${field}.resourceRules`)];
}

export function failurePolicyIssues(policy: string | undefined): Issue[] {
  const choices = ['Fail', 'Ignore'];
  if (policy === undefined) return [required('spec.failurePolicy')];
  return choices.includes(policy) ? [] : [notSupported('spec.failurePolicy', policy, choices)];
}

export function paramKindIssues(paramKind: ParamKind | undefined): Issue[] {
  if (!paramKind) return [];
  const { apiVersion = '', kind = '' } = paramKind;
  const issues =
    apiVersion === ''
      ? [required('spec.paramKind.apiVersion')]
      : apiVersionIssues(apiVersion, 'spec.paramKind.apiVersion');
  if (kind === '') return [...issues, required('spec.paramKind.kind')];
  const wrong = isDns1035Label(kind.toLowerCase());
  if (wrong.length === 0) return issues;
  const rule = `may have mixed case, but should otherwise match: ${wrong.join(',')}`;
  return [...issues, invalid('spec.paramKind.kind', kind, rule)];
}

function apiVersionIssues(apiVersion: string, field: string): Issue[] {
  const parts = apiVersion.split('/');
  if (parts.length > 2) return [invalid(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const [group, version] = parts.length === 2 ? parts : ['', parts[0]];
  return [
    ...joined(field, group ? isDns1123Subdomain(group) : [], group),
    ...(version
      ? joined(field, isDns1035Label(version), version)
      : [invalid(field, apiVersion, 'version must be specified')]),
  ];
}

/** One issue for all complaints. */
const joined = (field: string, complaints: readonly string[], value: unknown): Issue[] =>
  complaints.length === 0 ? [] : [invalid(field, value, complaints.join(','))];

const mutableOperations = ['*', 'CONNECT', 'CREATE', 'UPDATE'];

/** What is deleted cannot be changed. Upstream does not say which rule it is. */
export const mutableOperationIssues = (match: MatchResources | undefined, field: string): Issue[] =>
  (match?.resourceRules ?? [])
    .flatMap((rule) => rule.operations ?? [])
    .filter((operation) => !mutableOperations.includes(operation))
    .map((operation) => notSupported(`${field}.resourceRules.operations`, operation, mutableOperations));

interface Conditional {
  readonly paramKind?: ParamKind;
  readonly matchConditions?: readonly MatchCondition[];
}

/** Whether neither the conditions of a policy nor what they may use has changed. */
export const hasSameConditions = (spec: Conditional, previous: Conditional): boolean =>
  deepEqual(spec.paramKind, previous.paramKind) && deepEqual(spec.matchConditions, previous.matchConditions);

/** The policy's variables, and what is wrong with them. */
export function checkedVariables(
  variables: readonly Variable[],
  declarations: Declarations,
): { readonly issues: Issue[]; readonly types: ReadonlyMap<string, Type> } {
  const compiled = compileVariables(variables, declarations);
  const issues = variables.flatMap((variable, i) =>
    variableIssues(variable, `spec.variables[${i}]`, compiled.get(variable.name ?? '')),
  );
  return { issues, types: typesOf(compiled) };
}

function variableIssues({ name, expression }: Variable, field: string, compiled: Expression | undefined): Issue[] {
  const issues = name?.trim() ? [] : [required(`${field}.name`, 'name is not specified')];
  if (name?.trim() && isCelIdentifier(name).length > 0) {
    issues.push(invalid(`${field}.name`, name, 'must be a valid CEL identifier'));
  }
  if (!expression?.trim()) issues.push(required(`${field}.expression`, 'expression is not specified'));
  else if (compiled) issues.push(...compileIssues(`${field}.expression`, compiled));
  return issues;
}

/** A name that expressions can use as it is. */
const isCelIdentifier = (name: string): string[] => (reservedWords.has(name) ? ['is reserved'] : isCIdentifier(name));

const reservedWords = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

interface Bound {
  readonly policyName?: string;
  readonly paramRef?: ParamRef;
  readonly matchResources?: MatchResources;
}

export function bindingIssues({ policyName, paramRef, matchResources }: Bound): Issue[] {
  const issues = policyName
    ? complain('spec.policyName', policyName, isDns1123Subdomain)
    : [required('spec.policyName')];
  if (paramRef) issues.push(...paramRefIssues(paramRef, 'spec.paramRef'));
  return matchResources ? [...issues, ...matchIssues(matchResources, 'spec.matchResources')] : issues;
}

function paramRefIssues({ name, selector, parameterNotFoundAction: action }: ParamRef, field: string): Issue[] {
  const issues = name ? complain(`${field}.name`, name, isPathSegmentName) : [];
  if (name && selector) {
    const rule = 'name and selector are mutually exclusive';
    issues.push(forbiddenField(`${field}.name`, rule), forbiddenField(`${field}.selector`, rule));
  }
  if (!name && !selector) issues.push(required(field, 'one of name or selector must be specified'));
  issues.push(...labelSelectorIssues(selector, `${field}.selector`));
  if (!action) issues.push(required(`${field}.parameterNotFoundAction`));
  else if (action !== 'Deny' && action !== 'Allow') {
    issues.push(notListed(`${field}.parameterNotFoundAction`, action, ['Deny', 'Allow']));
  }
  return issues;
}

export const paramKindCell = (paramKind: ParamKind | undefined): string =>
  paramKind ? `${paramKind.apiVersion ?? ''}/${paramKind.kind ?? ''}` : '<unset>';

/** The parameters of a binding; a selector in the form Go prints it. */
export function paramRefCell(paramRef: ParamRef | undefined): string {
  if (!paramRef) return '<unset>';
  const { name, namespace, selector } = paramRef;
  if (name) return namespace ? `${namespace}/${name}` : `*/${name}`;
  const labels = Object.entries(selector?.matchLabels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`);
  const expressions = (selector?.matchExpressions ?? []).map(
    ({ key, operator, values }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${(values ?? []).join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}
