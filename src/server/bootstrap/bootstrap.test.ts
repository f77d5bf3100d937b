import { afterEach, expect, test } from 'vitest';
import { ClusterRole } from '../../kinds/rbac/cluster-role.ts';
import { accessServer } from '../access-samples.ts';
import { bootstrap } from './index.ts';
import type { BootstrapFacts } from './step.ts';

type Cluster = Awaited<ReturnType<typeof accessServer>>;

const closing: Cluster[] = [];

afterEach(async () => {
  for (const cluster of closing.splice(0)) await cluster.close();
});

async function bootstrapped() {
  const cluster = await accessServer();
  closing.push(cluster);
  const facts: BootstrapFacts = {
    serviceAddress: '10.96.0.1',
    serviceCidrs: ['10.96.0.0/16'],
    host: '127.0.0.1',
    port: 6443,
    caCertificate: 'CA',
    groupVersions: cluster.server.catalog.groupVersions(),
    enabled: () => false,
    now: cluster.clock.now,
  };
  await bootstrap(cluster.client, facts);
  return { ...cluster, again: () => bootstrap(cluster.client, facts) };
}

test('a second start writes nothing', async () => {
  const { store, again } = await bootstrapped();
  const before = store.revision();
  await again();
  expect(store.revision()).toBe(before);
});

test('a role gets back what was taken from it, unless it says no', async () => {
  const { client, again } = await bootstrapped();
  const name = 'system:discovery';
  const role = await client.get(ClusterRole, name);
  await client.patch(ClusterRole, { name, namespace: '' }, { rules: [] });
  await again();
  const paths = (await client.get(ClusterRole, name)).rules?.flatMap(({ nonResourceURLs = [] }) => nonResourceURLs);
  expect(new Set(paths)).toEqual(new Set(role.rules?.[0]?.nonResourceURLs));

  const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' };
  await client.patch(ClusterRole, { name, namespace: '' }, { metadata: { annotations }, rules: [] });
  await again();
  expect((await client.get(ClusterRole, name)).rules ?? []).toEqual([]);
});

test('anybody may ask for the version, nobody unknown for pods', async () => {
  const { ask } = await bootstrapped();
  expect((await ask('GET', '/version')).code).toBe(200);
  expect((await ask('GET', '/api/v1/pods')).code).toBe(403);
});
