// The whole decision of one look at a Job: what counts now, whether it has ended, which pods to make, delete and let go.

import { type Duration, type Instant, minutes, seconds } from '../../base/clock.ts';
import { formatTime, parseTime } from '../../base/time.ts';
import type { Job } from '../../kinds/batch/job.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { JobCondition, JobStatus } from '../../kinds/generated/types/batch-v1.ts';
import type { EventText } from '../../reconcile/controller.ts';
import { burst } from '../batches.ts';
import { isActive, isReady, isTerminating } from '../../kinds/core/pod-facts.ts';
import { inPlainDeletionOrder } from '../pods.ts';
import { conditionOf } from '../../kinds/conditions.ts';
import { type Indexes, parseIndexes, printIndexes } from './indexes.ts';
import { allEarlierFailures, earlierFailures, finishedAt, indexOf, isIndexed, isTracked, type Place } from './pods.ts';
import { failureVerdict, hasFailed, metSuccessPolicy, pastRestarts, replacesFailedOnly } from './policies.ts';

/** Failures since the last success, and when the last one was: after them new pods wait. */
export interface Backoff {
  readonly failures: number;
  readonly lastFailure: Instant;
}

export interface JobView {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly backoff: Backoff;
  readonly now: Instant;
}

export interface JobPlan {
  readonly remove: readonly Pod[];
  /** The pods to remove are let go first, so that they count as neither failed nor succeeded. */
  readonly forgetting: boolean;
  readonly create: readonly Place[];
  /** To be written before pods are let go: which of them are going to be counted. */
  readonly interim: JobStatus | undefined;
  /** Pods that lose the tracking finalizer. */
  readonly release: readonly Pod[];
  readonly status: JobStatus;
  readonly events: readonly EventText[];
  readonly backoff: Backoff;
  readonly after: Duration | undefined;
}

const firstBackoff = seconds(10);
const longestBackoff = minutes(10);

const uidOf = (pod: Pod): string => pod.metadata.uid ?? '';

/** What the pods come to, those counted before included. */
interface Tally {
  readonly active: readonly Pod[];
  readonly terminating: number;
  readonly newSucceeded: readonly Pod[];
  readonly newFailed: readonly Pod[];
  readonly succeeded: number;
  readonly failed: number;
  readonly succeededIndexes: Indexes;
  readonly failedIndexes: Indexes;
}

const counts = (job: Job, pod: Pod): boolean => {
  if (isIndexed(job) && indexOf(job, pod) === undefined) return false;
  return failureVerdict(job, pod).action !== 'Ignore';
};

const completions = (job: Job): number => job.spec.completions ?? 0;

function tally({ job, pods }: JobView): Tally {
  const { status = {}, spec } = job;
  const { succeeded: knownSucceeded = [], failed: knownFailed = [] } = status.uncountedTerminatedPods ?? {};
  const known = new Set([...knownSucceeded, ...knownFailed]);
  const fresh = pods.filter(
    (pod) => isTracked(pod) && !known.has(uidOf(pod)) && (!isIndexed(job) || indexOf(job, pod) !== undefined),
  );
  const newSucceeded = fresh.filter((pod) => pod.status?.phase === 'Succeeded');
  const newFailed = fresh.filter((pod) => hasFailed(job, pod));
  const succeededIndexes = parseIndexes(status.completedIndexes, completions(job));
  const failedIndexes = parseIndexes(status.failedIndexes, completions(job));
  if (isIndexed(job)) {
    for (const pod of newSucceeded) succeededIndexes.add(indexOf(job, pod) ?? -1);
    for (const pod of pods.filter((each) => isTracked(each) && hasFailed(job, each) && failsIndex(job, each)))
      failedIndexes.add(indexOf(job, pod) ?? -1);
    failedIndexes.delete(-1);
  }
  return {
    active: pods.filter(isActive),
    terminating: pods.filter(isTerminating).length,
    newSucceeded,
    newFailed,
    succeeded: isIndexed(job)
      ? succeededIndexes.size
      : (status.succeeded ?? 0) + knownSucceeded.length + newSucceeded.length,
    failed: (status.failed ?? 0) + knownFailed.length + newFailed.filter((pod) => counts(job, pod)).length,
    succeededIndexes,
    failedIndexes: spec.backoffLimitPerIndex === undefined ? new Set() : failedIndexes,
  };
}

