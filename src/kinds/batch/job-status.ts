// What is wrong with what is said about a job's progress: numbers and conditions must fit, and what is final stays.

import { parseTime } from '../../base/time.ts';
import { type Issue, duplicate, invalid, required } from '../../api/issues.ts';
import { nonNegative } from '../checks.ts';
import type { JobStatus, Job as Shape } from '../generated/types/batch-v1.ts';
import { commonIndex, indexesOf } from './indexes.ts';
import { wrong } from './job-spec.ts';

export const isTrue = (status: JobStatus | undefined, type: string): boolean =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;

const isFinished = (status: JobStatus): boolean => isTrue(status, 'Complete') || isTrue(status, 'Failed');

export function statusIssues({ spec, status = {} }: Shape): Issue[] {
  return [
    ...nonNegative('status.active', status.active),
    ...nonNegative('status.succeeded', status.succeeded),
    ...nonNegative('status.failed', status.failed),
    ...nonNegative('status.ready', status.ready),
    ...nonNegative('status.terminating', status.terminating),
    ...uncountedIssues(status),
    ...endIssues(status),
    ...finishedIssues(status),
    ...indexIssues(spec, status),
    ...leftoverIssues(status),
    ...successIssues(status),
  ];
}

function uncountedIssues({ uncountedTerminatedPods: uncounted }: JobStatus): Issue[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((outcome) =>
    (uncounted?.[outcome] ?? []).flatMap((uid, i) => {
      const field = `status.uncountedTerminatedPods.${outcome}[${i}]`;
      if (uid === '') return [invalid(field, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(field, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

/** Conditions that exclude each other, and the time of completion. */
function endIssues(status: JobStatus): Issue[] {
  const { startTime, completionTime } = status;
  const complete = isTrue(status, 'Complete');
  const issues: Issue[] = [];
  if (complete && isTrue(status, 'Failed')) {
    issues.push(wrong('status.conditions', 'cannot set Complete=True and Failed=true conditions'));
  }
  if (complete && isTrue(status, 'FailureTarget')) {
    issues.push(wrong('status.conditions', 'cannot set Complete=True and FailureTarget=true conditions'));
  }
  if (completionTime && !complete) {
    const rule = 'cannot set completionTime when there is no Complete=True condition';
    issues.push(invalid('status.completionTime', completionTime, rule));
  }
  if (complete && !completionTime) {
    issues.push(required('status.completionTime', 'completionTime is required for Complete jobs'));
  }
  if (startTime && completionTime && (parseTime(completionTime) ?? 0) < (parseTime(startTime) ?? 0)) {
    issues.push(invalid('status.completionTime', completionTime, 'completionTime cannot be set before startTime'));
  }
  return issues;
}

function finishedIssues(status: JobStatus): Issue[] {
  const { active = 0, startTime, uncountedTerminatedPods: uncounted } = status;
  const issues: Issue[] = [];
  if (isTrue(status, 'Failed') && !isTrue(status, 'FailureTarget')) {
    const rule = 'cannot set Failed=True condition without the FailureTarget=true condition';
    issues.push(wrong('status.conditions', rule));
  }
  if (isTrue(status, 'Complete') && !isTrue(status, 'SuccessCriteriaMet')) {
    const rule = 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition';
    issues.push(wrong('status.conditions', rule));
  }
  if (!isFinished(status)) return issues;
  if (active > 0) issues.push(invalid('status.active', active, 'active>0 is invalid for finished job'));
  if (!startTime) issues.push(required('status.startTime', 'startTime is required for finished job'));
  if ((uncounted?.failed ?? []).length + (uncounted?.succeeded ?? []).length > 0) {
    const inside = { Succeeded: uncounted?.succeeded ?? null, Failed: uncounted?.failed ?? null };
    const rule = 'uncountedTerminatedPods needs to be empty for finished job';
    issues.push(invalid('status.uncountedTerminatedPods', inside, rule));
  }
  return issues;
}

function indexIssues(spec: Shape['spec'], { completedIndexes = '', failedIndexes }: JobStatus): Issue[] {
  const { completions, backoffLimitPerIndex } = spec;
  const issues: Issue[] = [];
  const completed = indexesOf(completedIndexes, completions ?? 0);
  const failed = indexesOf(failedIndexes ?? '', completions ?? 0);
  const parsed = (name: string, text: string, indexes: typeof completed) => {
    if ('problem' in indexes) issues.push(invalid(`status.${name}`, text, `error parsing ${name}: ${indexes.problem}`));
  };
  if (completions !== undefined) parsed('completedIndexes', completedIndexes, completed);
  if (completions !== undefined && backoffLimitPerIndex !== undefined && failedIndexes !== undefined) {
    parsed('failedIndexes', failedIndexes, failed);
  }
  if (completedIndexes !== '' && spec.completionMode !== 'Indexed') {
    const rule = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    issues.push(invalid('status.completedIndexes', completedIndexes, rule));
  }
  if (failedIndexes !== undefined && backoffLimitPerIndex === undefined) {
    const rule = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    issues.push(invalid('status.failedIndexes', failedIndexes, rule));
  }
  if ('problem' in completed || 'problem' in failed) return issues;
  const common = commonIndex(completed, failed);
  if (common !== undefined) {
    const rule = `failedIndexes and completedIndexes overlap at index: ${common}`;
    issues.push(invalid('status.failedIndexes', failedIndexes, rule));
  }
  return issues;
}

function leftoverIssues(status: JobStatus): Issue[] {
  const { terminating = 0, ready = 0, active = 0 } = status;
  const issues: Issue[] = [];
  if (terminating > 0 && isFinished(status)) {
    issues.push(invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'));
  }
  if (ready > active) issues.push(invalid('status.ready', ready, 'cannot set more ready pods than active'));
  return issues;
}

const successIssues = (status: JobStatus): Issue[] =>
  ['Failed', 'FailureTarget']
    .filter((type) => isTrue(status, 'SuccessCriteriaMet') && isTrue(status, type))
    .map((type) => wrong('status.conditions', `cannot set SuccessCriteriaMet=True and ${type}=true conditions`));

export function statusUpdateIssues({ spec, status = {} }: Shape, { spec: before, status: old = {} }: Shape): Issue[] {
  const issues = ['Failed', 'Complete', 'FailureTarget']
    .filter((type) => isTrue(old, type) && !isTrue(status, type))
    .map((type) => wrong('status.conditions', `cannot disable the terminal ${type}=True condition`));
  const elastic = spec.completionMode === 'Indexed' && spec.completions !== before.completions;
  for (const counter of ['failed', 'succeeded'] as const) {
    const count = status[counter] ?? 0;
    if (count < (old[counter] ?? 0) && !(counter === 'succeeded' && elastic)) {
      issues.push(invalid(`status.${counter}`, count, `cannot decrease the ${counter} counter`));
    }
  }
  if (status.completionTime && old.completionTime && status.completionTime !== old.completionTime) {
    issues.push(invalid('status.completionTime', status.completionTime, 'field is immutable'));
  }
  if (old.startTime && !spec.suspend && status.startTime !== old.startTime) {
    issues.push(
      status.startTime
        ? invalid('status.startTime', status.startTime, 'startTime cannot be modified for unsuspended job')
        : required('status.startTime', 'startTime cannot be removed for unsuspended job'),
    );
  }
  return [...issues, ...criteriaIssues(status, old)];
}

function criteriaIssues(status: JobStatus, old: JobStatus): Issue[] {
  const [now, before] = [isTrue(status, 'SuccessCriteriaMet'), isTrue(old, 'SuccessCriteriaMet')];
  if (before && !now) return [wrong('status.conditions', 'cannot disable the SuccessCriteriaMet=True condition')];
  if (before || !now) return [];
  return ['Complete', 'Failed']
    .filter((type) => isTrue(old, type))
    .map((type) =>
      wrong('status.conditions', `cannot set SuccessCriteriaMet=True for Job already has ${type}=true conditions`),
    );
}
