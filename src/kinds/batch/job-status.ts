// What is wrong with what is said about a job's progress: numbers and conditions must fit, and what is final stays.

import { deepEqual } from '../../base/equal.ts';
import { parseTime } from '../../base/time.ts';
import { type Issue, duplicate, invalid, required } from '../../api/issues.ts';
import { nonNegative } from '../checks.ts';
import type { JobStatus, Job as Shape } from '../generated/types/batch-v1.ts';
import { commonIndex, indexesOf } from './indexes.ts';
import { wrong } from './job-spec.ts';

export const isTrue = (status: JobStatus | undefined, type: string): boolean =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;

const isFinished = (status: JobStatus): boolean => isTrue(status, 'Complete') || isTrue(status, 'Failed');

/** Whether a part of the status is another than before: only then is it looked at, so that what is wrong already stands in nobody's way. */
type Changed = (...parts: readonly string[]) => boolean;

function changesOf(status: JobStatus, old: JobStatus): Changed {
  const changed: Readonly<Record<string, () => boolean>> = {
    finished: () => isFinished(status) !== isFinished(old),
  };
  const isCondition = (part: string) => /^[A-Z]/.test(part);
  return (...parts) =>
    parts.some((part) => {
      if (changed[part]) return changed[part]();
      if (isCondition(part)) return isTrue(status, part) !== isTrue(old, part);
      return !deepEqual(status[part as keyof JobStatus], old[part as keyof JobStatus]);
    });
}

