import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { bareServer } from '../../test/support/bare-server.ts';
import { minutes, seconds } from '../base/clock.ts';
import type { KubeObject } from '../api/object.ts';
import { Lease } from '../kinds/coordination/lease.ts';
import { Event } from '../kinds/core/event.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { simulatedNodes, type SimulatedNodes } from './agent.ts';
import { behaviorForms } from './behaviors.ts';
import type { NodeSpec } from './node-object.ts';

/** A server with nodes and nothing else. */
async function cluster(nodes: readonly NodeSpec[]) {
  const bare = await bareServer({ namespaces: ['default', 'kube-node-lease'] });
  const { client, clock } = bare;
  const begin = (): SimulatedNodes => simulatedNodes({ ...bare, random: bare.random.fork('nodes'), nodes });
  let agent = begin();
  await agent.start();
  onTestFinished(() => agent.stop());
  return {
    clock,
    client,
    agent: () => agent,
    restart: async () => {
      await agent.stop();
      agent = begin();
      await agent.start();
    },
    run: (
      name: string,
      more: { nodeName?: string; annotations?: Record<string, string>; spec?: Partial<Pod['spec']> } = {},
    ) =>
      client.create(Pod, {
        metadata: { name, namespace: 'default', ...(more.annotations && { annotations: more.annotations }) },
        spec: {
          nodeName: more.nodeName ?? 'n1',
          automountServiceAccountToken: false,
          containers: [{ name: 'c', image: 'nginx' }],
          ...more.spec,
        },
      }),
    pod: (name: string) => client.get(Pod, name, 'default'),
    events: async (about: string) =>
      (await client.list(Event)).items.filter(({ involvedObject }) => involvedObject.name === about),
  };
}

const readyStatus = (object: KubeObject & { status?: { conditions?: { type: string; status: string }[] } }) =>
  object.status?.conditions?.find(({ type }) => type === 'Ready')?.status;

test('nodes register, are ready, and renew their leases', async () => {
  const { clock, client } = await cluster([
    { name: 'n1', zone: 'a', region: 'r', cpu: '4', labels: { disk: 'ssd' } },
    { name: 'n2' },
  ]);
  const node = await client.get(Node, 'n1');
  expect(node.metadata.labels).toMatchObject({
    'kubernetes.io/hostname': 'n1',
    'topology.kubernetes.io/zone': 'a',
    'topology.kubernetes.io/region': 'r',
    'portolan.dev/simulated': 'true',
    disk: 'ssd',
  });
  expect(node.status).toMatchObject({
    allocatable: { cpu: '4', memory: '32Gi', pods: '110' },
    nodeInfo: { kubeletVersion: 'v1.36.1' },
  });
  expect(readyStatus(node)).toBe('True');
  expect((await client.get(Node, 'n2')).spec.podCIDR).toBe('10.244.1.0/24');

  await clock.advance(minutes(1));
  const lease = await client.get(Lease, 'n1', 'kube-node-lease');
  expect(lease.spec).toMatchObject({
    holderIdentity: 'n1',
    leaseDurationSeconds: 40,
    renewTime: '2026-01-01T00:01:00.000000Z',
  });
});

test('pods get addresses of their node, and their events name the container', async () => {
  const { clock, run, pod, events } = await cluster([{ name: 'n1' }, { name: 'n2' }]);
  await run('a');
  await run('b', { nodeName: 'n2' });
  await run('host', { spec: { hostNetwork: true } });
  await clock.advance(seconds(10));
  expect((await pod('a')).status).toMatchObject({ phase: 'Running', podIP: '10.244.0.2', hostIP: '172.18.0.2' });
  expect((await pod('b')).status).toMatchObject({ phase: 'Running', podIP: '10.244.1.2', hostIP: '172.18.0.3' });
  expect((await pod('host')).status?.podIP).toBe('172.18.0.2');
  const [pulling] = await events('a');
  expect(pulling).toMatchObject({
    reason: 'Pulling',
    source: { component: 'kubelet', host: 'n1' },
    involvedObject: { kind: 'Pod', fieldPath: 'spec.containers{c}' },
  });
});

