import { expect, test } from 'vitest';
import type { ContainerStatus, PodSpec, PodStatus } from '../generated/types/core-v1.ts';
import { Pod } from './pod.ts';
import { qosClassOf } from './pod/qos.ts';

const now = Date.UTC(2026, 0, 2);
const context = { now: () => now, random: undefined as never, enabled: () => false };

const pod = (spec: Partial<PodSpec> = {}, status: PodStatus = {}): Pod => ({
  metadata: { name: 'web', namespace: 'n' },
  spec: { containers: [{ name: 'c', image: 'x' }], ...spec },
  status,
});

const status = (name: string, more: Partial<ContainerStatus> = {}): ContainerStatus => ({
  name,
  image: 'x',
  imageID: '',
  ready: true,
  restartCount: 0,
  state: { running: {} },
  ...more,
});

const cell = (name: string, of: Pod) => Pod.behaviour.columns?.find((column) => column.name === name)?.cell(of, now);

test.each<[string, PodSpec['initContainers'], PodStatus, string, string]>([
  ['nothing is reported', undefined, { phase: 'Pending' }, '0/1', 'Pending'],
  ['it runs', undefined, { phase: 'Running', containerStatuses: [status('c')] }, '1/1', 'Running'],
  [
    'its container fails again and again',
    undefined,
    {
      phase: 'Running',
      containerStatuses: [status('c', { ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } })],
    },
    '0/1',
    'CrashLoopBackOff',
  ],
  [
    'the second of its init containers runs',
    [{ name: 'i' }, { name: 'j' }],
    {
      phase: 'Pending',
      initContainerStatuses: [status('i', { state: { terminated: { exitCode: 0 } } }), status('j', { ready: false })],
    },
    '0/1',
    'Init:1/2',
  ],
  [
    'a sidecar runs and the next init container too',
    [{ name: 's', restartPolicy: 'Always' }, { name: 'i' }],
    { phase: 'Pending', initContainerStatuses: [status('s', { started: true }), status('i', { ready: false })] },
    '1/2',
    'Init:1/2',
  ],
  [
    'one container is through and the other failed',
    undefined,
    {
      phase: 'Failed',
      containerStatuses: [
        status('c', { ready: false, state: { terminated: { exitCode: 0, reason: 'Completed' } } }),
        status('d', { ready: false, state: { terminated: { exitCode: 1, reason: 'Error' } } }),
      ],
    },
    '0/1',
    'Error',
  ],
  [
    'it is initialized and a sidecar fails',
    [{ name: 's', restartPolicy: 'Always' }],
    {
      phase: 'Running',
      conditions: [{ type: 'Initialized', status: 'True' }],
      initContainerStatuses: [status('s', { ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } } })],
      containerStatuses: [status('c')],
    },
    '1/2',
    'Init:CrashLoopBackOff',
  ],
])('when %s, its row says so', (_, initContainers, given, ready, reason) => {
  const shown = pod(initContainers ? { initContainers } : {}, given);
  expect([cell('Ready', shown), cell('Status', shown)]).toEqual([ready, reason]);
});

test('restarts are followed by how long ago the last one was', () => {
  const lastState = { terminated: { exitCode: 1, finishedAt: '2026-01-01T23:55:00Z' } };
  const containerStatuses = [status('c', { restartCount: 3, lastState })];
  expect(cell('Restarts', pod({}, { phase: 'Running', containerStatuses }))).toBe('3 (5m ago)');
});

test('a pod on its way out is terminating unless it is done', () => {
  const going = (phase: 'Running' | 'Succeeded') => {
    const each = pod({}, { phase });
    each.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    return cell('Status', each);
  };
  expect([going('Running'), going('Succeeded')]).toEqual(['Terminating', 'Succeeded']);
});

test.each<[string, PodSpec, PodStatus, number | undefined, number]>([
  ['that nobody runs goes at once', pod().spec, {}, 20, 0],
  ['that has run goes at once', pod({ nodeName: 'n' }).spec, { phase: 'Failed' }, 20, 0],
  ['gets the time it asked for', pod({ nodeName: 'n', terminationGracePeriodSeconds: 7 }).spec, {}, undefined, 7],
  ['gets the time the client gives', pod({ nodeName: 'n', terminationGracePeriodSeconds: 7 }).spec, {}, 3, 3],
  ['never gets less than nothing', pod({ nodeName: 'n' }).spec, {}, -5, 1],
])('a pod %s', (_, spec, given, requested, seconds) => {
  expect(Pod.behaviour.gracefulDeletion?.(pod(spec, given), requested)).toEqual({ gracePeriodSeconds: seconds });
});

test('quality of service follows from processor and memory', () => {
  const asking = (requests: Record<string, string>, limits: Record<string, string>) =>
    qosClassOf({ containers: [{ name: 'c', resources: { requests, limits } }] });
  expect(asking({}, {})).toBe('BestEffort');
  expect(asking({ cpu: '1' }, {})).toBe('Burstable');
  expect(asking({ cpu: '1', memory: '1Gi' }, { cpu: '1', memory: '1024Mi' })).toBe('Guaranteed');
});

test('an update may change an image and nothing around it', () => {
  const change = (spec: Partial<PodSpec>) => {
    const [next, previous] = [pod(spec), pod()];
    for (const each of [next, previous]) Pod.behaviour.applyDefaults?.(each);
    return (Pod.behaviour.validateUpdate?.(next, previous, context) ?? []).map((i) => `${i.field}: ${i.message}`);
  };
  expect(change({ containers: [{ name: 'c', image: 'y' }] })).toEqual([]);
  const [refusal] = change({ hostname: 'h' });
  expect(refusal).toContain('spec: Forbidden: pod updates may not change fields other than');
  expect(refusal).toContain('\n- "Hostname": "",\n+ "Hostname": "h",\n');
});
