import { expect, test } from 'vitest';
import { bareServer } from '../../test/support/bare-server.ts';
import { seconds } from '../base/clock.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { startControllers } from '../reconcile/manager.ts';
import { podGarbageCollector, surplusOf } from './pod-gc.ts';

const ended = (name: string, creationTimestamp: string, reason?: string): Pod => ({
  metadata: { name, creationTimestamp },
  spec: { containers: [] },
  status: { phase: 'Failed', ...(reason && { reason }) },
});

test('of too many finished pods evicted ones go first, then the oldest', () => {
  const pods = [
    ended('c', '2026-01-01T00:00:03Z'),
    ended('b', '2026-01-01T00:00:01Z'),
    ended('a', '2026-01-01T00:00:01Z'),
    ended('e', '2026-01-01T00:00:09Z', 'Evicted'),
  ];
  expect(surplusOf(pods, 1).map(({ metadata }) => metadata.name)).toEqual(['e', 'a', 'b']);
  expect(surplusOf(pods, 4)).toEqual([]);
});

/** A pod that stays after its end, for a finalizer holds it. */
async function watched(nodeName?: string) {
  const { client, clock, ...bare } = await bareServer();
  await client.create(Node, { metadata: { name: 'n' }, spec: {} });
  const metadata = { name: 'p', namespace: 'default', finalizers: ['example.com/hold'] };
  const containers = [{ name: 'c', image: 'i' }];
  const spec = { automountServiceAccountToken: false, containers, ...(nodeName && { nodeName }) };
  await client.create(Pod, { metadata, spec });
  await startControllers([podGarbageCollector()], { client, clock, ...bare });
  return { client, clock, pod: () => client.get(Pod, 'p', 'default') };
}

test('a pod of a node that is no more fails and goes after forty seconds, and says why', async () => {
  const { clock, pod } = await watched('gone');
  await clock.advance(seconds(39));
  expect((await pod()).metadata.deletionTimestamp).toBeUndefined();
  await clock.advance(seconds(22));
  expect((await pod()).metadata.deletionGracePeriodSeconds).toBe(0);
  expect((await pod()).status).toMatchObject({
    phase: 'Failed',
    observedGeneration: 1,
    conditions: [{ type: 'DisruptionTarget', reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' }],
  });
});

test('a pod that was asked to go before it was placed fails, without a reason', async () => {
  const { client, clock, pod } = await watched();
  await client.delete(Pod, { name: 'p', namespace: 'default' });
  await clock.advance(seconds(1));
  expect((await pod()).status).toMatchObject({ phase: 'Failed' });
  expect((await pod()).status?.conditions ?? []).toEqual([]);
});

test('a pod stuck on a node that is out of service goes by force; a living one stays', async () => {
  const { client, clock, pod } = await watched('n');
  const taints = [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' as const }];
  await client.patch(Node, { name: 'n', namespace: '' }, { spec: { taints } }, { type: 'merge' });
  await clock.advance(seconds(1));
  expect((await pod()).metadata.deletionTimestamp).toBeUndefined();
  await client.delete(Pod, { name: 'p', namespace: 'default' });
  expect((await pod()).metadata.deletionGracePeriodSeconds).toBe(30);
  await clock.advance(seconds(1));
  expect((await pod()).metadata.deletionGracePeriodSeconds).toBe(0);
  expect((await pod()).status).toMatchObject({ phase: 'Failed' });
});