test('a node refuses what it cannot hold', async () => {
  const { clock, run, pod, events } = await cluster([{ name: 'n1', cpu: '1', pods: 2 }]);
  const asking = (cpu: string) => ({
    spec: { containers: [{ name: 'c', image: 'nginx', resources: { requests: { cpu } } }] },
  });
  await run('small', asking('600m'));
  await run('big', asking('500m'));
  await run('picky', { spec: { nodeSelector: { disk: 'ssd' } } });
  await clock.advance(seconds(10));
  expect((await pod('small')).status?.phase).toBe('Running');
  expect((await pod('big')).status).toMatchObject({
    phase: 'Failed',
    reason: 'OutOfcpu',
    message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 500, used: 600, capacity: 1000",
  });
  expect((await pod('picky')).status).toMatchObject({ phase: 'Failed', reason: 'NodeAffinity' });
  expect((await events('big'))[0]).toMatchObject({ type: 'Warning', reason: 'OutOfcpu' });
});

test('after a restart running pods go on as they were, and new ones get other addresses', async () => {
  const { clock, run, pod, restart, agent } = await cluster([{ name: 'n1' }]);
  await run('old', { annotations: { 'portolan.dev/behavior': 'exit 1 after 10m' } });
  await run('done', { spec: { restartPolicy: 'Never' } });
  await clock.advance(minutes(1));
  const before = await pod('old');
  await restart();
  await run('new');
  await clock.advance(minutes(1));
  expect(await pod('old')).toEqual(before);
  expect((await pod('done')).status?.phase).toBe('Succeeded');
  expect((await pod('new')).status?.podIP).not.toBe(before.status?.podIP);
  expect(
    agent()
      .usage()
      .flatMap(({ pods }) => pods.map(({ name }) => name)),
  ).toEqual(['old', 'new']);
  await clock.advance(minutes(10));
  expect((await pod('old')).status?.containerStatuses?.[0]?.restartCount).toBe(1);
});

test('a disconnected node falls silent and catches up; one without power starts its containers again', async () => {
  const { clock, client, run, pod, agent } = await cluster([{ name: 'n1' }]);
  await run('a', { annotations: { 'portolan.dev/behavior': 'exit 1 after 5m' } });
  await clock.advance(minutes(1));
  const renewed = async () => (await client.get(Lease, 'n1', 'kube-node-lease')).spec?.renewTime;
  agent().disconnect('n1');
  const last = await renewed();
  await run('b');
  await clock.advance(minutes(6));
  expect(await renewed()).toBe(last);
  expect((await pod('a')).status?.containerStatuses?.[0]?.restartCount).toBe(0);
  agent().reconnect('n1');
  await clock.advance(seconds(10));
  expect((await pod('a')).status?.containerStatuses?.[0]?.restartCount).toBe(1);
  expect((await pod('b')).status?.phase).toBe('Running');

  agent().powerOff('n1');
  await clock.advance(minutes(1));
  agent().powerOn('n1');
  await clock.advance(seconds(30));
  expect((await pod('b')).status?.containerStatuses?.[0]).toMatchObject({
    restartCount: 1,
    ready: true,
    lastState: { terminated: { exitCode: 255, reason: 'Unknown' } },
  });
});

test('logs show what was written, and refuse as a kubelet does', async () => {
  const { clock, run, agent } = await cluster([{ name: 'n1' }]);
  await run('talk', {
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'c', image: 'busybox', command: ['sh', '-c', 'echo one; sleep 20; echo two'] }],
    },
  });
  await run('web');
  const text = (pod: string, options = {}) => {
    let all = '';
    let ended = false;
    agent()
      .logs('default', pod, options)
      .subscribe(
        (chunks) => (all += chunks.map((chunk) => new TextDecoder().decode(chunk)).join('')),
        () => (ended = true),
      );
    return { all: () => all, ended: () => ended };
  };
  expect(() => text('talk')).toThrow('container "c" in pod "talk" is waiting to start: ContainerCreating');
  await clock.advance(seconds(10));
  expect(text('web').all()).toMatch(/^portolan: simulated container "c" of image "nginx": no program really runs here/);
  expect(() => text('web', { previous: true })).toThrow('previous terminated container "c" in pod "web" not found');

  const following = text('talk', { follow: true });
  expect([following.all(), following.ended()]).toEqual(['one\n', false]);
  await clock.advance(seconds(30));
  expect([following.all(), following.ended()]).toEqual(['one\ntwo\n', true]);
  expect(text('talk', { tailLines: 1 }).all()).toBe('two\n');
  expect(text('talk', { timestamps: true }).all()).toMatch(/^2026-01-01T00:00:\d\d\.\d{9}Z one\n/);
});

