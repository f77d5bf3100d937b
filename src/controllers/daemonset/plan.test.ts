import { expect, test } from 'vitest';
import type { DaemonSet } from '../../kinds/apps/daemon-set.ts';
import type { Node } from '../../kinds/core/node.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { Taint } from '../../kinds/generated/types/core-v1.ts';
import { boundTo, daemonTolerations, nodeOf, placementOn } from './placement.ts';
import { daemonSetStatus, planDaemonSet, planRollout } from './plan.ts';

const now = Date.UTC(2026, 0, 1);

const set = (rollingUpdate: object = { maxUnavailable: 1 }, podSpec: object = {}): DaemonSet => ({
  metadata: { name: 'd', namespace: 'ns', uid: 'd', generation: 1 },
  spec: {
    selector: { matchLabels: { app: 'd' } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate },
    template: { metadata: { labels: { app: 'd' } }, spec: { containers: [], ...podSpec } },
  },
});

const node = (name: string, taints: readonly Taint[] = [], labels: Record<string, string> = {}): Node => ({
  metadata: { name, uid: name, labels },
  spec: { taints: [...taints] },
});

const pod = (
  on: string,
  hash: string,
  { ready = true, phase = 'Running' as 'Running' | 'Failed', name = `${on}-${hash}` } = {},
): Pod => ({
  metadata: { name, uid: name, labels: { app: 'd', 'controller-revision-hash': hash } },
  spec: { containers: [], nodeName: on },
  status: {
    phase,
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2025-12-31T00:00:00Z' }],
  },
});

const nodes = [node('a'), node('b'), node('c')];
const view = (pods: readonly Pod[], of = set(), all: readonly Node[] = nodes) => ({
  set: of,
  nodes: all,
  pods,
  hash: 'new',
  now,
});
const names = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.name);

test('every node that fits gets one pod, and no more than one', () => {
  const pods = [pod('a', 'new', { name: 'older' }), pod('a', 'new', { name: 'zweiter' })];
  const { create, remove } = planDaemonSet(view(pods));
  expect(create).toEqual(['b', 'c']);
  expect(names(remove)).toEqual(['zweiter']);
});

test('a pod whose node selector fits no more goes; one that only could not be placed anew stays', () => {
  const noSchedule = node('a', [{ key: 'k', effect: 'NoSchedule' }]);
  expect(placementOn(set(), noSchedule)).toEqual({ run: false, stay: true });
  expect(placementOn(set(), node('a', [{ key: 'k', effect: 'NoExecute' }]))).toEqual({ run: false, stay: false });
  const picky = set({}, { nodeSelector: { disk: 'ssd' } });
  expect(names(planDaemonSet(view([pod('a', 'new')], picky, [node('a')])).remove)).toEqual(['a-new']);
  expect(planDaemonSet(view([], picky, [node('a', [], { disk: 'ssd' })])).create).toEqual(['a']);
});

test('daemons go where a node is in trouble', () => {
  const troubled = node('a', [
    { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
    { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' },
    { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
  ]);
  expect(placementOn(set(), troubled).run).toBe(true);
});

test('a pod is tied to its node by affinity, from which its node is read before it is bound', () => {
  const spec = boundTo('b', { containers: [], tolerations: daemonTolerations({ containers: [] }) });
  expect(nodeOf({ metadata: { name: 'p' }, spec })).toBe('b');
});

test('a failed pod goes, and its node gets the next one only after that', () => {
  const plan = planDaemonSet(view([pod('a', 'new', { phase: 'Failed' })]));
  expect(names(plan.ended)).toEqual(['a-new']);
  expect(plan.create).toEqual(['b', 'c']);
});

test('a rollout takes old pods that are not available first, and others as long as not too many are missing', () => {
  const rollout = (...pods: readonly Pod[]) => names(planRollout(view(pods)).remove);
  const [a, b, c] = [pod('a', 'old'), pod('b', 'old'), pod('c', 'old')];
  expect(rollout(a, b, c)).toEqual(['a-old']);
  expect(rollout(pod('a', 'new', { ready: false }), b, c)).toEqual([]);
  expect(rollout(a, pod('b', 'old', { ready: false }), c)).toEqual(['b-old']);
});

test('with surge a new pod runs beside the old one, which goes once the new one is available', () => {
  const surging = set({ maxSurge: 1, maxUnavailable: 0 });
  const old = [pod('a', 'old'), pod('b', 'old'), pod('c', 'old')];
  expect(planRollout(view(old, surging)).create).toEqual(['a']);
  expect(planRollout(view([...old, pod('a', 'new', { ready: false })], surging)).create).toEqual([]);
  const done = planRollout(view([...old, pod('a', 'new')], surging));
  expect(names(done.remove)).toEqual(['a-old']);
  expect(done.create).toEqual(['b']);
});

test('with surge a node whose only pod failed gets the next one at once', () => {
  const plan = planDaemonSet(view([pod('a', 'new', { phase: 'Failed' })], set({ maxSurge: 1, maxUnavailable: 0 })));
  expect(plan.create).toEqual(['a', 'b', 'c']);
});

test('with surge an old pod where none is wanted any more goes when it is not available, or when it is one too many', () => {
  const surging = set({ maxSurge: 1, maxUnavailable: 0 });
  const closed = node('x', [{ key: 'k', effect: 'NoSchedule' }]);
  const rollout = (...pods: readonly Pod[]) => names(planRollout(view(pods, surging, [...nodes, closed])).remove);
  const up = [pod('a', 'new'), pod('b', 'new'), pod('c', 'new')];
  expect(rollout(...up, pod('x', 'old'))).toEqual(['x-old']);
  expect(rollout(...up.slice(1), pod('a', 'new', { ready: false }), pod('x', 'old'))).toEqual([]);
  expect(rollout(pod('x', 'old', { ready: false }))).toEqual(['x-old']);
});

test('a pod that ended and is being deleted holds its node no longer', () => {
  const ended = pod('a', 'new', { phase: 'Failed' });
  const leaving = { ...ended, metadata: { ...ended.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  expect(planDaemonSet(view([leaving])).create).toEqual(['a', 'b', 'c']);
});

test('the status counts nodes, not pods', () => {
  const misplaced = node('x', [{ key: 'k', effect: 'NoSchedule' }]);
  const pods = [pod('a', 'new'), pod('a', 'old'), pod('b', 'old', { ready: false }), pod('x', 'old')];
  expect(daemonSetStatus(view(pods, set(), [...nodes, misplaced]))).toMatchObject({
    desiredNumberScheduled: 3,
    currentNumberScheduled: 2,
    numberMisscheduled: 1,
    numberReady: 1,
    updatedNumberScheduled: 1,
    numberUnavailable: 2,
  });
});
