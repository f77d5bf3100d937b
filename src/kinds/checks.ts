// Checks of single values that many kinds share, as issues about a field.

import { isDns1123Subdomain, isLabelValue, isQualifiedName } from '../base/names.ts';
import { utf8Length } from '../base/bytes.ts';
import type { LabelSelector } from '../base/selectors.ts';
import {
  type Issue,
  forbiddenField,
  invalid,
  notSupported,
  quoted,
  rendered,
  required,
  tooLong,
} from '../api/issues.ts';

/** One issue for each complaint of a check about the value. */
export const complain = <V>(field: string, value: V, check: (value: V) => string[]): Issue[] =>
  check(value).map((text) => invalid(field, value, text));

/** Ids of users and groups. */
export const isNumericId = (value: number): string[] =>
  value >= 0 && value <= 2_147_483_647 ? [] : ['must be between 0 and 2147483647, inclusive'];

export const nonNegative = (field: string, value: number | undefined): Issue[] =>
  value !== undefined && value < 0 ? [invalid(field, value, 'must be greater than or equal to 0')] : [];

/** `notSupported` for the lists that Kubernetes prints in their own order instead of sorted. */
export const notListed = (field: string, value: unknown, supported: readonly string[]): Issue => ({
  type: 'notSupported',
  field,
  message: `Unsupported value: ${rendered(value)}: supported values: ${supported.map(quoted).join(', ')}`,
});

/** Required, and one of a few. */
export function choiceIssues(value: string | undefined, field: string, choices: readonly string[]): Issue[] {
  if (!value) return [required(field)];
  return choices.includes(value) ? [] : [notSupported(field, value, choices)];
}

export const immutable = (field: string, next: unknown): Issue => invalid(field, next ?? null, 'field is immutable');

/** Keys and values of labels. */
export function labelIssues(labels: Readonly<Record<string, string>> | undefined | null, field: string): Issue[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...complain(field, key, isQualifiedName),
    ...complain(field, value, isLabelValue),
  ]);
}

const annotationsLimit = 262_144;

/** Keys and the whole size of annotations. */
export function annotationIssues(
  annotations: Readonly<Record<string, string>> | undefined | null,
  field: string,
): Issue[] {
  const entries = Object.entries(annotations ?? {});
  const issues = entries.flatMap(([key]) =>
    isQualifiedName(key.toLowerCase()).map((text) => invalid(field, key, text)),
  );
  const size = entries.reduce((sum, [key, value]) => sum + utf8Length(key) + utf8Length(value), 0);
  return size > annotationsLimit ? [...issues, tooLong(field, annotationsLimit)] : issues;
}

/** What is wrong with a label selector. */
export function labelSelectorIssues(selector: LabelSelector | undefined, field: string): Issue[] {
  const expressions = selector?.matchExpressions ?? [];
  return [
    ...labelIssues(selector?.matchLabels, `${field}.matchLabels`),
    ...expressions.flatMap((expression, i) => requirementIssues(expression, `${field}.matchExpressions[${i}]`)),
  ];
}

interface SelectorRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | null | undefined;
}

function requirementIssues({ key, operator, values }: SelectorRequirement, field: string): Issue[] {
  const issues = requirementOperatorIssues(operator, values ?? [], field);
  issues.push(...complain(`${field}.key`, key, isQualifiedName));
  (values ?? []).forEach((value, i) => issues.push(...complain(`${field}.values[${i}]`, value, isLabelValue)));
  return issues;
}

function requirementOperatorIssues(operator: string, values: readonly string[], field: string): Issue[] {
  if (operator === 'In' || operator === 'NotIn') {
    const rule = "must be specified when `operator` is 'In' or 'NotIn'";
    return values.length === 0 ? [required(`${field}.values`, rule)] : [];
  }
  if (operator === 'Exists' || operator === 'DoesNotExist') {
    const rule = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    return values.length > 0 ? [forbiddenField(`${field}.values`, rule)] : [];
  }
  return [invalid(`${field}.operator`, operator, 'not a valid selector operator')];
}

/** `example.com/path`: what belongs to a domain must say so. */
export function domainPrefixedPath(field: string, value: string): Issue[] {
  if (value === '') return [required(field)];
  const slash = value.indexOf('/');
  if (slash <= 0 || slash === value.length - 1) {
    return [invalid(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const host = value.slice(0, slash);
  const path = value.slice(slash + 1);
  const pattern = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
  const issues = complain(field, host, isDns1123Subdomain);
  if (!new RegExp(`^${pattern}$`).test(path)) {
    issues.push(invalid(field, path, `Invalid path (regex used for validation is '${pattern}')`));
  }
  return issues;
}

/** A path below something: relative, and never upwards. */
export function descendingPathIssues(path: string, field: string): Issue[] {
  const issues = path.startsWith('/') ? [invalid(field, path, 'must be a relative path')] : [];
  return [...issues, ...backstepIssues(path, field)];
}

export const backstepIssues = (path: string, field: string): Issue[] =>
  path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : [];

/** A descending path whose first name does not begin with two dots, which are kept for the kubelet. */
export function nonReservedPathIssues(path: string, field: string): Issue[] {
  const issues = descendingPathIssues(path, field);
  if (path.startsWith('..') && !path.startsWith('../')) issues.push(invalid(field, path, "must not start with '..'"));
  return issues;
}
