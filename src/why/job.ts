// Why a Job is not done: what failed, what runs, when the next pod starts.

import { minutes, type Instant } from '../base/clock.ts';
import { spokenDuration } from '../base/duration.ts';
import { formatTime, parseTime } from '../base/time.ts';
import type { Job } from '../kinds/batch/job.ts';
import { Pod } from '../kinds/core/pod.ts';
import { isActive, isReady } from '../kinds/core/pod-facts.ts';
import type { Why } from '../kinds/why/explanation.ts';
import { counted, holding, sentence, sinceOf } from './facts.ts';
import { podCauses } from './pod.ts';
import { causeOf, newest, type WhyView } from './view.ts';

export function explainJob(job: Job, view: WhyView): Why {
  const { metadata, spec, status } = job;
  const start = sinceOf(status?.startTime ?? metadata.creationTimestamp);
  const complete = holding(status?.conditions, 'Complete');
  if (complete) {
    const verdict = `It is complete: ${counted(status?.succeeded ?? 0, 'pod')} succeeded, ${status?.failed ?? 0} failed on the way.`;
    return { state: 'Complete', ...sinceOf(complete.lastTransitionTime), verdict };
  }
  const pods = view.of(Pod).ownedBy(job);
  const failed = pods.filter(({ status: each }) => each?.phase === 'Failed');
  const failedCauses = podCauses(failed.toReversed(), view);
  const end = holding(status?.conditions, 'Failed') ?? holding(status?.conditions, 'FailureTarget');
  if (end) {
    return {
      state: 'Failed',
      ...sinceOf(end.lastTransitionTime),
      verdict: `${sentence(end.message ?? '')} ${failureFigures(job)}`,
      causes: [{ reason: end.reason ?? 'Failed', message: end.message ?? '' }, ...failedCauses],
    };
  }
  if (spec?.managedBy && spec.managedBy !== 'kubernetes.io/job-controller') {
    return {
      state: 'Managed',
      ...start,
      verdict: `It is left to ${spec.managedBy}: the job controller does nothing about it.`,
    };
  }
  if (spec?.suspend)
    return { state: 'Suspended', ...start, verdict: 'It is suspended: no pod is started until suspend is false.' };
  const active = pods.filter(isActive);
  const refused = newest(view, job, 'FailedCreate');
  if (active.length > 0) {
    const late = active.filter((pod) => !isReady(pod));
    return {
      state: 'Running',
      ...start,
      verdict: `${counted(active.length, 'pod')} ${active.length === 1 ? 'runs' : 'run'}, ${status?.succeeded ?? 0} of ${spec?.completions ?? 1} succeeded. ${failureFigures(job)}`,
      causes: [...podCauses(late, view), ...failedCauses],
    };
  }
  const next = nextStart(job, failed);
  if (next !== undefined && next > view.now) {
    return {
      state: 'BackOff',
      ...sinceOf(endTimes(failed).toSorted().at(-1)),
      verdict: `The next pod starts in ${spokenDuration(next - view.now)}: each failure doubles the pause, from 10 s to 10 min. ${failureFigures(job)}`,
      causes: [{ reason: 'BackOff', message: `the next pod starts at ${formatTime(next)}` }, ...failedCauses],
    };
  }
  return {
    state: 'Waiting',
    ...start,
    verdict: refused ? sentence(refused.message ?? '') : `No pod runs. ${failureFigures(job)}`,
    causes: [...(refused ? [causeOf(refused)] : []), ...failedCauses],
  };
}

/** The last failure and a pause that doubles with every one. */
function nextStart({ status }: Job, failed: readonly Pod[]): Instant | undefined {
  const failures = status?.failed ?? 0;
  const ends = endTimes(failed).flatMap((time) => parseTime(time) ?? []);
  if (failures === 0 || ends.length === 0) return undefined;
  return Math.max(...ends) + Math.min(minutes(10), 10_000 * 2 ** (failures - 1));
}

const endTimes = (pods: readonly Pod[]): readonly string[] =>
  pods.flatMap(({ status }) =>
    (status?.containerStatuses ?? []).flatMap(({ state }) => state?.terminated?.finishedAt ?? []),
  );

function failureFigures({ spec, status }: Job): string {
  const failed = status?.failed ?? 0;
  if (spec?.backoffLimitPerIndex !== undefined)
    return `${counted(failed, 'pod')} failed; each index may fail ${spec.backoffLimitPerIndex} times.`;
  const limit = spec?.backoffLimit ?? 6;
  return `${counted(failed, 'pod')} failed; the Job gives up after ${limit + 1} (backoffLimit ${limit}).`;
}
