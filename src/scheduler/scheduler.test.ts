import { expect, onTestFinished, test } from 'vitest';
import { bareServer } from '../../test/support/bare-server.ts';
import type { Client } from '../client/client.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { PriorityClass } from '../kinds/scheduling/priority-class.ts';
import { sampleNode, samplePod, type NodeSample, type PodSample } from './samples.ts';
import { readConfiguration, type SchedulerConfiguration } from './configuration/read.ts';
import { startScheduler } from './scheduler.ts';

/** A server and a scheduler, without controllers and nodes. */
async function cluster(configuration?: SchedulerConfiguration) {
  const bare = await bareServer();
  const { client, clock } = bare;
  const events: string[] = [];
  const bugs: unknown[] = [];
  const scheduler = await startScheduler({
    ...bare,
    random: bare.random.fork('scheduler'),
    ...(configuration && { configuration }),
    event: (about, { reason, action, message }) =>
      events.push(`${reason} ${action} ${about.metadata.name}: ${message}`),
    onBug: (error) => bugs.push(error),
  });
  onTestFinished(() => {
    scheduler.stop();
    expect(bugs).toEqual([]);
  });
  return {
    clock,
    client,
    events,
    scheduler,
    async addNode(name: string, sample: NodeSample = {}) {
      await client.create(Node, sampleNode(name, sample));
      await client.patch(Node, { name, namespace: '' }, { spec: { taints: null } });
      await clock.settle();
    },
    async addPod(name: string, sample: PodSample = {}) {
      const { metadata, spec } = samplePod(name, {
        ...sample,
        spec: { terminationGracePeriodSeconds: 0, ...sample.spec },
      });
      const { uid: _, ...named } = metadata;
      await client.create(Pod, { metadata: named, spec } as Pod);
      await clock.settle();
    },
    pod: (name: string) => client.get(Pod, name, 'default'),
  };
}

const scheduled = ({ status }: Pod) => status?.conditions?.find(({ type }) => type === 'PodScheduled');

test('a pod is bound, and the event says where', async () => {
  const { addNode, addPod, pod, events } = await cluster();
  await addNode('a');
  await addPod('p');
  expect((await pod('p')).spec?.nodeName).toBe('a');
  expect(scheduled(await pod('p'))?.status).toBe('True');
  expect(events).toEqual(['Scheduled Binding p: Successfully assigned default/p to a']);
});

test('a pod that fits nowhere says why, once, and is placed when there is room', async () => {
  const { addNode, addPod, client, clock, pod, events, scheduler } = await cluster();
  await addNode('a', { allocatable: { cpu: '1' } });
  await addPod('q', { requests: { cpu: '1' } });
  await addPod('p', { requests: { cpu: '1' } });
  const condition = scheduled(await pod('p'));
  expect(condition).toMatchObject({ status: 'False', reason: 'Unschedulable' });
  expect(condition?.message).toMatch(/^0\/1 nodes are available: 1 Insufficient cpu\. /);
  expect(events[1]).toBe(`FailedScheduling Scheduling p: ${condition?.message}`);
  const uid = (await pod('p')).metadata.uid ?? '';
  expect(scheduler.decisions.of(uid)?.verdicts.get('a')).toMatchObject({
    plugin: 'NodeResourcesFit',
    reasons: ['Insufficient cpu'],
  });
  await client.delete(Pod, { name: 'q', namespace: 'default' });
  await clock.settle();
  expect((await pod('p')).spec?.nodeName).toBe('a');
  expect(events).toHaveLength(3);
});

test('a pod of higher priority takes the place of a lower one', async () => {
  const { addNode, addPod, clock, client, pod, events } = await cluster();
  await addNode('a', { allocatable: { cpu: '1' } });
  await addPod('low', { requests: { cpu: '1' } });
  await client.patch(
    Pod,
    { name: 'low', namespace: 'default' },
    { status: { phase: 'Running' } },
    { subresource: 'status' },
  );
  await client.create(PriorityClass, { metadata: { name: 'high' }, value: 10 });
  await addPod('high', { requests: { cpu: '1' }, spec: { priorityClassName: 'high' } });
  await clock.advance(1000);
  expect(await client.find(Pod, 'low', 'default')).toBeUndefined();
  expect((await pod('high')).spec?.nodeName).toBe('a');
  expect(events.filter((event) => event.startsWith('Preempted Preempting low: Preempted by pod '))).toHaveLength(1);
});

