// Workload: what a controller runs, as the groups of pods it will make.

import { deepEqual } from '../../base/equal.ts';
import { isDns1123Label, isDns1123Subdomain, isPathSegmentName } from '../../base/names.ts';
import { type Issue, duplicate, invalid, required, tooMany } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  PodGroupTemplate,
  TypedLocalObjectReference,
  Workload as Shape,
  WorkloadSpec,
} from '../generated/types/scheduling-v1alpha2.ts';
import {
  claimsIssues,
  constraintsIssues,
  dropDisabled,
  nameIssues,
  policyIssues,
  preemptionIssues,
} from './group-policy.ts';

export type Workload = Shape;

const mostTemplates = 8;

export const Workload = defineKind<Workload>(
  'scheduling.k8s.io/v1alpha2',
  'Workload',
  {
    generation: 'none',
    dropDisabledFields({ spec }, previous, context) {
      for (const template of spec?.podGroupTemplates ?? []) {
        const same = previous?.spec.podGroupTemplates?.find(({ name }) => name === template.name);
        dropTemplate(template, same, context);
      }
    },
    validate: ({ spec }) => specIssues(spec ?? {}),
    validateUpdate: ({ spec }, { spec: before }) =>
      (['controllerRef', 'podGroupTemplates'] as const).flatMap((field) =>
        deepEqual(spec?.[field] ?? null, before[field] ?? null)
          ? []
          : [invalid(`spec.${field}`, null, 'field is immutable')],
      ),
    columns: [nameColumn, ageColumn],
  },
  { gate: 'GenericWorkload' },
);

/** A field of a template that is not kept is null, not absent. */
function dropTemplate(
  template: PodGroupTemplate,
  before: PodGroupTemplate | undefined,
  context: Parameters<typeof dropDisabled>[2],
): void {
  dropDisabled(template, before, context);
  template.schedulingConstraints ??= null as never;
}

function specIssues({ controllerRef, podGroupTemplates }: Partial<WorkloadSpec>): Issue[] {
  const templates = podGroupTemplates ?? [];
  const field = 'spec.podGroupTemplates';
  const issues = controllerRef ? controllerIssues(controllerRef, 'spec.controllerRef') : [];
  if (templates.length === 0) return [...issues, required(field)];
  if (templates.length > mostTemplates) return [...issues, tooMany(field, templates.length, mostTemplates)];
  const repeated = templates.flatMap((template, i) =>
    templates.findIndex(({ name }) => name === template.name) < i
      ? [duplicate(`${field}[${i}]`, printedTemplate(template))]
      : [],
  );
  return [...issues, ...repeated, ...templates.flatMap((template, i) => templateIssues(template, `${field}[${i}]`))];
}

/** In the order Kubernetes prints it. */
function printedTemplate(template: PodGroupTemplate): object {
  const { name, schedulingPolicy, schedulingConstraints, ...rest } = template;
  return { name, schedulingPolicy, schedulingConstraints: schedulingConstraints ?? null, ...rest };
}

function controllerIssues({ apiGroup, kind, name }: TypedLocalObjectReference, field: string): Issue[] {
  return [
    ...(apiGroup ? complain(`${field}.apiGroup`, apiGroup, isDns1123Subdomain) : []),
    ...nameIssues(kind, `${field}.kind`, isPathSegmentName),
    ...nameIssues(name, `${field}.name`, isPathSegmentName),
  ];
}

function templateIssues(template: PodGroupTemplate, field: string): Issue[] {
  return [
    ...nameIssues(template.name, `${field}.name`, isDns1123Label),
    ...policyIssues(template.schedulingPolicy, `${field}.schedulingPolicy`),
    ...constraintsIssues(template.schedulingConstraints ?? undefined, `${field}.schedulingConstraints`),
    ...claimsIssues(template.resourceClaims, `${field}.resourceClaims`),
    ...preemptionIssues(template, field),
  ];
}
