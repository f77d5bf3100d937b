// Job: pods that run to their end, so many times over.

import { deepEqual } from '../../base/equal.ts';
import { isDns1123Label } from '../../base/names.ts';
import { humanDuration, parseTime } from '../../base/time.ts';
import { type Issue, invalid, required } from '../../api/issues.ts';
import type { Instant } from '../../base/clock.ts';
import { immutable, labelSelectorIssues } from '../checks.ts';
import { ageColumn, nameColumn, templateColumns, textColumn, wide } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { JobSpec, JobTemplateSpec, Job as Shape } from '../generated/types/batch-v1.ts';
import type { Affinity, PodTemplateSpec } from '../generated/types/core-v1.ts';
import { applyPodTemplateDefaults } from '../pod-spec/defaults.ts';
import { dropDisabledTemplateFields } from '../pod-spec/disabled-fields.ts';
import { internalPodSpec, internalPodTemplate } from '../pod-spec/internal-form.ts';
import {
  isNewGeneration,
  mismatchIssues,
  podNameWarnings,
  readSelector,
  selectorCell,
  shownSelector,
} from '../workloads.ts';
import { internalFailurePolicy, internalSuccessPolicy, jobSpecIssues, jobSpecWarnings } from './job-spec.ts';
import { isTrue, jobStatusIssues } from './job-status.ts';

export type Job = Shape;

const specField = (field: string) => ({ type: 'io.k8s.api.batch.v1.JobSpec', field });
const statusField = (field: string) => ({ type: 'io.k8s.api.batch.v1.JobStatus', field });

export const Job = defineKind<Job>('batch/v1', 'Job', {
  applyDefaults,
  dropDisabledFields: ({ spec }, previous, context) =>
    dropDisabledTemplateFields(spec?.template, previous?.spec?.template, context),
  prepareForCreate(job) {
    job.status = {};
    if (!job.spec.manualSelector) selectOwnPods(job);
    labelAsTemplate(job);
  },
  isStoredBare: ({ metadata: { labels = {}, uid, name = '' }, spec: { manualSelector } }) =>
    !manualSelector && deepEqual(labels, ownLabels({ metadata: { uid, name } } as Job)),
  validate: jobIssues,
  validateUpdate: (next, previous) => [...jobIssues(next), ...specUpdateIssues(next, previous)],
  validateStatusUpdate: jobStatusIssues,
  warnings: (next, previous) => [
    ...(previous ? [] : podNameWarnings(next)),
    ...(isNewGeneration(next, previous) ? jobSpecWarnings(next.spec, 'spec') : []),
  ],
  selectableFields: { 'status.successful': ({ status }) => String(status?.succeeded ?? 0) },
  defaultPropagation: 'Orphan',
  deletionWarning:
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  columns: [
    nameColumn,
    textColumn('Status', 'Status of the job.', statusCell),
    textColumn('Completions', statusField('succeeded'), completionsCell),
    textColumn('Duration', 'Time required to complete the job.', durationCell),
    ageColumn,
    ...templateColumns<Job>(({ spec }) => spec.template.spec).map(wide),
    wide(textColumn('Selector', specField('selector'), ({ spec }) => selectorCell(spec.selector))),
  ],
});

const mostRetries = 2_147_483_647;

function applyDefaults(job: Job): void {
  const spec = (job.spec ??= { template: {} });
  applyJobTemplateDefaults({ spec });
  if (spec.parallelism === undefined) {
    spec.completions ??= 1;
    spec.parallelism = 1;
  }
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : mostRetries;
  labelAsTemplate(job);
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  spec.manualSelector ??= false;
}

/** What holds for the templates of CronJobs, too. */
export function applyJobTemplateDefaults({ spec }: JobTemplateSpec): void {
  applyPodTemplateDefaults(spec?.template);
  for (const rule of spec?.podFailurePolicy?.rules ?? []) {
    for (const condition of rule.onPodConditions ?? []) condition.status ||= 'True';
  }
}

/** A job without labels has its template's. */
function labelAsTemplate({ metadata, spec }: Job): void {
  const labels = spec.template?.metadata?.labels;
  if (labels && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels };
}

const uidLabel = 'batch.kubernetes.io/controller-uid';
const nameLabel = 'batch.kubernetes.io/job-name';

/** The labels every job's pods bear: today's, and those from before they had a prefix. */
const ownLabels = ({ metadata: { uid = '', name = '' } }: Job): Record<string, string> => ({
  'controller-uid': uid,
  'job-name': name,
  [uidLabel]: uid,
  [nameLabel]: name,
});

/** Labels and selector that no other job can have. What the author has set stays, and may be refused. */
function selectOwnPods(job: Job): void {
  const template = (job.spec.template ??= {});
  template.metadata ??= {};
  template.metadata.labels = { ...ownLabels(job), ...template.metadata.labels };
  const selector = (job.spec.selector ??= {});
  selector.matchLabels = { [uidLabel]: job.metadata.uid ?? '', ...selector.matchLabels };
}

function jobIssues(job: Job): Issue[] {
  return [...ownSelectorIssues(job), ...specIssues(job.spec), ...podNameIssues(job)];
}

