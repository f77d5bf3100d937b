// ResourceQuota: what a namespace may hold and ask for altogether.

import { type Issue, invalid, required } from '../../api/issues.ts';
import { deepEqual } from '../../base/equal.ts';
import { compareQuantities, parseQuantity } from '../../base/quantity.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
  ResourceQuota as Shape,
} from '../generated/types/core-v1.ts';
import { isQuotaResource, quantityIssues, resourceNameIssues } from '../pod-spec/resources.ts';
import { roundAmounts } from '../quantities.ts';

export type ResourceQuota = Shape;

export const ResourceQuota = defineKind<ResourceQuota>('v1', 'ResourceQuota', {
  returnsDeleted: true,
  generation: 'none',
  applyDefaults: ({ spec, status }) => roundAmounts(spec?.hard, status?.hard, status?.used),
  validate: ({ spec }) => specIssues(spec),
  validateUpdate: ({ spec }, previous) => [...specIssues(spec), ...scopeChangeIssues(spec, previous.spec)],
  validateStatusUpdate: ({ status }) => [
    ...amountsIssues(status?.hard ?? {}, 'status.hard'),
    ...amountsIssues(status?.used ?? {}, 'status.used'),
  ],
  warnings: ({ spec }, previous) => (previous ? [] : quotaWarnings(spec?.hard ?? {})),
  columns: [
    nameColumn,
    textColumn(
      'Request',
      'Request represents a minimum amount of cpu/memory that a container may consume.',
      (quota: ResourceQuota) => usageText(quota, (name) => !isLimit(name)),
    ),
    textColumn(
      'Limit',
      'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.',
      (quota: ResourceQuota) => usageText(quota, isLimit),
    ),
    ageColumn,
  ],
});

/** Requests that are more than what the limits let through. */
function quotaWarnings(hard: Readonly<Record<string, string>>): string[] {
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((resource) => {
    const named = `requests.${resource}`;
    const bare = (resource === 'cpu' || resource === 'memory') && hard[named] === undefined;
    const [request, limit] = [bare ? resource : named, `limits.${resource}`];
    const [asked, most] = [hard[request], hard[limit]];
    if (asked === undefined || most === undefined) return [];
    const more = compareQuantities(parseQuantity(asked), parseQuantity(most)) > 0;
    return more ? [`ResourceQuota ${request} (${asked}) should be less than ${limit} (${most})`] : [];
  });
}

const isLimit = (name: string): boolean => name.startsWith('limits.');

function usageText({ status }: ResourceQuota, wanted: (name: string) => boolean): string {
  const names = Object.keys(status?.hard ?? {}).filter(wanted);
  return names
    .sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? '0'}/${status?.hard?.[name]}`)
    .join(', ');
}

function specIssues(spec: ResourceQuotaSpec | undefined): Issue[] {
  return [
    ...amountsIssues(spec?.hard ?? {}, 'spec.hard'),
    ...scopeIssues(spec ?? {}),
    ...selectorIssues(spec?.scopeSelector?.matchExpressions ?? [], spec ?? {}),
  ];
}

function amountsIssues(amounts: Readonly<Record<string, string>>, field: string): Issue[] {
  return Object.entries(amounts).flatMap(([name, amount]) => {
    const place = `${field}[${name}]`;
    const issues = resourceNameIssues(name, place);
    if (!name.includes('/') && !isQuotaResource(name)) {
      issues.push(invalid(place, name, 'must be a standard resource for quota'));
    }
    return [...issues, ...quantityIssues(name, amount, place)];
  });
}

const podAmounts = /^(pods|(requests\.|limits\.)?(cpu|memory))$/;

/** What may be limited under a scope. */
const scopes: Readonly<Record<string, RegExp>> = {
  Terminating: podAmounts,
  NotTerminating: podAmounts,
  NotBestEffort: podAmounts,
  PriorityClass: podAmounts,
  CrossNamespacePodAffinity: podAmounts,
  BestEffort: /^pods$/,
  VolumeAttributesClass: /^(persistentvolumeclaims|requests\.storage)$/,
};

const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

function scopeIssues(spec: ResourceQuotaSpec): Issue[] {
  const given: readonly string[] = spec.scopes ?? [];
  return [
    ...given.flatMap((scope) => [
      ...(scopes[scope] ? [] : [invalid('spec.scopes', given, 'unsupported scope')]),
      ...misappliedIssues(scope, spec, 'spec.scopes', given),
    ]),
    ...conflictIssues(given, 'spec.scopes', given),
  ];
}

/** For each resource that cannot be limited under a scope. */
const misappliedIssues = (scope: string, { hard = {} }: ResourceQuotaSpec, field: string, shown: unknown): Issue[] =>
  Object.keys(hard)
    .filter((name) => isQuotaResource(name) && scopes[scope]?.test(name) === false)
    .map(() => invalid(field, shown, 'unsupported scope applied to resource'));

const conflictIssues = (given: readonly string[], field: string, shown: unknown): Issue[] =>
  opposites
    .filter((pair) => pair.every((scope) => given.includes(scope)))
    .map(() => invalid(field, shown, 'conflicting scopes'));

function selectorIssues(requirements: readonly ScopedResourceSelectorRequirement[], spec: ResourceQuotaSpec): Issue[] {
  const field = 'spec.scopeSelector.matchExpressions';
  const shown = {
    MatchExpressions: requirements.map(({ scopeName, operator, values }) => ({
      ScopeName: scopeName,
      Operator: operator,
      Values: values ?? null,
    })),
  };
  const given = requirements.map(({ scopeName }) => scopeName as string);
  return [
    ...requirements.flatMap(({ scopeName, operator, values = [] }) => [
      ...(scopes[scopeName] ? [] : [invalid(`${field}.scopeName`, scopeName, 'unsupported scope')]),
      ...misappliedIssues(scopeName, spec, field, shown),
      ...(takesNoValues.has(scopeName) && operator !== 'Exists'
        ? [invalid(`${field}.operator`, operator, onlyExists)]
        : []),
      ...operatorIssues(operator, values, field),
    ]),
    // Kubernetes shows the other list of scopes.
    ...conflictIssues(given, field, spec.scopes),
  ];
}

const takesNoValues = new Set([...opposites.flat(), 'CrossNamespacePodAffinity']);
const onlyExists =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

function operatorIssues(operator: string, values: readonly string[], field: string): Issue[] {
  switch (operator) {
    case 'In':
    case 'NotIn': {
      const rule = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      return values.length === 0 ? [required(`${field}.values`, rule)] : [];
    }
    case 'Exists':
    case 'DoesNotExist': {
      const rule = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      return values.length > 0 ? [invalid(`${field}.values`, values, rule)] : [];
    }
    default:
      return [invalid(`${field}.operator`, operator, 'not a valid selector operator')];
  }
}

/** The scopes are fixed, in any order. */
function scopeChangeIssues(next: ResourceQuotaSpec, previous: ResourceQuotaSpec): Issue[] {
  const [now, before] = [[...(next.scopes ?? [])].sort(), [...(previous.scopes ?? [])].sort()];
  return deepEqual(now, before) ? [] : [invalid('spec.scopes', next.scopes ?? null, 'field is immutable')];
}