function failsIndex(job: Job, pod: Pod): boolean {
  const { backoffLimitPerIndex } = job.spec;
  if (backoffLimitPerIndex === undefined) return false;
  const { action } = failureVerdict(job, pod);
  return action === 'FailIndex' || (action !== 'Ignore' && earlierFailures(pod) >= backoffLimitPerIndex);
}

/** How a Job ends; pods are stopped first, then it is called Failed or Complete. */
interface Ending {
  readonly type: 'FailureTarget' | 'SuccessCriteriaMet';
  readonly reason: string;
  readonly message: string;
}

const failure = (reason: string, message: string): Ending => ({ type: 'FailureTarget', reason, message });

/** Whether the Job has ended, other than by enough successes. */
function ending(view: JobView, sums: Tally): Ending | undefined {
  const { job, pods, now } = view;
  const { spec, status = {} } = job;
  for (const type of ['FailureTarget', 'SuccessCriteriaMet'] as const) {
    const known = conditionOf(status.conditions, type);
    if (known?.status === 'True') return { type, reason: known.reason ?? '', message: known.message ?? '' };
  }
  const fatal = pods.filter((pod) => hasFailed(job, pod)).map((pod) => failureVerdict(job, pod));
  const rule = spec.podFailurePolicy && fatal.find(({ action }) => action === 'FailJob');
  if (rule) return failure('PodFailurePolicy', rule.message);
  if (sums.failed > (spec.backoffLimit ?? 6) || pastRestarts(job, pods))
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  const left = deadlineIn(job, now);
  if (left !== undefined && left <= 0)
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
  if (!isIndexed(job)) return undefined;
  return endingByIndexes(job, sums);
}

