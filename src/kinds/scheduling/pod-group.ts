// PodGroup: pods that are scheduled together, or one by one but counted as one.

import { deepEqual } from '../../base/equal.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, invalid, tooMany } from '../../api/issues.ts';
import { complain } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { conditionIssues } from '../conditions.ts';
import { defineKind } from '../define.ts';
import type {
  PodGroupSpec,
  PodGroupTemplateReference,
  PodGroup as Shape,
} from '../generated/types/scheduling-v1alpha2.ts';
import { keepMetadata, statusOnlyFields } from '../status-update.ts';
import {
  claimsIssues,
  constraintsIssues,
  dropDisabled,
  nameIssues,
  oneOf,
  policyIssues,
  preemptionIssues,
  repeatedNames,
} from './group-policy.ts';

export type PodGroup = Shape;

const defaultMode = 'Pod';

export const PodGroup = defineKind<PodGroup>(
  'scheduling.k8s.io/v1alpha2',
  'PodGroup',
  {
    generation: 'none',
    dropDisabledFields: ({ spec }, previous, context) => dropDisabled(spec, previous?.spec, context),
    prepareForCreate(group) {
      group.status = {};
      // What is not kept is read back as its default.
      if (group.spec) group.spec.disruptionMode ??= defaultMode;
    },
    prepareForStatusUpdate(group, previous, { enabled }) {
      keepMetadata(group, previous);
      if (!enabled('DRAWorkloadResourceClaims') && !previous.spec.resourceClaims?.length)
        delete group.status?.resourceClaimStatuses;
    },
    resetFields: statusOnlyFields,
    validate: ({ spec }) => specIssues(spec ?? {}),
    validateUpdate: ({ spec }, previous) => changeIssues(spec, previous.spec),
    validateStatusUpdate: statusIssues,
    columns: [
      nameColumn,
      textColumn(
        'Policy',
        'SchedulingPolicy defines the scheduling policy for this instance of the PodGroup. Controllers are expected to fill this field by copying it from a PodGroupTemplate. This field is immutable.',
        ({ spec }) => (spec.schedulingPolicy.gang ? 'Gang' : 'Basic'),
      ),
      textColumn('Workload', 'Name of the referenced Workload object', ({ spec: { podGroupTemplateRef } }) => {
        return podGroupTemplateRef ? (podGroupTemplateRef.workload?.workloadName ?? '') : '<none>';
      }),
      textColumn('Status', 'Status of the PodGroup', statusCell),
      ageColumn,
    ],
  },
  { gate: 'GenericWorkload' },
);

function statusCell({ status }: PodGroup): string {
  const last = (wanted: string) => status?.conditions?.findLast(({ type }) => type === wanted);
  const disrupted = last('DisruptionTarget');
  if (disrupted) return disrupted.reason;
  const scheduled = last('PodGroupScheduled');
  if (!scheduled) return 'Pending';
  return scheduled.status === 'True' ? 'Scheduled' : 'Unschedulable';
}

function specIssues(spec: Partial<PodGroupSpec>): Issue[] {
  return [
    ...templateIssues(spec.podGroupTemplateRef ?? undefined, 'spec.podGroupTemplateRef'),
    ...policyIssues(spec.schedulingPolicy, 'spec.schedulingPolicy'),
    ...constraintsIssues(spec.schedulingConstraints, 'spec.schedulingConstraints'),
    ...claimsIssues(spec.resourceClaims, 'spec.resourceClaims'),
    ...preemptionIssues(spec, 'spec'),
  ];
}

function templateIssues(reference: PodGroupTemplateReference | undefined, field: string): Issue[] {
  if (!reference) return [];
  const { workload } = reference;
  const issues = oneOf({ workload }, field);
  if (!workload) return issues;
  return [
    ...issues,
    ...nameIssues(workload.workloadName, `${field}.workload.workloadName`),
    ...nameIssues(workload.podGroupTemplateName, `${field}.workload.podGroupTemplateName`, isDns1123Label),
  ];
}

/** Nothing of a group may change: what it was made as, it stays. */
function changeIssues(next: PodGroupSpec, previous: PodGroupSpec): Issue[] {
  const fields = [
    'podGroupTemplateRef',
    'schedulingPolicy',
    'schedulingConstraints',
    'resourceClaims',
    'disruptionMode',
    'priorityClassName',
    'priority',
  ] as const;
  return fields.flatMap((field) =>
    deepEqual(next?.[field] ?? null, previous[field] ?? null)
      ? []
      : [invalid(`spec.${field}`, null, 'field is immutable')],
  );
}

const mostClaims = 4;

function statusIssues({ spec, status }: PodGroup): Issue[] {
  const claims = status?.resourceClaimStatuses ?? [];
  const field = 'status.resourceClaimStatuses';
  const unknown = claims.flatMap(({ name }, i) =>
    spec.resourceClaims?.some((claim) => claim.name === name)
      ? []
      : [invalid(`${field}[${i}].name`, name, 'must match the name of an entry in `spec.resourceClaims`')],
  );
  const issues = [...conditionIssues(status?.conditions, 'status.conditions'), ...unknown];
  if (claims.length > mostClaims) return [...issues, tooMany(field, claims.length, mostClaims)];
  return [
    ...issues,
    ...repeatedNames(claims, field),
    ...claims.flatMap(({ resourceClaimName }, i) =>
      resourceClaimName === undefined
        ? []
        : complain(`${field}[${i}].resourceClaimName`, resourceClaimName, isDns1123Subdomain),
    ),
  ];
}
