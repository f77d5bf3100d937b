// CronJobs: make a Job whenever the schedule says so, and keep the last few of them.

import type { Duration, Instant } from '../base/clock.ts';
import { parseCron, type Schedule } from '../base/cron.ts';
import { ParseError } from '../base/parse-error.ts';
import { formatTime, parseTime } from '../base/time.ts';
import { isTimeZone, zoneOffset } from '../base/time-zone.ts';
import { ApiError } from '../api/status.ts';
import { CronJob } from '../kinds/batch/cron-job.ts';
import { Job } from '../kinds/batch/job.ts';
import type { CronJobStatus } from '../kinds/generated/types/batch-v1.ts';
import type { ObjectReference } from '../kinds/generated/types/core-v1.ts';
import { type Context, type Controller, defineController, type EventText } from '../reconcile/controller.ts';
import { isNamespaceTerminating } from './batches.ts';
import { conditionOf } from '../kinds/conditions.ts';
import { writeStatus } from './statuses.ts';

/** A little later than the schedule says, so that the clock is past it for certain. */
const requeueDelay = 100;
const manyMissed = 100;

export interface CronPlan {
  /** Finished Jobs beyond the history limits. */
  readonly surplus: readonly Job[];
  /** Running Jobs the new one takes the place of. */
  readonly replaced: readonly Job[];
  readonly create: Job | undefined;
  /** As it is before the new Job is made. */
  readonly status: CronJobStatus;
  /** The start the new Job stands for. */
  readonly scheduledAt: Instant | undefined;
  readonly events: readonly EventText[];
  readonly after: Duration | undefined;
}

const warning = (reason: string, message: string): EventText => ({ type: 'Warning', reason, message });

const endOf = ({ status }: Job): 'Complete' | 'Failed' | undefined =>
  (['Complete', 'Failed'] as const).find((type) => conditionOf(status?.conditions, type)?.status === 'True');

export function planCronJob(cron: CronJob, jobs: readonly Job[], now: Instant): CronPlan {
  const events: EventText[] = [];
  const surplus = surplusJobs(cron, jobs);
  const status = observed(withoutActive(cron, surplus), jobs, events);
  const idle: CronPlan = {
    surplus,
    replaced: [],
    create: undefined,
    status,
    scheduledAt: undefined,
    events,
    after: undefined,
  };
  const { timeZone, suspend, schedule: text, concurrencyPolicy } = cron.spec;
  if (cron.metadata.deletionTimestamp) return idle;
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    events.push(warning('UnknownTimeZone', `invalid timeZone: "${timeZone}": unknown time zone ${timeZone}`));
    return idle;
  }
  if (suspend) return idle;
  const schedule = parsed(text, events);
  if (!schedule) return idle;
  const timed: Timed = { cron, now, next: (from) => schedule.next(from, timeZone) };
  const next = timed.next(now);
  if (next === undefined) {
    const message = `invalid schedule: ${text} : time difference between two schedules is less than 1 second`;
    events.push(warning('InvalidSchedule', message));
    return idle;
  }
  const { due, missed } = lastDue(timed);
  const waiting = { ...idle, after: next - now + requeueDelay };
  if (due === undefined) return waiting;
  if (missed > manyMissed)
    events.push(
      warning(
        'TooManyMissedTimes',
        'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
      ),
    );
  const { active = [], lastScheduleTime } = status;
  const create = jobAt(cron, due);
  if (active.some(({ name }) => name === create.metadata.name) || parseTime(lastScheduleTime ?? '') === due)
    return waiting;
  if (concurrencyPolicy === 'Forbid' && active.length > 0) {
    events.push({
      reason: 'JobAlreadyActive',
      message: 'Not starting job because prior execution is running and concurrency policy is Forbid',
    });
    return waiting;
  }
  const running = jobs.filter(({ metadata }) => active.some(({ uid }) => uid === metadata.uid));
  return { ...waiting, replaced: concurrencyPolicy === 'Replace' ? running : [], create, scheduledAt: due };
}

