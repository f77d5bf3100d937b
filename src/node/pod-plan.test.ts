import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seconds } from '../base/clock.ts';
import type { Container, ContainerRestartRule, Pod } from '../kinds/generated/types/core-v1.ts';
import { crashAfterRestart, planPod, restartAt } from './pod-plan.ts';
import { freshRecord, type ContainerRecord, type Exited, type PodRecord } from './pod-record.ts';
import { podStatus } from './pod-status.ts';
import { statusPatch } from './status-patch.ts';

const now = Date.UTC(2026, 0, 1);
const image = { name: 'docker.io/library/nginx:1', id: 'docker.io/library/nginx@sha256:1', bytes: 1 };
const sandbox = { id: 's', ips: ['10.244.0.2'] };
const facts = { hostIP: '172.18.0.2', runtime: 'simulated' };

const podOf = (spec: Partial<Pod['spec']>, metadata: Pod['metadata'] = {}): Pod => ({
  metadata: { name: 'p', namespace: 'default', uid: 'u', generation: 1, ...metadata },
  spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
});

const exit = (exitCode: number, finishedAt = now): Exited => ({
  is: 'exited',
  id: 'x',
  image,
  startedAt: now - 1000,
  finishedAt,
  exitCode,
  reason: exitCode ? 'Error' : 'Completed',
});

const running = { is: 'running', id: 'r', image, startedAt: now, stopping: false } as const;

function record(pod: Pod, states: Record<string, ContainerRecord['state']> = {}): PodRecord {
  const fresh = freshRecord(pod, now);
  for (const each of fresh.containers) each.state = states[each.container.name] ?? each.state;
  return Object.assign(fresh, { volumes: { is: 'mounted' }, sandbox, ips: sandbox.ips });
}

const actions = (pod: Pod, known: PodRecord) =>
  planPod(pod, known, now).actions.map((action) =>
    'container' in action ? `${action.do} ${action.container.container.name}` : action.do,
  );

test('volumes come first, then the sandbox, then containers', () => {
  const pod = podOf({});
  const known = freshRecord(pod, now);
  expect(actions(pod, known)).toEqual(['mount']);
  known.volumes = { is: 'mounted' };
  expect(actions(pod, known)).toEqual(['run-sandbox']);
  known.sandbox = sandbox;
  expect(actions(pod, known)).toEqual(['start c']);
});

test.each<[NonNullable<Pod['spec']['restartPolicy']>, number, boolean]>([
  ['Always', 0, true],
  ['Always', 1, true],
  ['OnFailure', 0, false],
  ['OnFailure', 1, true],
  ['Never', 1, false],
])('restartPolicy %s after exit code %i: started again is %s', (restartPolicy, code, again) => {
  const pod = podOf({ restartPolicy });
  expect(actions(pod, record(pod, { c: exit(code) })).includes('start c')).toBe(again);
});

test("a container's own rules overrule the pod's policy", () => {
  const rule: ContainerRestartRule = { action: 'Restart', exitCodes: { operator: 'In', values: [42] } };
  const own: Container = { name: 'c', image: 'nginx', restartPolicy: 'Never', restartPolicyRules: [rule] };
  const pod = podOf({ restartPolicy: 'Always', containers: [own] });
  expect(actions(pod, record(pod, { c: exit(42) }))).toEqual(['start c']);
  expect(actions(pod, record(pod, { c: exit(1) }))).toEqual(['stop-sandbox']);
});

test('sidecars end after the main containers, from last to first', () => {
  const sidecar = (name: string): Container => ({ name, image: 'x', restartPolicy: 'Always' });
  const pod = podOf({ initContainers: [sidecar('a'), sidecar('b')] });
  const known = record(pod, { a: running, b: running, c: running });
  known.ending = { since: now, grace: seconds(30) };
  expect(actions(pod, known)).toEqual(['stop c']);
  const [a, b, c] = known.containers as [ContainerRecord, ContainerRecord, ContainerRecord];
  c.state = exit(0);
  expect(actions(pod, known)).toEqual(['stop b']);
  b.state = exit(0);
  expect(actions(pod, known)).toEqual(['stop a']);
  a.state = exit(0);
  expect(actions(pod, known)).toEqual(['stop-sandbox']);
});

test('waits between restarts never shrink until they are forgotten, and stay within five minutes', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 900_000 }), { minLength: 1, maxLength: 30 }), (lives) => {
      const each = { restarts: 0, probes: {} } as unknown as ContainerRecord;
      let at = now;
      let before = 0;
      for (const life of lives) {
        const ended = exit(1, at + life);
        const wait = restartAt(each, ended) - ended.finishedAt;
        expect(wait).toBeLessThanOrEqual(seconds(300));
        if (life <= seconds(600)) expect(wait).toBeGreaterThanOrEqual(before);
        else expect(wait).toBe(0);
        at = ended.finishedAt + wait;
        each.crash = crashAfterRestart(each, ended, at);
        before = wait;
      }
    }),
    { seed: 1 },
  );
});

test('a status patch holds only what changed, and clears what is gone', () => {
  const pod = podOf({});
  const waiting = podStatus(pod, record(pod), now, facts);
  const ready = podStatus({ ...pod, status: waiting }, record(pod, { c: running }), now + seconds(5), facts);
  expect(statusPatch(waiting, waiting)).toBeUndefined();
  expect(statusPatch(waiting, ready)).toEqual({
    phase: 'Running',
    containerStatuses: ready.containerStatuses,
    conditions: ['Ready', 'ContainersReady'].map((type) => ({
      type,
      status: 'True',
      reason: null,
      message: null,
      lastTransitionTime: '2026-01-01T00:00:05Z',
    })),
  });
});

test('a new address takes the place of the old one', () => {
  const before = { podIP: '10.244.0.2', podIPs: [{ ip: '10.244.0.2' }] };
  expect(statusPatch(before, { podIP: '10.244.0.3', podIPs: [{ ip: '10.244.0.3' }] })).toEqual({
    podIP: '10.244.0.3',
    podIPs: [{ ip: '10.244.0.3' }, { $patch: 'delete', ip: '10.244.0.2' }],
  });
});

test('the phase follows the containers', () => {
  const two = [
    { name: 'c', image: 'x' },
    { name: 'd', image: 'x' },
  ];
  const phase = (
    restartPolicy: NonNullable<Pod['spec']['restartPolicy']>,
    c: ContainerRecord['state'],
    d: ContainerRecord['state'],
  ) => {
    const pod = podOf({ restartPolicy, containers: two });
    return podStatus(pod, record(pod, { c, d }), now, facts).phase;
  };
  expect(phase('Always', running, { is: 'waiting' })).toBe('Pending');
  expect(phase('Always', running, exit(1))).toBe('Running');
  expect(phase('Always', exit(0), exit(0))).toBe('Running');
  expect(phase('OnFailure', exit(0), exit(1))).toBe('Running');
  expect(phase('Never', running, exit(1))).toBe('Running');
  expect(phase('Never', exit(0), exit(1))).toBe('Failed');
  expect(phase('Never', exit(0), exit(0))).toBe('Succeeded');
});
