import { expect, test } from 'vitest';
import type { Job } from '../../kinds/batch/job.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import { parseIndexes, printIndexes } from './indexes.ts';
import { planJob } from './plan.ts';
import { jobPod, trackingFinalizer } from './pods.ts';

const job = (spec: object, status: object = { startTime: '1970-01-01T00:00:00Z' }): Job => ({
  metadata: { name: 'j', namespace: 'ns', uid: 'j' },
  spec: { completions: 1, parallelism: 1, backoffLimit: 6, template: { spec: { containers: [] } }, ...spec },
  status,
});

const pod = (name: string, phase: 'Pending' | 'Succeeded' | 'Failed', more: object = {}): Pod => ({
  metadata: {
    name,
    namespace: 'ns',
    uid: name,
    finalizers: [trackingFinalizer],
    creationTimestamp: '1970-01-01T00:00:00Z',
    ...more,
  },
  spec: { containers: [] },
  status: { phase },
});

const plan = (j: Job, pods: Pod[], now = 1_000_000) =>
  planJob({ job: j, pods, backoff: { failures: 0, lastFailure: 0 }, now });
const reasons = (p: ReturnType<typeof plan>) => p.status.conditions?.map(({ type, reason }) => `${type} ${reason}`);

test('indexes are written as ranges of three or more', () => {
  expect(printIndexes(new Set([4, 0, 1, 2]))).toBe('0-2,4');
  expect(printIndexes(new Set([0, 1, 3]))).toBe('0,1,3');
  expect([...parseIndexes('0-2,4,99', 5)]).toEqual([0, 1, 2, 4]);
});

test('a success completes the job, is counted once and let go', () => {
  const p = plan(job({}), [pod('a', 'Succeeded')]);
  expect(p.interim?.uncountedTerminatedPods).toEqual({ succeeded: ['a'] });
  expect(p.release.map(({ metadata }) => metadata.name)).toEqual(['a']);
  expect(p.status).toMatchObject({ succeeded: 1, uncountedTerminatedPods: {} });
  expect(reasons(p)).toEqual(['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached']);
});

test('a pod counted before a crash is not counted again', () => {
  const before = { startTime: '1970-01-01T00:00:00Z', uncountedTerminatedPods: { failed: ['a'] } };
  const p = plan(job({}, before), [pod('a', 'Failed')]);
  expect(p.status.failed).toBe(1);
});

test('failures beyond the limit fail the job once its pods have stopped', () => {
  const p = plan(job({ backoffLimit: 0, parallelism: 2, completions: 2 }), [pod('a', 'Failed'), pod('b', 'Pending')]);
  expect(p.remove.map(({ metadata }) => metadata.name)).toEqual(['b']);
  expect(reasons(p)).toEqual(['FailureTarget BackoffLimitExceeded']);
  expect(p.status).toMatchObject({ failed: 2, terminating: 1 });
});

test('after a failure the next pod waits ten seconds', () => {
  const failed = pod('a', 'Failed', { creationTimestamp: '1970-01-01T00:16:40Z' });
  const p = plan(job({}), [failed]);
  expect(p.create).toEqual([]);
  expect(p.after).toBe(10_000);
});

test('a suspended job lets its pods go uncounted', () => {
  const p = plan(job({ suspend: true }), [pod('a', 'Pending')]);
  expect(p).toMatchObject({ forgetting: true, create: [] });
  expect(p.remove).toHaveLength(1);
  expect(p.status.startTime).toBeUndefined();
  expect(reasons(p)).toEqual(['Suspended JobSuspended']);
});

test('indexed pods take the lowest free indexes', () => {
  const indexed = job(
    { completionMode: 'Indexed', completions: 4, parallelism: 2 },
    { startTime: '1970-01-01T00:00:00Z', completedIndexes: '0' },
  );
  const running = pod('b', 'Pending', { annotations: { 'batch.kubernetes.io/job-completion-index': '1' } });
  expect(plan(indexed, [running]).create).toEqual([{ index: 2 }]);
});