function endingByIndexes(job: Job, { failedIndexes, succeededIndexes }: Tally): Ending | undefined {
  const { maxFailedIndexes, successPolicy } = job.spec;
  if (maxFailedIndexes !== undefined && failedIndexes.size > maxFailedIndexes)
    return failure('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  if (failedIndexes.size > 0 && failedIndexes.size + succeededIndexes.size >= completions(job))
    return failure('FailedIndexes', 'Job has failed indexes');
  const message = successPolicy && metSuccessPolicy(job, succeededIndexes);
  return message ? { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message } : undefined;
}

/** Until the active deadline; undefined when none runs. */
function deadlineIn({ spec, status }: Job, now: Instant): Duration | undefined {
  const start = parseTime(status?.startTime ?? '');
  if (spec.activeDeadlineSeconds === undefined || spec.suspend || start === undefined) return undefined;
  return start + seconds(spec.activeDeadlineSeconds) - now;
}

interface Staffing {
  readonly remove: readonly Pod[];
  readonly create: readonly Place[];
  readonly after: Duration | undefined;
  /** How many pods are called active then. */
  readonly active: number;
}

const removing = ({ active }: Tally, remove: readonly Pod[]): Staffing => ({
  remove,
  create: [],
  after: undefined,
  active: active.length - remove.length,
});

const creating = ({ active }: Tally, create: readonly Place[], after?: Duration): Staffing => ({
  remove: [],
  create,
  after,
  active: active.length + create.length,
});

/** While new pods wait for their backoff, Kubernetes calls none active, whatever runs. */
const waiting = (after: Duration): Staffing => ({ remove: [], create: [], after, active: 0 });

/** Which pods to make or delete so that as many are active as should be. */
function staffing(view: JobView, sums: Tally, backoff: Backoff): Staffing {
  const { job, now } = view;
  const { spec } = job;
  const { active } = sums;
  if (job.metadata.deletionTimestamp) return removing(sums, []);
  if (spec.suspend) return removing(sums, active);
  const parallelism = spec.parallelism ?? 1;
  const wanted =
    spec.completions === undefined
      ? sums.succeeded > 0
        ? active.length
        : parallelism
      : Math.max(0, Math.min(parallelism, spec.completions - sums.succeeded));
  const remove = surplus(job, sums, Math.max(0, active.length - wanted));
  if (remove.length > 0) return removing(sums, remove.slice(0, burst));
  const missing = wanted - active.length - (replacesFailedOnly(job) ? sums.terminating : 0);
  if (missing <= 0) return removing(sums, []);
  if (spec.backoffLimitPerIndex !== undefined) return placesWithPatience(view, sums, missing);
  const wait = backoffIn(backoff, now);
  if (wait > 0) return waiting(wait);
  const count = Math.min(missing, burst);
  const create: Place[] = isIndexed(job)
    ? pendingIndexes(view, sums)
        .slice(0, count)
        .map((index) => ({ index }))
    : Array.from({ length: count }, () => ({ index: undefined }));
  return creating(sums, create);
}

const exponential = (failures: number): Duration =>
  Math.min(longestBackoff, firstBackoff * 2 ** Math.max(0, failures - 1));

const backoffIn = ({ failures, lastFailure }: Backoff, now: Instant): Duration =>
  failures === 0 ? 0 : Math.max(0, lastFailure + exponential(failures) - now);

/** Of indexed pods first those with an index that is out of range or taken twice, then as in all controllers. */
function surplus(job: Job, { active }: Tally, atLeast: number): Pod[] {
  const ordered = inPlainDeletionOrder(active);
  if (!isIndexed(job)) return ordered.slice(0, atLeast);
  const seen = new Set<number>();
  const keep = new Set<Pod>();
  for (const pod of [...ordered].reverse()) {
    const index = indexOf(job, pod);
    if (index === undefined || seen.has(index)) continue;
    seen.add(index);
    keep.add(pod);
  }
  const wrong = ordered.filter((pod) => !keep.has(pod));
  return [...wrong, ...ordered.filter((pod) => keep.has(pod)).slice(0, Math.max(0, atLeast - wrong.length))];
}

/** Indexes without a pod that have neither succeeded nor failed for good, lowest first. */
function pendingIndexes({ job, pods }: JobView, { active, succeededIndexes, failedIndexes }: Tally): number[] {
  const busy = replacesFailedOnly(job) ? [...active, ...pods.filter(isTerminating)] : active;
  const taken = new Set(busy.map((pod) => indexOf(job, pod)));
  const pending: number[] = [];
  for (let index = 0; index < completions(job); index++)
    if (!taken.has(index) && !succeededIndexes.has(index) && !failedIndexes.has(index)) pending.push(index);
  return pending;
}

/** The latest failed pod of each index that is still tracked: it stays so until it is replaced, for it remembers the failures. */
function predecessors({ job, pods }: JobView): Map<number, Pod> {
  const latest = new Map<number, Pod>();
  for (const pod of pods) {
    const index = indexOf(job, pod);
    if (index === undefined || !isTracked(pod) || !hasFailed(job, pod)) continue;
    const other = latest.get(index);
    const later =
      !other || (allEarlierFailures(pod) >= allEarlierFailures(other) && finishedAt(pod) >= finishedAt(other));
    if (later) latest.set(index, pod);
  }
  return latest;
}

/** With a limit per index each index waits for itself; the places of those that wait are not given to later ones. */
function placesWithPatience(view: JobView, sums: Tally, missing: number): Staffing {
  const before = predecessors(view);
  const create: Place[] = [];
  let after: Duration | undefined;
  for (const index of pendingIndexes(view, sums).slice(0, Math.min(missing, burst))) {
    const pod = before.get(index);
    const wait = pod ? finishedAt(pod) + exponential(allEarlierFailures(pod) + 1) - view.now : 0;
    if (wait > 0) after = Math.min(after ?? wait, wait);
    else create.push({ index, ...(pod && { replaces: { pod, counts: counts(view.job, pod) } }) });
  }
  return create.length === 0 && after !== undefined ? waiting(after) : creating(sums, create, after);
}

export function planJob(view: JobView): JobPlan {
  const { job, now } = view;
  const sums = tally(view);
  const backoff = withEnded(view.backoff, sums);
  const early = ending(view, sums);
  const staff = early ? removing(sums, sums.active) : staffing(view, sums, backoff);
  const end = early ?? (isComplete(job, sums, staff) ? completed : undefined);
  const suspension = end ? undefined : suspended(job, now);

  const release = releasable(view, sums, end);
  const counting = countable(view, sums, end);
  const staysTracked = new Set(view.pods.filter((pod) => isTracked(pod) && !release.includes(pod)).map(uidOf));
  const base = baseStatus(view, sums, staff, suspension);
  const target = end ? withEnding(base.conditions ?? [], end, now) : base.conditions;
  const interimNeeded = counting.changed || target !== base.conditions;
  const interim = { ...base, ...(target && { conditions: target }), uncountedTerminatedPods: counting.lists };

  const status: JobStatus = { ...interim, ...settled(job, sums, counting.lists, staysTracked) };
  const over = end !== undefined && status.terminating === 0 && isSettled(status);
  const events = over ? finishStatus(job, status, end, now) : suspension ? [suspension.event] : [];
  const waits = [staff.after, end ? undefined : deadlineIn({ ...job, status }, now)].flatMap((wait) => wait ?? []);
  return {
    remove: staff.remove,
    forgetting: !early,
    create: staff.create,
    interim: interimNeeded ? interim : undefined,
    release,
    status,
    events,
    backoff,
    after: waits.length > 0 ? Math.max(0, Math.min(...waits)) : undefined,
  };
}

const completed: Ending = {
  type: 'SuccessCriteriaMet',
  reason: 'CompletionsReached',
  message: 'Reached expected number of succeeded pods',
};

/** A work queue (no completions) is done when one pod succeeded, others when enough have; and when none is left. */
const isComplete = (job: Job, { succeeded }: Tally, { active }: Staffing): boolean =>
  active === 0 && succeeded >= (job.spec.completions ?? 1);

/** A success takes all failures back but those after it. */
function withEnded(before: Backoff, { newSucceeded, newFailed }: Tally): Backoff {
  const lastSuccess = Math.max(...newSucceeded.map(finishedAt));
  const failures = newFailed.map(finishedAt).filter((time) => time > lastSuccess);
  const base = newSucceeded.length > 0 ? 0 : before.failures;
  if (failures.length === 0) return newSucceeded.length > 0 ? { failures: 0, lastFailure: 0 } : before;
  return { failures: base + failures.length, lastFailure: Math.max(...failures) };
}

/** Pods that need not be tracked any more: ended ones, all of an ended Job; not those that remember an index's failures. */
function releasable(view: JobView, { active, succeededIndexes, failedIndexes }: Tally, end: Ending | undefined): Pod[] {
  const { job, pods } = view;
  const tracked = pods.filter(isTracked);
  if (end || job.metadata.deletionTimestamp) return tracked;
  const ended = tracked.filter((pod) => pod.status?.phase === 'Succeeded' || hasFailed(job, pod));
  if (job.spec.backoffLimitPerIndex === undefined) return ended;
  const replaced = new Set(active.map((pod) => indexOf(job, pod)));
  const remembering = new Set(
    [...predecessors(view)]
      .filter(([index]) => !replaced.has(index) && !succeededIndexes.has(index) && !failedIndexes.has(index))
      .map(([, pod]) => pod),
  );
  return ended.filter((pod) => !remembering.has(pod));
}

interface Lists {
  succeeded?: string[];
  failed?: string[];
}

/** The uids that are to be counted once their pods are let go. Successes of indexes count by index. */
function countable(
  view: JobView,
  { newSucceeded, newFailed }: Tally,
  end: Ending | undefined,
): { lists: Lists; changed: boolean } {
  const { job, pods } = view;
  const before = job.status?.uncountedTerminatedPods ?? {};
  const known = new Set([...(before.succeeded ?? []), ...(before.failed ?? [])]);
  const cut =
    end?.type === 'FailureTarget'
      ? pods.filter(
          (pod) =>
            isTracked(pod) && !known.has(uidOf(pod)) && pod.status?.phase !== 'Succeeded' && !newFailed.includes(pod),
        )
      : [];
  const succeeded = [...(before.succeeded ?? []), ...(isIndexed(job) ? [] : newSucceeded.map(uidOf))];
  const failed = [...(before.failed ?? []), ...[...newFailed, ...cut].filter((pod) => counts(job, pod)).map(uidOf)];
  const changed = newSucceeded.length > 0 || failed.length > (before.failed ?? []).length;
  return {
    lists: { ...(succeeded.length > 0 && { succeeded }), ...(failed.length > 0 && { failed }) },
    changed,
  };
}

/** The counts with those whose pods were let go. */
function settled(
  job: Job,
  { succeededIndexes }: Tally,
  lists: Lists,
  staysTracked: ReadonlySet<string>,
): Partial<JobStatus> {
  const waits = (uid: string) => staysTracked.has(uid);
  const { succeeded = [], failed = [] } = lists;
  const total = isIndexed(job)
    ? succeededIndexes.size
    : (job.status?.succeeded ?? 0) + succeeded.filter((uid) => !waits(uid)).length;
  const failures = (job.status?.failed ?? 0) + failed.filter((uid) => !waits(uid)).length;
  const [stillSucceeded, stillFailed] = [succeeded.filter(waits), failed.filter(waits)];
  return {
    ...(total > 0 && { succeeded: total }),
    ...(failures > 0 && { failed: failures }),
    uncountedTerminatedPods: {
      ...(stillSucceeded.length > 0 && { succeeded: stillSucceeded }),
      ...(stillFailed.length > 0 && { failed: stillFailed }),
    },
  };
}

const isSettled = ({ uncountedTerminatedPods: { succeeded, failed } = {} }: JobStatus): boolean =>
  !succeeded && !failed;

function baseStatus(view: JobView, sums: Tally, staff: Staffing, suspension: Suspension | undefined): JobStatus {
  const { job, now } = view;
  const { active: _, startTime: before, conditions: known = [], ...rest } = job.status ?? {};
  const going = new Set(staff.remove);
  const { active } = staff;
  const conditions = suspension?.conditions ?? known;
  const start = suspension ? suspension.startTime : (before ?? (job.spec.suspend ? undefined : formatTime(now)));
  return {
    ...rest,
    ...(conditions.length > 0 && { conditions: [...conditions] }),
    ...(start && { startTime: start }),
    ...(active > 0 && { active }),
    ready: sums.active.filter((pod) => isReady(pod) && !going.has(pod)).length,
    terminating: sums.terminating + staff.remove.length,
    ...(isIndexed(job) && sums.succeededIndexes.size > 0 && { completedIndexes: printIndexes(sums.succeededIndexes) }),
    ...(job.spec.backoffLimitPerIndex !== undefined && { failedIndexes: printIndexes(sums.failedIndexes) }),
  };
}

const dated = (
  now: Instant,
  type: string,
  status: JobCondition['status'],
  reason: string,
  message: string,
): JobCondition => ({
  type,
  status,
  lastProbeTime: formatTime(now),
  lastTransitionTime: formatTime(now),
  reason,
  message,
});

/** The very same list when the ending is known already. */
function withEnding(conditions: JobCondition[], { type, reason, message }: Ending, now: Instant): JobCondition[] {
  return conditionOf(conditions, type) ? conditions : [...conditions, dated(now, type, 'True', reason, message)];
}

/** Puts the end into the status and returns what is told about it. */
function finishStatus({ spec }: Job, status: JobStatus, { type, reason, message }: Ending, now: Instant): EventText[] {
  const failed = type === 'FailureTarget';
  status.conditions = [
    ...(status.conditions ?? []),
    dated(now, failed ? 'Failed' : 'Complete', 'True', reason, message),
  ];
  if (failed) return [{ type: 'Warning', reason, message }];
  status.completionTime = formatTime(now);
  const tooMany: EventText = {
    type: 'Warning',
    reason: 'TooManySucceededPods',
    message: 'Too many succeeded pods running after completion count reached',
  };
  const surplus = (status.succeeded ?? 0) > (spec.completions ?? Number.POSITIVE_INFINITY);
  return [...(surplus ? [tooMany] : []), { reason: 'Completed', message: 'Job completed' }];
}

interface Suspension {
  readonly conditions: JobCondition[];
  /** None while the Job is suspended. */
  readonly startTime: string | undefined;
  readonly event: EventText;
}

/** What suspending and resuming change: the condition, and that time counts from anew. */
function suspended({ spec, status, metadata }: Job, now: Instant): Suspension | undefined {
  const conditions = status?.conditions ?? [];
  const current = conditionOf(conditions, 'Suspended');
  const wanted = spec.suspend ? 'True' : 'False';
  if (metadata.deletionTimestamp || current?.status === wanted || (!current && !spec.suspend)) return undefined;
  const [reason, message] = spec.suspend ? ['JobSuspended', 'Job suspended'] : ['JobResumed', 'Job resumed'];
  const news = dated(now, 'Suspended', wanted, reason, message);
  return {
    conditions: current ? conditions.map((each) => (each === current ? news : each)) : [...conditions, news],
    startTime: spec.suspend ? undefined : formatTime(now),
    event: { reason: spec.suspend ? 'Suspended' : 'Resumed', message },
  };
}
