import { expect, test } from 'vitest';
import { bareServer } from '../../test/support/bare-server.ts';
import { minutes, seconds } from '../base/clock.ts';
import { Event } from '../kinds/core/event.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { startControllers } from '../reconcile/manager.ts';
import { evictionPace, missingLabels, nodeLifecycleController, planSilence } from './node-lifecycle.ts';

const node = (name: string, ready?: 'True' | 'False' | 'Unknown', labels: Record<string, string> = {}): Node => ({
  metadata: { name, creationTimestamp: '2026-01-01T00:00:00Z', labels },
  spec: {},
  status: ready ? { conditions: [{ type: 'Ready', status: ready, lastHeartbeatTime: '2026-01-01T00:00:00Z' }] } : {},
});

const zone = (up: number, down: number) =>
  [...Array(up + down).keys()].map((at) => node(`n${at}`, at < up ? 'True' : 'Unknown'));
const other = node('other', 'True');

test('a zone is emptied a node every ten seconds; a mostly broken one slowly if it is large, else not at all', () => {
  const pace = (nodes: readonly Node[]) => evictionPace(nodes, [...nodes, other]);
  expect(pace(zone(9, 1))).toBe(seconds(10));
  expect(pace(zone(1, 2)), 'two are too few to judge').toBe(seconds(10));
  expect(pace(zone(2, 3))).toBeUndefined();
  expect(pace(zone(3, 3)), 'half of it is not mostly').toBe(seconds(10));
  expect(pace(zone(22, 28)), '50 nodes are not large').toBeUndefined();
  expect(pace(zone(22, 29))).toBe(seconds(100));
  expect(pace(zone(0, 4)), 'a zone that is down altogether').toBe(seconds(10));
  expect(evictionPace(zone(0, 4), zone(0, 4)), 'no zone is up: who is to blame is not the nodes').toBeUndefined();
});

test('silence makes every condition Unknown, those never posted, too', () => {
  const conditions = planSilence(node('n', 'True'), Date.UTC(2026, 0, 1, 1)) ?? [];
  expect(conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual([
    'Ready Unknown NodeStatusUnknown',
    'MemoryPressure Unknown NodeStatusNeverUpdated',
    'DiskPressure Unknown NodeStatusNeverUpdated',
    'PIDPressure Unknown NodeStatusNeverUpdated',
  ]);
  expect(planSilence({ ...node('n'), status: { conditions } }, 0)).toBeUndefined();
});

test('labels are repeated under their former names', () => {
  const labels = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64', 'beta.kubernetes.io/arch': 'arm64' };
  expect(missingLabels(node('n', 'True', labels))).toEqual({ 'beta.kubernetes.io/os': 'linux' });
});

async function watched() {
  const bare = await bareServer({ namespaces: ['default', 'kube-node-lease'] });
  const { client } = bare;
  await startControllers([nodeLifecycleController()], bare);
  return {
    ...bare,
    register: (name: string, ready?: 'True' | 'False') =>
      client.create(Node, { ...node(name, ready), metadata: { name } }),
    taints: async (name: string) =>
      ((await client.get(Node, name)).spec?.taints ?? []).map(({ key, effect }) => `${key.split('/')[1]} ${effect}`),
    pod: async () => {
      const spec = { nodeName: 'n1', automountServiceAccountToken: false, containers: [{ name: 'c', image: 'i' }] };
      const pod = await client.create(Pod, { metadata: { name: 'p', namespace: 'default' }, spec });
      const status = { phase: 'Running' as const, conditions: [{ type: 'Ready', status: 'True' as const }] };
      await client.updateStatus(Pod, { ...pod, status });
    },
    readyPod: async () =>
      (await client.get(Pod, 'p', 'default')).status?.conditions?.find(({ type }) => type === 'Ready')?.status,
    told: async () =>
      (await client.list(Event)).items.map(({ involvedObject, reason }) => `${involvedObject.name} ${reason}`),
  };
}

test('a node that falls silent is unreachable, and so are its pods; it was greeted and is missed', async () => {
  const { clock, client, register, taints, pod, readyPod, told } = await watched();
  await register('n1', 'True');
  await register('n2', 'True');
  await pod();
  await clock.advance(seconds(45));
  expect(await taints('n1')).toEqual([]);
  const heartbeat = { ...node('n2', 'True').status?.conditions?.[0], lastHeartbeatTime: '2026-01-01T00:00:45Z' };
  const patch = { status: { conditions: [heartbeat] } };
  await client.patch(Node, { name: 'n2', namespace: '' }, patch, { type: 'merge', subresource: 'status' });
  await clock.advance(seconds(20));
  expect(await taints('n1')).toEqual(['unreachable NoSchedule', 'unreachable NoExecute']);
  expect(await readyPod()).toBe('False');
  await client.delete(Node, { name: 'n1', namespace: '' });
  await clock.advance(seconds(1));
  expect((await told()).filter((each) => !each.startsWith('n2'))).toEqual([
    'n1 RegisteredNode',
    'n1 NodeNotReady',
    'n1 RemovingNode',
    'p NodeNotReady',
  ]);
});

test('pods of a node that says itself that it is not ready are left to its kubelet', async () => {
  const { clock, register, taints, pod, readyPod } = await watched();
  await register('n1', 'False');
  await register('n2', 'True');
  await pod();
  await clock.advance(seconds(6));
  expect(await taints('n1')).toEqual(['not-ready NoSchedule', 'not-ready NoExecute']);
  expect(await readyPod()).toBe('True');
});

test('a node that never spoke has a minute before it is given up', async () => {
  const { clock, register, taints } = await watched();
  await register('n1');
  await register('n2', 'True');
  await clock.advance(seconds(1));
  expect(await taints('n1')).toEqual([]);
  await clock.advance(minutes(1));
  expect(await taints('n1')).toContain('unreachable NoSchedule');
});