export function jobStatusIssues(next: Shape, previous: Shape): Issue[] {
  const { spec, status = {} } = next;
  const changed = changesOf(status, previous.status ?? {});
  return [
    ...nonNegative('status.active', status.active),
    ...nonNegative('status.succeeded', status.succeeded),
    ...nonNegative('status.failed', status.failed),
    ...nonNegative('status.ready', status.ready),
    ...nonNegative('status.terminating', status.terminating),
    ...uncountedIssues(status),
    ...endIssues(status, changed),
    ...finishedIssues(next, changed),
    ...indexIssues(spec, status, changed),
    ...leftoverIssues(status, changed),
    ...successIssues(next),
    ...finalIssues(next, previous),
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
function endIssues(status: JobStatus, changed: Changed): Issue[] {
  const { startTime, completionTime } = status;
  const complete = isTrue(status, 'Complete');
  const issues: Issue[] = [];
  if (complete && isTrue(status, 'Failed') && changed('Complete', 'Failed')) {
    issues.push(wrong('status.conditions', 'cannot set Complete=True and Failed=true conditions'));
  }
  if (complete && isTrue(status, 'FailureTarget') && changed('Complete', 'FailureTarget')) {
    issues.push(wrong('status.conditions', 'cannot set Complete=True and FailureTarget=true conditions'));
  }
  if (completionTime && !complete && changed('Complete', 'completionTime')) {
    const rule = 'cannot set completionTime when there is no Complete=True condition';
    issues.push(invalid('status.completionTime', completionTime, rule));
  }
  if (complete && !completionTime && changed('Complete', 'completionTime')) {
    issues.push(required('status.completionTime', 'completionTime is required for Complete jobs'));
  }
  const early = startTime && completionTime && (parseTime(completionTime) ?? 0) < (parseTime(startTime) ?? 0);
  if (early && changed('startTime', 'completionTime')) {
    issues.push(invalid('status.completionTime', completionTime, 'must be equal to or after `startTime`'));
  }
  return issues;
}

function finishedIssues({ spec, status = {} }: Shape, changed: Changed): Issue[] {
  const { active = 0, startTime, uncountedTerminatedPods: uncounted } = status;
  const issues: Issue[] = [];
  if (isTrue(status, 'Failed') && !isTrue(status, 'FailureTarget') && changed('Failed', 'failedIndexes')) {
    const rule = 'cannot set Failed=True condition without the FailureTarget=true condition';
    issues.push(wrong('status.conditions', rule));
  }
  if (isTrue(status, 'Complete') && !isTrue(status, criteriaMet) && changed('Complete', criteriaMet)) {
    const rule = 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition';
    issues.push(wrong('status.conditions', rule));
  }
  if (!isFinished(status)) return issues;
  if (active > 0 && changed('finished', 'active')) {
    issues.push(invalid('status.active', active, 'active>0 is invalid for finished job'));
  }
  const nothingToDo = spec.suspend === true && spec.completions === 0;
  if (!startTime && changed('finished', 'startTime') && !nothingToDo) {
    issues.push(required('status.startTime', 'startTime is required for finished job'));
  }
  const left = (uncounted?.failed ?? []).length + (uncounted?.succeeded ?? []).length;
  if (left > 0 && changed('finished', 'uncountedTerminatedPods')) {
    const inside = { Succeeded: uncounted?.succeeded ?? null, Failed: uncounted?.failed ?? null };
    issues.push(invalid('status.uncountedTerminatedPods', inside, 'must be empty for finished job'));
  }
  return issues;
}

const criteriaMet = 'SuccessCriteriaMet';

function indexIssues(spec: Shape['spec'], status: JobStatus, changed: Changed): Issue[] {
  const { completedIndexes = '', failedIndexes } = status;
  const { completions, backoffLimitPerIndex } = spec;
  const issues: Issue[] = [];
  const completed = indexesOf(completedIndexes, completions ?? 0);
  const failed = indexesOf(failedIndexes ?? '', completions ?? 0);
  const parsed = (name: 'completedIndexes' | 'failedIndexes', text: string, indexes: typeof completed) => {
    if (!('problem' in indexes) || completions === undefined || !changed(name)) return;
    issues.push(invalid(`status.${name}`, text, `error parsing ${name}: ${indexes.problem}`));
  };
  parsed('completedIndexes', completedIndexes, completed);
  if (backoffLimitPerIndex !== undefined && failedIndexes !== undefined) parsed('failedIndexes', failedIndexes, failed);
  if (completedIndexes !== '' && spec.completionMode !== 'Indexed' && changed('completedIndexes')) {
    const rule = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    issues.push(invalid('status.completedIndexes', completedIndexes, rule));
  }
  if (failedIndexes !== undefined && backoffLimitPerIndex === undefined && changed('failedIndexes')) {
    const rule = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    issues.push(invalid('status.failedIndexes', failedIndexes, rule));
  }
  if ('problem' in completed || 'problem' in failed) return issues;
  const common = commonIndex(completed, failed);
  if (common !== undefined && changed('failedIndexes', 'completedIndexes')) {
    const rule = `failedIndexes and completedIndexes overlap at index: ${common}`;
    issues.push(invalid('status.failedIndexes', failedIndexes, rule));
  }
  return issues;
}

function leftoverIssues(status: JobStatus, changed: Changed): Issue[] {
  const { terminating = 0, ready = 0, active = 0 } = status;
  const issues: Issue[] = [];
  if (terminating > 0 && isFinished(status) && changed('finished', 'terminating')) {
    issues.push(invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'));
  }
  if (ready > active && changed('ready', 'active')) {
    issues.push(invalid('status.ready', ready, 'cannot set more ready pods than active'));
  }
  return issues;
}

function successIssues({ spec, status = {} }: Shape): Issue[] {
  const met = isTrue(status, criteriaMet);
  const issues = ['Failed', 'FailureTarget']
    .filter((type) => met && isTrue(status, type))
    .map((type) => wrong('status.conditions', `cannot set SuccessCriteriaMet=True and ${type}=true conditions`));
  if (!spec.successPolicy || met || !isTrue(status, 'Complete')) return issues;
  const rule = 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True';
  return [...issues, wrong('status.conditions', rule)];
}

/** What was said for good. */
function finalIssues({ spec, status = {} }: Shape, { status: old = {} }: Shape): Issue[] {
  const issues = ['Failed', 'Complete', 'FailureTarget']
    .filter((type) => isTrue(old, type) && !isTrue(status, type))
    .map((type) => wrong('status.conditions', `cannot disable the terminal ${type}=True condition`));
  const elastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  for (const counter of ['failed', 'succeeded'] as const) {
    const count = status[counter] ?? 0;
    if (count < (old[counter] ?? 0) && !(counter === 'succeeded' && elastic)) {
      issues.push(invalid(`status.${counter}`, count, `cannot decrease the ${counter} counter`));
    }
  }
  if (status.completionTime && old.completionTime && status.completionTime !== old.completionTime) {
    issues.push(invalid('status.completionTime', status.completionTime, 'field is immutable'));
  }
  if (old.startTime && !spec.suspend && status.startTime !== old.startTime && !isResuming(status, old)) {
    const rule = 'field is immutable for unsuspended job once set';
    issues.push(invalid('status.startTime', status.startTime ?? null, rule));
  }
  return [...issues, ...criteriaIssues(status, old)];
}

const isResuming = (status: JobStatus, old: JobStatus): boolean =>
  isTrue(old, 'Suspended') &&
  (status.conditions?.some(({ type, status: is }) => type === 'Suspended' && is === 'False') ?? false);

function criteriaIssues(status: JobStatus, old: JobStatus): Issue[] {
  const [now, before] = [isTrue(status, criteriaMet), isTrue(old, criteriaMet)];
  if (before && !now) return [wrong('status.conditions', 'cannot disable the SuccessCriteriaMet=True condition')];
  if (before || !now || !isTrue(old, 'Complete')) return [];
  const rule = 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions';
  return [wrong('status.conditions', rule)];
}