function parsed(text: string, events: EventText[]): Schedule | undefined {
  if (text.includes('TZ'))
    events.push(
      warning(
        'UnsupportedSchedule',
        `CRON_TZ or TZ used in schedule "${text}" is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details`,
      ),
    );
  try {
    return parseCron(text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    events.push(warning('UnparseableSchedule', `unparseable schedule: "${text}" : ${error.message}`));
    return undefined;
  }
}

/** The status with Jobs that ended or vanished taken off the active ones. */
function observed(cron: CronJob, jobs: readonly Job[], events: EventText[]): CronJobStatus {
  const { active = [], ...status } = cron.status ?? {};
  const isListed = (job: Job) => active.some(({ uid }) => uid === job.metadata.uid);
  const gone = new Set<string | undefined>();
  for (const job of jobs) {
    const end = endOf(job);
    const { name, uid } = job.metadata;
    if (!end && !isListed(job))
      events.push(warning('UnexpectedJob', `Saw a job that the controller did not create or forgot: ${name}`));
    if (end && isListed(job)) {
      gone.add(uid);
      events.push({ reason: 'SawCompletedJob', message: `Saw completed job: ${name}, condition: ${end}` });
    }
    const completed = end === 'Complete' ? job.status?.completionTime : undefined;
    if (
      completed &&
      (!status.lastSuccessfulTime || (parseTime(completed) ?? 0) > (parseTime(status.lastSuccessfulTime) ?? 0))
    )
      status.lastSuccessfulTime = completed;
  }
  const existing = new Set(jobs.map(({ metadata }) => metadata.uid));
  for (const { uid, name } of active) {
    if (existing.has(uid)) continue;
    gone.add(uid);
    events.push({ reason: 'MissingJob', message: `Active job went missing: ${name}` });
  }
  const left = active.filter(({ uid }) => !gone.has(uid));
  return { ...status, ...(left.length > 0 && { active: left }) };
}

/** Finished Jobs that the history has no room for, oldest first. */
function surplusJobs({ spec }: CronJob, jobs: readonly Job[]): Job[] {
  const over = (type: 'Complete' | 'Failed', limit: number | undefined) => {
    const ended = jobs.filter((job) => endOf(job) === type).sort(byStart);
    return limit === undefined ? [] : ended.slice(0, Math.max(0, ended.length - limit));
  };
  return [...over('Complete', spec.successfulJobsHistoryLimit), ...over('Failed', spec.failedJobsHistoryLimit)];
}

function byStart(a: Job, b: Job): number {
  const [at, bt] = [
    parseTime(a.status?.startTime ?? '') ?? Number.POSITIVE_INFINITY,
    parseTime(b.status?.startTime ?? '') ?? Number.POSITIVE_INFINITY,
  ];
  if (at !== bt) return at < bt ? -1 : 1;
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
}

interface Timed {
  readonly cron: CronJob;
  readonly now: Instant;
  next(from: Instant): Instant | undefined;
}

/**
 * The last time the schedule named since the last start, and about how many it named. Times beyond the starting deadline do not count.
 * Kubernetes steps over the time in between by the distance of the first two: with uneven distances it may find none.
 */
function lastDue({ cron, now, next }: Timed): { due: Instant | undefined; missed: number } {
  const { lastScheduleTime } = cron.status ?? {};
  const { startingDeadlineSeconds } = cron.spec;
  const since = parseTime(lastScheduleTime ?? cron.metadata.creationTimestamp ?? '') ?? now;
  const from = startingDeadlineSeconds === undefined ? since : Math.max(since, now - startingDeadlineSeconds * 1000);
  const first = next(from);
  if (first === undefined || first > now) return { due: undefined, missed: 0 };
  const second = next(first);
  if (second === undefined || second > now) return { due: first, missed: 1 };
  const distance = second - first;
  const missed = Math.floor((now - first) / distance) + 1;
  let due: Instant | undefined;
  for (let time = next(first + (missed - 2) * distance); time !== undefined && time <= now; time = next(time))
    due = time;
  return { due, missed };
}

/** As after Jobs that are deleted now are taken off the active ones. */
function withoutActive(cron: CronJob, gone: readonly Job[]): CronJob {
  const uids = new Set(gone.map(({ metadata }) => metadata.uid));
  const { active = [], ...status } = cron.status ?? {};
  const left = active.filter(({ uid }) => !uids.has(uid));
  return { ...cron, status: { ...status, ...(left.length > 0 && { active: left }) } };
}

function jobAt(cron: CronJob, at: Instant): Job {
  const { metadata: template, spec } = cron.spec.jobTemplate;
  const { name = '', namespace = '' } = cron.metadata;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${name}-${Math.floor(at / 60_000)}`,
      namespace,
      ...(template?.labels && { labels: { ...template.labels } }),
      annotations: {
        ...template?.annotations,
        'batch.kubernetes.io/cronjob-scheduled-timestamp': zonedTime(at, cron.spec.timeZone),
      },
    },
    spec: structuredClone(spec ?? { template: {} }),
  };
}

/** RFC 3339 in the zone. */
function zonedTime(at: Instant, zone: string | undefined): string {
  const offset = zone ? zoneOffset(zone, at) : 0;
  if (offset === 0) return formatTime(at);
  const minutes = Math.abs(Math.round(offset / 60_000));
  const two = (n: number) => String(n).padStart(2, '0');
  return `${formatTime(at + offset).slice(0, -1)}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

export function cronJobController(): Controller {
  /** The schedule last seen, by key: a new one is first followed at its next time. */
  const schedules = new Map<string, { readonly uid: string; readonly schedule: string }>();

  function isRescheduled({ metadata, spec: { schedule, timeZone } }: CronJob): boolean {
    const { uid = '' } = metadata;
    const [key, present] = [`${metadata.namespace}/${metadata.name}`, { uid, schedule: `${timeZone} ${schedule}` }];
    const known = schedules.get(key);
    schedules.set(key, present);
    return known?.uid === uid && known.schedule !== present.schedule;
  }

  return defineController<CronJob>({
    name: 'cronjob-controller',
    for: CronJob,
    owns: [Job],

    async reconcile(cron, context) {
      const plan = planCronJob(cron, context.lister(Job).ownedBy(cron), context.clock.now());
      if (isRescheduled(cron) && plan.after !== undefined) return { after: plan.after };
      for (const job of plan.surplus) await remove(cron, job, context);
      for (const event of plan.events) context.event(cron, event);
      for (const job of plan.replaced) await remove(cron, job, context);
      const settled = withoutActive({ ...cron, status: plan.status }, plan.replaced).status ?? {};
      const created = plan.create && (await start(cron, plan.create, settled, context));
      const next = created && plan.scheduledAt !== undefined ? started(settled, created, plan.scheduledAt) : settled;
      await writeStatus(context, CronJob, { ...cron, status: cron.status ?? {} }, next);
      return plan.after === undefined ? undefined : { after: plan.after };
    },

    async gone({ namespace, name }) {
      schedules.delete(`${namespace}/${name}`);
    },
  });
}

async function remove(cron: CronJob, job: Job, context: Context): Promise<void> {
  await context.delete(Job, job, { propagationPolicy: 'Background' });
  context.event(cron, { reason: 'SuccessfulDelete', message: `Deleted job ${job.metadata.name}` });
}

const started = (status: CronJobStatus, job: Job, at: Instant): CronJobStatus => ({
  ...status,
  active: [...(status.active ?? []), referenceOf(job)],
  lastScheduleTime: formatTime(at),
});

const referenceOf = ({
  metadata: { name = '', namespace = '', uid = '', resourceVersion = '' },
}: Job): ObjectReference => ({
  kind: 'Job',
  namespace,
  name,
  uid,
  apiVersion: 'batch/v1',
  resourceVersion,
});

/** Makes the Job; one of that name that exists already was made by an earlier look, or is somebody else's and left alone. */
async function start(cron: CronJob, job: Job, status: CronJobStatus, context: Context): Promise<Job | undefined> {
  try {
    const created = await context.create(Job, job, cron);
    context.event(cron, { reason: 'SuccessfulCreate', message: `Created job ${created.metadata.name}` });
    return created;
  } catch (error) {
    if (!(error instanceof ApiError) || isNamespaceTerminating(error)) return undefined;
    if (error.reason === 'AlreadyExists')
      return context
        .lister(Job)
        .ownedBy(cron)
        .find(({ metadata }) => metadata.name === job.metadata.name);
    context.event(cron, warning('FailedCreate', `Error creating job: ${error.message}`));
    await writeStatus(context, CronJob, cron, status);
    throw error;
  }
}
