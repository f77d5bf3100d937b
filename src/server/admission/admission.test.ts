import { expect, test } from 'vitest';
import { bareServer } from '../../../test/support/bare-server.ts';
import type { Client } from '../../client/client.ts';
import { ConfigMap } from '../../kinds/core/config-map.ts';
import { LimitRange } from '../../kinds/core/limit-range.ts';
import { Namespace } from '../../kinds/core/namespace.ts';
import { Node } from '../../kinds/core/node.ts';
import { Pod } from '../../kinds/core/pod.ts';
import { ResourceQuota } from '../../kinds/core/resource-quota.ts';
import { RuntimeClass } from '../../kinds/node/runtime-class.ts';

const namespace = 'here';

/** A server alone, with one namespace. */
async function serving(labels: Record<string, string> = {}): Promise<Client> {
  const { client } = await bareServer({ namespaces: [namespace] });
  await client.patch(Namespace, { name: namespace, namespace: '' }, { metadata: { labels } });
  return client;
}

const pod = (name: string, spec: object = {}): Pod => ({
  metadata: { name, namespace },
  spec: { containers: [{ name: 'c', image: 'x' }], ...spec },
});

const asking = (resources: object) => ({ containers: [{ name: 'c', image: 'x', resources }] });

async function setQuota(client: Client, hard: Record<string, string>, used: Record<string, string>) {
  const quota = await client.create(ResourceQuota, { metadata: { name: 'q', namespace }, spec: { hard } });
  await client.updateStatus(ResourceQuota, { ...quota, status: { hard, used } });
}

const usedOf = async (client: Client) => (await client.get(ResourceQuota, 'q', namespace)).status?.used;

test('creations at once never overdraw a quota', async () => {
  const client = await serving();
  await setQuota(client, { configmaps: '5' }, { configmaps: '0' });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => client.create(ConfigMap, { metadata: { name: `c${i}`, namespace } })),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  expect((await client.list(ConfigMap, { namespace })).items).toHaveLength(5);
  expect(await usedOf(client)).toEqual({ configmaps: '5' });
});

test('a quota of requests refuses what goes beyond, and what does not say how much it asks for', async () => {
  const client = await serving();
  await setQuota(client, { 'requests.cpu': '1' }, { 'requests.cpu': '600m' });
  await expect(client.create(Pod, pod('a', asking({ requests: { cpu: '600m' } })))).rejects.toThrow(
    'pods "a" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1',
  );
  await expect(client.create(Pod, pod('b'))).rejects.toThrow(
    'pods "b" is forbidden: failed quota: q: must specify requests.cpu for: c',
  );
  await client.create(Pod, pod('c', asking({ requests: { cpu: '400m' } })));
  expect(await usedOf(client)).toEqual({ 'requests.cpu': '1' });
});

test('a limit range fills in what a container does not say, and refuses what it says too much', async () => {
  const client = await serving();
  const limits = [{ type: 'Container', max: { cpu: '1' }, defaultRequest: { cpu: '100m' } }];
  await client.create(LimitRange, { metadata: { name: 'l', namespace }, spec: { limits } });
  const filled = await client.create(Pod, pod('a'));
  expect(filled.spec.containers[0]?.resources).toEqual({ requests: { cpu: '100m' }, limits: { cpu: '1' } });
  expect(filled.metadata.annotations?.['kubernetes.io/limit-ranger']).toBe(
    'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
  );
  await expect(client.create(Pod, pod('b', asking({ limits: { cpu: '2' } })))).rejects.toThrow(
    'pods "b" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
  );
});

test('a runtime class gives its pods overhead and places, unless they contradict it', async () => {
  const client = await serving();
  const scheduling = { nodeSelector: { runtime: 'r' } };
  await client.create(RuntimeClass, {
    metadata: { name: 'rc' },
    handler: 'h',
    overhead: { podFixed: { cpu: '5m' } },
    scheduling,
  });
  const { spec } = await client.create(Pod, pod('a', { runtimeClassName: 'rc' }));
  expect(spec).toMatchObject({ overhead: { cpu: '5m' }, nodeSelector: { runtime: 'r' } });
  const contrary = pod('b', { runtimeClassName: 'rc', nodeSelector: { runtime: 's' } });
  await expect(client.create(Pod, contrary)).rejects.toThrow(
    'conflict: runtimeClass.scheduling.nodeSelector[runtime] = r; pod.spec.nodeSelector[runtime] = s',
  );
});

test('a namespace enforces its level on pods, but lets them change what the level is not about', async () => {
  const client = await serving();
  await client.create(Pod, pod('old', { hostNetwork: true }));
  const level = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'baseline' } } };
  await client.patch(Namespace, { name: namespace, namespace: '' }, level);
  await expect(client.create(Pod, pod('new', { hostNetwork: true }))).rejects.toThrow(
    'pods "new" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
  );
  const labelled = await client.patch(Pod, { name: 'old', namespace }, { metadata: { labels: { a: 'b' } } });
  expect(labelled.metadata.labels).toEqual({ a: 'b' });
});

test('a pod is resized altogether only on a node that has said it can do that', async () => {
  const client = await serving();
  const resources = { requests: { cpu: '1' }, limits: { cpu: '1' } };
  await client.create(Node, {
    metadata: { name: 'n' },
    spec: {},
    status: { allocatable: { cpu: '8', memory: '8Gi' } },
  });
  await client.create(Pod, pod('p', { nodeName: 'n', resources }));
  const resize = (cpu: string) =>
    client.patch(
      Pod,
      { name: 'p', namespace },
      { spec: { resources: { requests: { cpu }, limits: { cpu } } } },
      { subresource: 'resize' },
    );
  await expect(resize('2')).rejects.toThrow(
    'pods "p" is forbidden: pod update requires features InPlacePodLevelResourcesVerticalScaling which are not available on node "n"',
  );
  await client.patch(
    Node,
    { name: 'n', namespace: '' },
    { status: { declaredFeatures: ['InPlacePodLevelResourcesVerticalScaling'] } },
    { subresource: 'status' },
  );
  expect((await resize('2')).spec.resources?.limits).toEqual({ cpu: '2' });
});
