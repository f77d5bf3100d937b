import { expect, test } from 'vitest';
import type { CronJob } from '../kinds/batch/cron-job.ts';
import type { Job } from '../kinds/batch/job.ts';
import type { CronJobSpec } from '../kinds/generated/types/batch-v1.ts';
import { planCronJob } from './cronjob.ts';

const at = (text: string) => Date.parse(`2026-${text}Z`);

const cron = (spec: Partial<CronJobSpec>, status: CronJob['status'] = {}): CronJob => ({
  metadata: { name: 'c', namespace: 'ns', uid: 'c', creationTimestamp: '2026-01-05T00:00:00Z' },
  spec: { schedule: '0 * * * *', jobTemplate: {}, ...spec },
  status,
});

const job = (name: string, end?: 'Complete' | 'Failed', startTime = '2026-01-05T01:00:00Z'): Job => ({
  metadata: { name, namespace: 'ns', uid: name },
  spec: { template: {} },
  status: { startTime, ...(end && { conditions: [{ type: end, status: 'True' }] }) },
});

const listed = (...names: string[]) => ({ active: names.map((name) => ({ name, uid: name })) });
const names = (jobs: readonly Job[]) => jobs.map(({ metadata }) => metadata.name);
const reasons = (plan: ReturnType<typeof planCronJob>) => plan.events.map(({ reason }) => reason);

test('of several missed times the last one is started, named by its minute, with its time in the zone', () => {
  const plan = planCronJob(cron({ timeZone: 'Europe/Berlin' }), [], at('01-05T03:30:00'));
  expect(plan.create?.metadata).toMatchObject({
    name: `c-${at('01-05T03:00:00') / 60_000}`,
    annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-05T04:00:00+01:00' },
  });
  expect(plan.after).toBe(30 * 60_000 + 100);
});

test('with uneven distances a missed time may be stepped over, as in Kubernetes', () => {
  const weekdays = cron({ schedule: '0 9 * * 1-5' });
  expect(planCronJob(weekdays, [], at('01-09T10:00:00')).create, 'on Friday').toBeDefined();
  expect(planCronJob(weekdays, [], at('01-11T10:00:00')).create, 'on Sunday').toBeUndefined();
});

test('a time before the starting deadline does not count; one started already is not started again', () => {
  expect(planCronJob(cron({ startingDeadlineSeconds: 60 }), [], at('01-05T03:30:00')).create).toBeUndefined();
  const done = { lastScheduleTime: '2026-01-05T03:00:00Z' };
  expect(planCronJob(cron({}, done), [], at('01-05T03:30:00')).create).toBeUndefined();
  const name = `c-${at('01-05T03:00:00') / 60_000}`;
  expect(planCronJob(cron({}, listed(name)), [job(name)], at('01-05T03:30:00')).create).toBeUndefined();
});

test('a running Job forbids the next, or is replaced by it', () => {
  const [now, running] = [at('01-05T03:30:00'), [job('before')]];
  const forbidden = planCronJob(cron({ concurrencyPolicy: 'Forbid' }, listed('before')), running, now);
  expect(forbidden.create).toBeUndefined();
  expect(reasons(forbidden)).toEqual(['JobAlreadyActive']);
  const replacing = planCronJob(cron({ concurrencyPolicy: 'Replace' }, listed('before')), running, now);
  expect(names(replacing.replaced)).toEqual(['before']);
  expect(replacing.create).toBeDefined();
});

test('a Job that ends is taken off the active ones and told about, unless it is deleted at once', () => {
  const end = (spec: Partial<CronJobSpec>) =>
    planCronJob(cron({ suspend: true, ...spec }, listed('a')), [job('a', 'Complete')], at('01-05T01:30:00'));
  expect(end({}).status.active).toBeUndefined();
  expect(reasons(end({}))).toEqual(['SawCompletedJob']);
  expect(names(end({ successfulJobsHistoryLimit: 0 }).surplus)).toEqual(['a']);
  expect(reasons(end({ successfulJobsHistoryLimit: 0 }))).toEqual([]);
});

test('a schedule that never comes is invalid', () => {
  const plan = planCronJob(cron({ schedule: '0 0 30 2 *' }), [], at('01-05T03:30:00'));
  expect(reasons(plan)).toEqual(['InvalidSchedule']);
  expect(plan.after).toBeUndefined();
});

test('more than a hundred missed times are worth a warning', () => {
  const plan = planCronJob(cron({ schedule: '* * * * *' }), [], at('01-05T03:30:00'));
  expect(reasons(plan)).toEqual(['TooManyMissedTimes']);
  expect(plan.create).toBeDefined();
});