test('a backoff limit of six starts seven pods', () => {
  let status: object = { startTime: '1970-01-01T00:00:00Z' };
  let backoff = { failures: 0, lastFailure: 0 };
  let now = 1_000_000;
  let started = 0;
  for (let look = 0; look < 20; look++) {
    const failed = started > 0 ? [pod(`p${started}`, 'Failed')] : [];
    const p = planJob({ job: job({ backoffLimit: 6 }, status), pods: failed, backoff, now });
    status = { ...p.status, active: 0 };
    ({ backoff } = p);
    now += 3_600_000;
    const wait = planJob({ job: job({ backoffLimit: 6 }, status), pods: [], backoff, now });
    if (wait.status.conditions?.some(({ type }) => type === 'Failed')) break;
    started += wait.create.length;
  }
  expect(started).toBe(7);
});

test('after a failure the next pod waits, twice as long after each', () => {
  const waits = [1, 2, 3].map(
    (failures) =>
      planJob({ job: job({}), pods: [], backoff: { failures, lastFailure: 1_000_000 }, now: 1_000_000 }).after,
  );
  expect(waits).toEqual([10_000, 20_000, 40_000]);
});

test('a work queue that has a success keeps what still runs, whatever its parallelism, and ends with the last pod', () => {
  const queue = job({ completions: undefined, parallelism: 1 });
  const running = plan(queue, [pod('a', 'Succeeded'), pod('b', 'Pending'), pod('c', 'Pending')]);
  expect(running).toMatchObject({ remove: [], create: [], status: { active: 2, succeeded: 1 } });
  expect(reasons(plan(queue, [pod('a', 'Succeeded')]))).toContain('Complete CompletionsReached');
});

test('while a new pod waits for its backoff none is called active, as Kubernetes has it', () => {
  const failed = pod('a', 'Failed', { creationTimestamp: '1970-01-01T00:16:40Z' });
  const p = plan(job({ completions: 2, parallelism: 2 }), [failed, pod('b', 'Pending')]);
  expect(p.status.active).toBeUndefined();
  expect(p.after).toBe(10_000);
});

test('with a limit per index the place of an index that waits is not given to a later one', () => {
  const indexed = (index: number) => ({ annotations: { 'batch.kubernetes.io/job-completion-index': String(index) } });
  const j = job({ completionMode: 'Indexed', completions: 4, parallelism: 2, backoffLimitPerIndex: 3 });
  const failed = pod('a', 'Failed', { ...indexed(0), creationTimestamp: '1970-01-01T00:16:40Z' });
  const p = plan(j, [failed, pod('b', 'Pending', indexed(1))]);
  expect(p).toMatchObject({ create: [], after: 10_000 });
  expect(plan(j, [failed, pod('b', 'Pending', indexed(1))], 1_010_000).create).toMatchObject([{ index: 0 }]);
});

test('a failure counts towards the wait only if it came after the last success', () => {
  const ended = (name: string, phase: 'Succeeded' | 'Failed', at: string): Pod => ({
    ...pod(name, phase),
    status: {
      phase,
      containerStatuses: [{ name: 'c', state: { terminated: { exitCode: 0, finishedAt: at } } }] as never,
    },
  });
  const of = (failedAt: string) =>
    plan(job({ completions: 5 }), [ended('a', 'Succeeded', '1970-01-01T00:16:30Z'), ended('b', 'Failed', failedAt)])
      .backoff;
  expect(of('1970-01-01T00:16:30Z')).toEqual({ failures: 0, lastFailure: 0 });
  expect(of('1970-01-01T00:16:31Z')).toEqual({ failures: 1, lastFailure: 991_000 });
});

test('more successes than asked for are told about', () => {
  const p = plan(job({}), [pod('a', 'Succeeded'), pod('b', 'Succeeded')]);
  expect(p.events.map(({ reason }) => reason)).toEqual(['TooManySucceededPods', 'Completed']);
});

test('the name of a pod keeps its index however long the name of its Job is', () => {
  const long = { ...job({ completionMode: 'Indexed' }), metadata: { name: 'x'.repeat(63), namespace: 'ns' } };
  expect(jobPod(long, { index: 12 }).metadata.generateName).toBe(`${'x'.repeat(54)}-12-`);
});

test('a Job that ended while it was suspended keeps its start', () => {
  const p = plan(job({ suspend: true }), [pod('a', 'Succeeded')]);
  expect(p.status.startTime).toBe('1970-01-01T00:00:00Z');
});