test('a hundred pods at once never overdraw a node, and those left over wait', async () => {
  const { addNode, addPod, client, clock, scheduler } = await cluster();
  for (const name of ['a', 'b', 'c']) await addNode(name, { allocatable: { cpu: '2', pods: '110' } });
  await Promise.all(Array.from({ length: 100 }, (_, i) => addPod(`p${i}`, { requests: { cpu: '100m' } })));
  await clock.settle();
  const { items } = await client.list(Pod, { namespace: 'default' });
  const perNode = ['a', 'b', 'c'].map((name) => items.filter(({ spec }) => spec?.nodeName === name).length);
  expect(perNode).toEqual([20, 20, 20]);
  expect(scheduler.queue.counts()).toMatchObject({ waiting: 40, active: 0, tried: 0 });
});

test('pods of another scheduler are left alone', async () => {
  const { addNode, addPod, pod } = await cluster();
  await addNode('a');
  await addPod('p', { spec: { schedulerName: 'nobody' } });
  expect((await pod('p')).spec?.nodeName).toBeUndefined();
});

test('each profile schedules the pods that name it, in its own way', async () => {
  const packing = {
    schedulerName: 'packer',
    plugins: { multiPoint: { disabled: [{ name: 'NodeResourcesBalancedAllocation' }] } },
    pluginConfig: [
      {
        name: 'NodeResourcesFit',
        args: { scoringStrategy: { type: 'MostAllocated', resources: [{ name: 'cpu', weight: 1 }] } },
      },
    ],
  };
  const { addNode, addPod, pod, events } = await cluster(
    readConfiguration({
      apiVersion: 'kubescheduler.config.k8s.io/v1',
      kind: 'KubeSchedulerConfiguration',
      profiles: [{ schedulerName: 'default-scheduler' }, packing],
    }),
  );
  await addNode('a');
  await addNode('b');
  await addPod('first', { requests: { cpu: '1', memory: '2Gi' } });
  const taken = (await pod('first')).spec?.nodeName;
  const [packed, spread] = [{ schedulerName: 'packer' }, {}];
  await addPod('packed', { requests: { cpu: '1', memory: '2Gi' }, spec: packed });
  await addPod('spread', { requests: { cpu: '1', memory: '2Gi' }, spec: spread });
  await addPod('nobody', { spec: { schedulerName: 'other' } });
  expect((await pod('packed')).spec?.nodeName).toBe(taken);
  expect((await pod('spread')).spec?.nodeName).not.toBe(taken);
  expect((await pod('nobody')).spec?.nodeName).toBeUndefined();
  expect(events).toHaveLength(3);
});

test('a pod that is placed while its failure is still being written down ends as placed', async () => {
  const bare = await bareServer();
  const { client, clock } = bare;
  let letGo = () => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const slow: Client = {
    ...client,
    as: (...asked) => {
      const own = client.as(...asked);
      return { ...own, patch: async (...patch) => held.then(() => own.patch(...patch)) };
    },
  };
  const random = bare.random.fork('scheduler');
  const scheduler = await startScheduler({ ...bare, client: slow, random, event: () => {} });
  onTestFinished(() => scheduler.stop());
  await client.create(Node, sampleNode('a', { spec: { unschedulable: true } }));
  const { metadata, spec } = samplePod('p');
  const { uid: _, ...named } = metadata;
  await client.create(Pod, { metadata: named, spec } as Pod);
  await clock.settle();
  await client.patch(Node, { name: 'a', namespace: '' }, { spec: { unschedulable: null, taints: null } });
  await clock.settle();
  letGo();
  await clock.settle();
  const pod = await client.get(Pod, 'p', 'default');
  expect([pod.spec?.nodeName, scheduled(pod)?.status]).toEqual(['a', 'True']);
});
