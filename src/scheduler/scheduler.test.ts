import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../base/log.ts';
import { seededRandom } from '../base/random.ts';
import { virtualClock } from '../base/virtual-clock.ts';
import { createInformers } from '../client/informers.ts';
import { createClient } from '../client/transport-client.ts';
import { Namespace } from '../kinds/core/namespace.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { ServiceAccount } from '../kinds/core/service-account.ts';
import { PriorityClass } from '../kinds/scheduling/priority-class.ts';
import { undescribed } from '../kinds/descriptions.ts';
import { systemMasters } from '../server/authorize.ts';
import { createServer } from '../server/create-server.ts';
import { memoryStore } from '../store/memory-store.ts';
import { sampleNode, samplePod, type NodeSample, type PodSample } from './samples.ts';
import { startScheduler } from './scheduler.ts';

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A server and a scheduler, without controllers and nodes. */
async function cluster() {
  const clock = virtualClock(Date.UTC(2026, 0, 1));
  const random = seededRandom(1);
  const running = createServer({
    store: memoryStore({ clock }),
    clock,
    random: random.fork('server'),
    log: silentLog,
    authenticators: [],
    authorizers: () => [systemMasters],
    describe: undescribed,
    healthChecks: [],
  });
  const user = { name: 'test', groups: ['system:masters'] };
  const client = createClient({ transport: running.transport, user, agent: 'test' });
  const stopping = new AbortController();
  const informers = createInformers({ client, clock, log: silentLog, signal: stopping.signal });
  await client.create(Namespace, { metadata: { name: 'default' }, spec: {} }).catch(() => {});
  await client.create(ServiceAccount, { metadata: { name: 'default', namespace: 'default' } });
  const events: string[] = [];
  const bugs: unknown[] = [];
  const scheduler = await startScheduler({
    client,
    informers,
    clock,
    random: random.fork('scheduler'),
    log: silentLog,
    event: (about, { reason, action, message }) =>
      events.push(`${reason} ${action} ${about.metadata.name}: ${message}`),
    onBug: (error) => bugs.push(error),
  });
  stops.push(async () => {
    expect(bugs).toEqual([]);
    scheduler.stop();
    stopping.abort();
    await running.close();
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