test('a behaviour that cannot be read is explained in an event and ignored', async () => {
  const { clock, run, pod, events } = await cluster([{ name: 'n1' }]);
  await run('a', { annotations: { 'portolan.dev/behavior': 'exlpode' } });
  await clock.advance(seconds(10));
  expect((await pod('a')).status?.phase).toBe('Running');
  const [warning] = (await events('a')).filter(({ reason }) => reason === 'InvalidBehavior');
  expect(warning?.message).toContain(
    'Annotation portolan.dev/behavior, part "exlpode" is not a behaviour: use one of "crash-loop"',
  );
});

test('a deferred resize is granted when somebody leaves, also after a restart', async () => {
  const { clock, client, run, pod, restart } = await cluster([{ name: 'n1', cpu: '1' }]);
  const asking = (cpu: string) => ({
    spec: { containers: [{ name: 'c', image: 'nginx', resources: { requests: { cpu } } }] },
  });
  await run('small', asking('200m'));
  await run('big', asking('600m'));
  await clock.advance(seconds(10));
  const patch = { spec: { containers: [{ name: 'c', resources: { requests: { cpu: '500m' } } }] } };
  await client.patch(Pod, { name: 'small', namespace: 'default' }, patch, { subresource: 'resize', type: 'strategic' });
  await clock.advance(seconds(5));
  const condition = async (type: string) => (await pod('small')).status?.conditions?.find((each) => each.type === type);
  const pending = await condition('PodResizePending');
  expect(pending).toMatchObject({
    reason: 'Deferred',
    message: "Node didn't have enough resource: cpu, requested: 500, used: 600, capacity: 1000",
  });
  await restart();
  await clock.advance(seconds(5));
  expect(await condition('PodResizePending')).toEqual(pending);
  await client.delete(Pod, { name: 'big', namespace: 'default' }, { gracePeriodSeconds: 1 });
  await clock.advance(seconds(10));
  expect(await condition('PodResizePending')).toBeUndefined();
  expect((await pod('small')).status?.containerStatuses?.[0]).toMatchObject({
    restartCount: 0,
    allocatedResources: { cpu: '500m' },
    resources: { requests: { cpu: '500m' } },
  });
});

test('a static pod has a mirror, made again when it is deleted; the pod itself runs on', async () => {
  const manifest = { metadata: { name: 'proxy' }, spec: { containers: [{ name: 'c', image: 'nginx' }] } };
  const { clock, client, pod, restart } = await cluster([{ name: 'n1', staticPods: [manifest] }]);
  await clock.advance(seconds(10));
  const first = await pod('proxy-n1');
  const hash = first.metadata.annotations?.['kubernetes.io/config.hash'];
  expect(hash).toMatch(/^[0-9a-f]{32}$/);
  expect(first.metadata).toMatchObject({
    annotations: { 'kubernetes.io/config.mirror': hash, 'kubernetes.io/config.source': 'file' },
    ownerReferences: [{ kind: 'Node', name: 'n1', controller: true }],
  });
  expect(first.status?.phase).toBe('Running');
  await client.delete(Pod, { name: 'proxy-n1', namespace: 'default' }, {});
  await clock.advance(seconds(10));
  const second = await pod('proxy-n1');
  expect(second.metadata.uid).not.toBe(first.metadata.uid);
  expect(second.metadata.annotations?.['kubernetes.io/config.mirror']).toBe(hash);
  expect(second.status?.containerStatuses).toEqual(first.status?.containerStatuses);
  expect(second.status?.startTime).toBe(first.status?.startTime);
  await restart();
  await clock.advance(seconds(10));
  expect((await pod('proxy-n1')).metadata.uid).toBe(second.metadata.uid);
});

test('a node shuts down gracefully: ordinary pods first, then critical ones, then the machine; and comes back', async () => {
  const manifest = { metadata: { name: 'proxy' }, spec: { containers: [{ name: 'c', image: 'nginx' }] } };
  const { clock, client, run, pod, events } = await cluster([{ name: 'n1', staticPods: [manifest] }]);
  const slow = { annotations: { 'portolan.dev/behavior': 'stop after 5m' } };
  await run('a', slow);
  await clock.advance(seconds(10));
  const annotate = (text: string | null) =>
    client.patch(
      Node,
      { name: 'n1', namespace: '' },
      { metadata: { annotations: { 'portolan.dev/shutdown': text } } },
      { type: 'merge' },
    );
  await annotate('20s, 5s critical');
  await clock.advance(seconds(10));
  expect((await client.get(Node, 'n1')).status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
    status: 'False',
    reason: 'KubeletNotReady',
    message: 'node is shutting down',
  });
  expect((await events('n1')).map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
    'Shutdown: Shutdown manager detected shutdown event',
    'NodeNotReady: Node n1 status is now: NodeNotReady',
  ]);
  expect((await pod('a')).status?.phase).toBe('Running');
  await run('late');
  await clock.advance(seconds(5));
  expect((await pod('late')).status).toMatchObject({
    phase: 'Failed',
    reason: 'NodeShutdown',
    message: 'Pod was rejected: Pod was rejected as the node is shutting down.',
  });
  await clock.advance(seconds(15));
  const { status } = await pod('a');
  expect(status).toMatchObject({
    phase: 'Failed',
    reason: 'Terminated',
    message: 'Pod was terminated in response to imminent node shutdown.',
  });
  expect(status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(137);
  expect(status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason).toBe('TerminationByKubelet');
  expect((await pod('proxy-n1')).status?.phase).toBe('Failed');

  await clock.advance(minutes(1));
  await annotate(null);
  await clock.advance(seconds(40));
  expect(readyStatus(await client.get(Node, 'n1'))).toBe('True');
  expect((await pod('proxy-n1')).status?.phase).toBe('Running');
});

