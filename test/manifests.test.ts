// Manifests that other people publish come up as they are.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestCluster, testCluster } from './support/cluster.ts';

const folder = fileURLToPath(new URL('../../shared/data/manifests', import.meta.url));
const there = existsSync(folder);
if (!there) console.log(`The manifests of others are not tried: there is no folder ${folder}`);

describe.runIf(there)('unmodified', () => {
  let cluster: TestCluster;
  const kubectl = (namespace: string, args: string): Promise<string> => cluster.kubectl(`-n ${namespace} ${args}`);

  beforeAll(async () => {
    cluster = await testCluster(['--nodes', '6', '--zones', 'a,b,c']);
  });
  afterAll(() => cluster.down());

  async function applied(namespace: string, file: string): Promise<void> {
    await cluster.kubectl(`create namespace ${namespace}`);
    await kubectl(namespace, `apply -f ${join(folder, file)}`);
  }

  test('the online boutique: twelve services become available', async () => {
    await applied('boutique', 'online-boutique.yaml');
    const waited = await kubectl('boutique', 'wait --for=condition=Available deployment --all --timeout=110s');
    expect(waited.match(/condition met$/gm)).toHaveLength(12);
    expect(await kubectl('boutique', 'get endpointslices -l kubernetes.io/service-name=frontend')).toMatch(
      /8080 +10\.244\./,
    );
    expect(await kubectl('boutique', 'get pods --field-selector=status.phase!=Running -o name')).toBe('');
  }, 120_000);

  test('the guestbook: front end, leader and followers', async () => {
    await applied('guestbook', 'guestbook-all-in-one.yaml');
    const waited = await kubectl('guestbook', 'wait --for=condition=Available deployment --all --timeout=110s');
    expect(waited.match(/condition met$/gm)).toHaveLength(3);
    expect(await kubectl('guestbook', 'get deployments')).toMatch(/^frontend +3\/3/m);
  }, 120_000);

  test('redis: one pod behind a service that names its port', async () => {
    await applied('redis', 'redis-master-controller.yaml');
    await kubectl('redis', `apply -f ${join(folder, 'redis-master-service.yaml')}`);
    await kubectl('redis', 'wait --for=condition=Available deployment/redis-master --timeout=110s');
    const ready = 'wait --for=jsonpath={.endpoints[0].conditions.ready}=true endpointslices --all --timeout=20s';
    expect(await kubectl('redis', ready)).toContain('condition met');
    expect(await kubectl('redis', 'get endpointslices')).toMatch(/IPv4 +6379 +10\.244\./);
  }, 120_000);

  test('cassandra: a ring of three, one after the other, each with a bound claim', async () => {
    await cluster.kubectl('create namespace cassandra');
    await kubectl(
      'cassandra',
      `apply -f ${join(folder, 'cassandra-service.yaml')} -f ${join(folder, 'cassandra-statefulset.yaml')}`,
    );
    await kubectl('cassandra', 'rollout status statefulset/cassandra --timeout=170s');
    expect(await kubectl('cassandra', 'get pods -o name')).toBe('pod/cassandra-0\npod/cassandra-1\npod/cassandra-2\n');
    const claims = await kubectl('cassandra', 'get persistentvolumeclaims --no-headers');
    expect(claims.match(/^cassandra-data-cassandra-[012] +Bound +pvc-\S+ +1Gi +RWO +fast/gm)).toHaveLength(3);
    const created = (await kubectl('cassandra', 'get pods -o jsonpath={.items[*].metadata.creationTimestamp}')).split(
      ' ',
    );
    expect([...created].sort()).toEqual(created);
  }, 180_000);
});
