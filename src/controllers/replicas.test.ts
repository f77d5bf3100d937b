import { expect, test } from 'vitest';
import { selectorFromSet } from '../base/selectors.ts';
import { ApiError } from '../api/status.ts';
import type { Pod } from '../kinds/core/pod.ts';
import { burst } from './batches.ts';
import { planClaim } from './ownership.ts';
import { inDeletionOrder } from './pods.ts';
import { planReplicas, type ReplicasPlan, withFailure } from './replicas.ts';

const now = Date.UTC(2026, 0, 1, 1);
const owner = { metadata: { name: 'web', uid: 'web', generation: 3 } };
const labels = { app: 'web' };

interface Traits {
  readonly ready?: string;
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly node?: string;
  readonly leaving?: boolean;
  readonly cost?: string;
  readonly restarts?: number;
  readonly created?: string;
}

const pod = (
  name: string,
  { ready, phase = 'Running', node = 'n', leaving, cost, restarts, created }: Traits = {},
): Pod => ({
  metadata: {
    name,
    uid: name,
    labels,
    creationTimestamp: created ?? '2026-01-01T00:00:00Z',
    ...(leaving && { deletionTimestamp: '2026-01-01T00:59:00Z' }),
    ...(cost && { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
  },
  spec: { containers: [], ...(node && { nodeName: node }) },
  status: {
    phase,
    ...(ready && { conditions: [{ type: 'Ready', status: 'True' as const, lastTransitionTime: ready }] }),
    ...(restarts && {
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready: true, restartCount: restarts }],
    }),
  },
});

const early = '2026-01-01T00:10:00Z';

const plan = (replicas: number, pods: readonly Pod[], minReadySeconds = 0): ReplicasPlan =>
  planReplicas({
    owner,
    want: { replicas, minReadySeconds, selector: selectorFromSet(labels), template: { metadata: { labels } } },
    pods,
    now,
  });

const names = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.name);

test('finished pods and those on their way out are replaced, and counted apart', () => {
  const pods = [pod('a', { ready: early }), pod('b', { phase: 'Failed' }), pod('c', { leaving: true })];
  const { create, remove, status } = plan(3, pods);
  expect(create).toBe(2);
  expect(remove).toEqual([]);
  expect(status).toMatchObject({ replicas: 1, readyReplicas: 1, terminatingReplicas: 1, observedGeneration: 3 });
});

test('one look makes and deletes no more than a burst', () => {
  expect(plan(2000, []).create).toBe(burst);
  const many = Array.from({ length: 2000 }, (_, i) => pod(`p${i}`));
  expect(plan(0, many).remove).toHaveLength(burst);
});

test('a ready pod is available only after minReadySeconds, and the plan says when to look again', () => {
  const { status, nextAvailableIn } = plan(1, [pod('a', { ready: '2026-01-01T00:59:50Z' })], 30);
  expect(status).toMatchObject({ replicas: 1, readyReplicas: 1 });
  expect(status.availableReplicas).toBeUndefined();
  expect(nextAvailableIn).toBe(20_000);
});

test('pods go in the documented order: unplaced, pending, not ready, cheap, young in readiness, often restarted, newest', () => {
  const pods = [
    pod('keeps', { ready: early }),
    pod('newer', { ready: early, created: '2026-01-01T00:30:00Z' }),
    pod('restarted', { ready: early, restarts: 3 }),
    pod('lately-ready', { ready: '2026-01-01T00:59:59Z' }),
    pod('cheap', { ready: early, cost: '-5' }),
    pod('not-ready'),
    pod('pending', { phase: 'Pending' }),
    pod('unplaced', { phase: 'Pending', node: '' }),
  ];
  expect(names(inDeletionOrder(pods, now))).toEqual([
    'unplaced',
    'pending',
    'not-ready',
    'cheap',
    'lately-ready',
    'restarted',
    'newer',
    'keeps',
  ]);
});

test('of equal pods one goes from the node that has most of them', () => {
  const pods = [pod('alone', { ready: early, node: 'n1' }), pod('crowded', { ready: early, node: 'n2' })];
  expect(names(inDeletionOrder(pods, now, (node) => (node === 'n2' ? 5 : 1)))[0]).toBe('crowded');
});

test('an owner adopts matching orphans and releases what stopped matching, but neither while it is being deleted', () => {
  const stranger: Pod = { ...pod('x'), metadata: { ...pod('x').metadata, labels: { app: 'other' } } };
  const candidates = { controlled: [pod('mine'), stranger], orphans: [pod('orphan'), pod('going', { leaving: true })] };
  const matches = (each: Pod) => each.metadata.labels?.app === 'web';
  const claim = planClaim(owner, candidates, matches);
  expect([names(claim.owned), names(claim.release), names(claim.adopt)]).toEqual([['mine'], ['x'], ['orphan']]);
  const dying = { metadata: { ...owner.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  const last = planClaim(dying, candidates, matches);
  expect([names(last.release), names(last.adopt)]).toEqual([[], []]);
});

test('a refusal becomes the condition ReplicaFailure, which is not reworded and goes with the next success', () => {
  const refusal = (text: string) => new ApiError(403, 'Forbidden', text);
  const first = plan(1, []);
  const failed = withFailure(first.status, refusal('quota'), first, now);
  expect(failed.conditions).toMatchObject([{ type: 'ReplicaFailure', reason: 'FailedCreate', message: 'quota' }]);
  expect(withFailure(failed, refusal('other'), first, now)).toBe(failed);
  expect(withFailure(failed, undefined, first, now).conditions).toBeUndefined();
});