test('a node whose memory is used up evicts who uses too much, and refuses more for a while', async () => {
  const { clock, client, run, pod, events } = await cluster([{ name: 'n1', memory: '1Gi' }]);
  const asking = { spec: { containers: [{ name: 'c', image: 'nginx', resources: { requests: { memory: '64Mi' } } }] } };
  await run('leaky', { annotations: { 'portolan.dev/behavior': 'leak 100Mi/min' } });
  await run('good', asking);
  await clock.advance(minutes(8));
  const condition = async () =>
    (await client.get(Node, 'n1')).status?.conditions?.find(({ type }) => type === 'MemoryPressure');
  expect(await condition()).toMatchObject({ status: 'True', reason: 'KubeletHasInsufficientMemory' });
  const { status } = await pod('leaky');
  expect(status).toMatchObject({ phase: 'Failed', reason: 'Evicted' });
  expect(status?.message).toMatch(
    /^The node was low on resource: memory\. Threshold quantity: 100Mi, available: \d+(Ki)?\. Container c was using \d+(Ki)?, request is 0, has larger consumption of memory\. $/,
  );
  expect(status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
    status: 'True',
    reason: 'TerminationByKubelet',
    message: status?.message,
  });
  expect((await pod('good')).status?.phase).toBe('Running');
  const told = (await events('n1')).map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  expect(told).toEqual([
    'Warning EvictionThresholdMet: Attempting to reclaim memory',
    'Normal NodeHasInsufficientMemory: Node n1 status is now: NodeHasInsufficientMemory',
  ]);
  const [evicted] = (await events('leaky')).filter(({ reason }) => reason === 'Evicted');
  expect(evicted).toMatchObject({
    type: 'Warning',
    message: status?.message,
    metadata: { annotations: { starved_resource: 'memory', offending_containers: 'c' } },
  });

  await run('late');
  await run('asks', asking);
  await clock.advance(seconds(10));
  expect((await pod('late')).status).toMatchObject({
    phase: 'Failed',
    reason: 'Evicted',
    message: 'Pod was rejected: The node had condition: [MemoryPressure]. ',
  });
  expect((await pod('asks')).status?.phase).toBe('Running');
  await clock.advance(minutes(6));
  expect(await condition()).toMatchObject({ status: 'False', reason: 'KubeletHasSufficientMemory' });
});

test('a node is short of what its annotation says, for as long as it says', async () => {
  const { clock, client, run, pod, events } = await cluster([
    { name: 'n1', annotations: { 'portolan.dev/pressure': 'disk from 1m to 90s; sand' } },
  ]);
  await run('a');
  await clock.advance(seconds(50));
  expect((await pod('a')).status?.phase).toBe('Running');
  await clock.advance(seconds(20));
  expect((await pod('a')).status).toMatchObject({
    phase: 'Failed',
    reason: 'Evicted',
    message:
      'The node was low on resource: ephemeral-storage. Threshold quantity: 10737418400, available: 5368709200. ',
  });
  const reasons = (await events('n1')).map(({ reason }) => reason);
  expect(reasons).toContain('NodeHasDiskPressure');
  expect(reasons).toContain('InvalidPressure');
  await clock.advance(minutes(6));
  const node = await client.get(Node, 'n1');
  expect(node.status?.conditions?.find(({ type }) => type === 'DiskPressure')?.status).toBe('False');
});

test('the guide names every behaviour', () => {
  const guide = readFileSync(new URL('../../docs/behaviors.md', import.meta.url), 'utf8');
  for (const { form } of behaviorForms) expect(guide).toContain(`\`${form}\``);
});