function ownSelectorIssues(job: Job): Issue[] {
  const { manualSelector, selector, template } = job.spec;
  if (manualSelector || !selector) return [];
  const expected = ownLabels(job);
  const labels = template?.metadata?.labels ?? {};
  const issues = Object.entries(expected).flatMap(([key, value]) => {
    const field = `spec.template.metadata.labels[${key}]`;
    if (labels[key] === undefined) return [required(field, `must be '${value}'`)];
    return labels[key] === value ? [] : [invalid(field, labels, `must be '${value}'`)];
  });
  if (readSelector(selector)?.matches(expected) === false) {
    issues.push(invalid('spec.selector', shownSelector(selector), '`selector` not auto-generated'));
  }
  return issues;
}

function specIssues(spec: JobSpec): Issue[] {
  const read = readSelector(spec.selector);
  return [
    ...jobSpecIssues(spec, 'spec'),
    ...(spec.selector ? labelSelectorIssues(spec.selector, 'spec.selector') : [required('spec.selector')]),
    ...(read ? mismatchIssues(read, spec.template, 'spec.template') : []),
  ];
}

/** Indexed pods have hostnames, of which the last is the longest. */
function podNameIssues({ metadata: { name = '' }, spec }: Job): Issue[] {
  if (spec.completionMode !== 'Indexed' || !spec.completions || spec.completions < 0) return [];
  const last = `${name}-${spec.completions - 1}`;
  if (isDns1123Label(last).length === 0) return [];
  return [invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${last}`)];
}

/** Kubernetes checks the whole job, and its specification once more. */
function specUpdateIssues({ spec, status }: Job, previous: Job): Issue[] {
  const before = previous.spec;
  const fixed = (name: keyof JobSpec, shown: unknown = spec[name]): Issue[] =>
    deepEqual(spec[name], before[name]) ? [] : [immutable(`spec.${name}`, shown)];
  return [
    ...specIssues(spec),
    ...completionsIssues(spec, before),
    ...fixed('selector', spec.selector && shownSelector(spec.selector)),
    ...templateIssues(spec.template, before, status ?? {}),
    ...fixed('completionMode'),
    ...fixed('podFailurePolicy', spec.podFailurePolicy && internalFailurePolicy(spec.podFailurePolicy)),
    ...fixed('backoffLimitPerIndex'),
    ...fixed('managedBy'),
    ...fixed('successPolicy', spec.successPolicy && internalSuccessPolicy(spec.successPolicy)),
  ];
}

function completionsIssues(spec: JobSpec, before: JobSpec): Issue[] {
  if (spec.completions === before.completions) return [];
  if (spec.completionMode !== 'Indexed') return [immutable('spec.completions', spec.completions)];
  if (spec.completions === undefined || spec.completions === spec.parallelism) return [];
  return [invalid('spec.completions', spec.completions, 'can only be modified in tandem with spec.parallelism')];
}

/** Where and how big the pods of a suspended job will be may change; nothing else. */
function templateIssues(next: PodTemplateSpec, { template, suspend }: JobSpec, status: object): Issue[] {
  if (!suspend || !neverRan(status)) {
    return deepEqual(next, template) ? [] : [immutable('spec.template', internalPodTemplate(next))];
  }
  const { affinity, nodeSelector, tolerations, schedulingGates } = next.spec ?? {};
  const allowed = {
    ...template.spec,
    affinity: withNodeAffinity(template.spec?.affinity, affinity),
    nodeSelector,
    tolerations,
    schedulingGates,
    containers: resized(template.spec?.containers ?? [], next.spec?.containers ?? []),
    initContainers:
      template.spec?.initContainers && resized(template.spec.initContainers, next.spec?.initContainers ?? []),
  };
  if (deepEqual(next.spec, allowed)) return [];
  return [immutable('spec.template.spec', internalPodSpec(next.spec ?? { containers: [] }))];
}

function neverRan(status: NonNullable<Job['status']>): boolean {
  return !status.startTime || isTrue(status, 'Suspended');
}

function withNodeAffinity(before: Affinity | undefined, next: Affinity | undefined): Affinity | undefined {
  const { nodeAffinity: _, ...others } = before ?? {};
  if (!next) return Object.keys(others).length === 0 ? undefined : others;
  return next.nodeAffinity ? { ...others, nodeAffinity: next.nodeAffinity } : others;
}

interface Sized {
  readonly resources?: unknown;
}

const resized = <C extends Sized>(before: readonly C[], next: readonly Sized[]): unknown[] =>
  before.map((container, i) => ({ ...container, resources: next[i]?.resources }));

function statusCell({ metadata, status }: Job): string {
  for (const type of ['Complete', 'Failed']) if (isTrue(status, type)) return type;
  if (metadata.deletionTimestamp) return 'Terminating';
  for (const type of ['Suspended', 'FailureTarget', 'SuccessCriteriaMet']) if (isTrue(status, type)) return type;
  return 'Running';
}

function completionsCell({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationCell({ status }: Job, now: Instant): string {
  if (!status?.startTime) return '';
  const end = status.completionTime ? parseTime(status.completionTime) : now;
  return humanDuration((end ?? now) - (parseTime(status.startTime) ?? now));
}
