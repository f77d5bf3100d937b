// Load balancers at work: a server, the controller, and a small pool of addresses.

import { expect, onTestFinished, test } from 'vitest';
import { bareServer } from '../../test/support/bare-server.ts';
import { seconds } from '../base/clock.ts';
import { Event } from '../kinds/core/event.ts';
import { Node } from '../kinds/core/node.ts';
import { Service } from '../kinds/core/service.ts';
import { startControllers } from '../reconcile/manager.ts';
import { loadBalancerController } from './load-balancer.ts';
import { addressPool, parsePool } from './load-balancer/address-pool.ts';
import { LoadBalancerFault, type LoadBalancerProvider } from './load-balancer/provider.ts';

async function setUp(provider: LoadBalancerProvider = addressPool(parsePool('10.9.0.1-10.9.0.2'))) {
  const bare = await bareServer();
  const { client, clock } = bare;
  await client.create(Node, { metadata: { name: 'n1' }, spec: {} });
  const manager = await startControllers([loadBalancerController(provider)], bare);
  onTestFinished(manager.stop);
  return {
    client,
    clock,
    async create(name: string, spec: Partial<Service['spec']> = {}) {
      await client.create(Service, {
        metadata: { name, namespace: 'default' },
        spec: { type: 'LoadBalancer', selector: { app: name }, ports: [{ port: 80 }], ...spec },
      } as Service);
      await clock.settle();
    },
    get: (name: string) => client.get(Service, name, 'default'),
    ingress: async (name: string) => (await client.get(Service, name, 'default')).status?.loadBalancer?.ingress,
    patch: async (name: string, spec: object) => {
      await client.patch(Service, { name, namespace: 'default' }, { spec }, { type: 'strategic' });
      await clock.settle();
    },
    delete: async (name: string) => {
      await client.delete(Service, { name, namespace: 'default' });
      await clock.settle();
    },
    events: async (name: string) =>
      (await client.list(Event, { namespace: 'default' })).items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ reason, message }) => `${reason}: ${message}`),
  };
}

test('a Service gets an address of the pool, and gives it back', async () => {
  const world = await setUp();
  await world.create('a');
  expect(await world.ingress('a')).toEqual([{ ip: '10.9.0.1', ipMode: 'VIP' }]);
  expect((await world.get('a')).metadata.finalizers).toEqual(['service.kubernetes.io/load-balancer-cleanup']);
  await world.create('b');
  expect(await world.ingress('b')).toEqual([{ ip: '10.9.0.2', ipMode: 'VIP' }]);
  await world.delete('a');
  expect(await world.client.find(Service, 'a', 'default')).toBeUndefined();
  expect(await world.events('a')).toEqual([
    'EnsuringLoadBalancer: Ensuring load balancer',
    'EnsuredLoadBalancer: Ensured load balancer',
    'DeletingLoadBalancer: Deleting load balancer',
    'DeletedLoadBalancer: Deleted load balancer',
  ]);
  await world.create('c');
  expect(await world.ingress('c')).toEqual([{ ip: '10.9.0.1', ipMode: 'VIP' }]);
});

test('an exhausted pool is told, and the Service is looked at again until there is an address', async () => {
  const world = await setUp();
  for (const name of ['a', 'b', 'c']) await world.create(name);
  expect(await world.ingress('c')).toBeUndefined();
  expect(await world.events('c')).toContain(
    'SyncLoadBalancerFailed: Error syncing load balancer: failed to ensure load balancer: every address of the load balancer pool 10.9.0.1-10.9.0.2 is in use: delete a Service of type LoadBalancer, or start the cluster with a larger --load-balancer-pool',
  );
  await world.delete('b');
  await world.clock.advance(seconds(6));
  expect(await world.ingress('c')).toEqual([{ ip: '10.9.0.2', ipMode: 'VIP' }]);
});

test('a wish for an address is fulfilled, or it is told why not', async () => {
  const world = await setUp();
  await world.create('a', { loadBalancerIP: '10.9.0.2' });
  expect(await world.ingress('a')).toEqual([{ ip: '10.9.0.2', ipMode: 'VIP' }]);
  await world.create('b', { loadBalancerIP: '10.9.0.2' });
  await world.create('c', { loadBalancerIP: '10.8.0.1' });
  const failed = 'SyncLoadBalancerFailed: Error syncing load balancer: failed to ensure load balancer: loadBalancerIP';
  expect(await world.events('b')).toContain(`${failed} 10.9.0.2 is in use by Service default/a`);
  expect(await world.events('c')).toContain(`${failed} 10.8.0.1 is not in the load balancer pool 10.9.0.1-10.9.0.2`);
});

test('one that has a class is left to others', async () => {
  const world = await setUp();
  await world.create('a', { loadBalancerClass: 'example.com/other' });
  expect(await world.ingress('a')).toBeUndefined();
  expect(await world.events('a')).toEqual([]);
});

test('one of another type from now on loses its address, its status and its finalizer', async () => {
  const world = await setUp();
  await world.create('a');
  await world.patch('a', { type: 'ClusterIP' });
  const { metadata, status } = await world.get('a');
  expect([metadata.finalizers, status]).toEqual([undefined, { loadBalancer: {} }]);
});

test('node ports and source ranges stay what the Service says', async () => {
  const world = await setUp();
  await world.create('a', { allocateLoadBalancerNodePorts: false, loadBalancerSourceRanges: ['10.0.0.0/8'] });
  const { spec } = await world.get('a');
  expect([spec.ports?.[0]?.nodePort, spec.loadBalancerSourceRanges]).toEqual([undefined, ['10.0.0.0/8']]);
  expect(await world.ingress('a')).toHaveLength(1);
});

test('a provider is asked to update when nodes come, and not when nothing it depends on has changed', async () => {
  const asked: string[] = [];
  const world = await setUp({
    exists: async () => true,
    ensure: async () => (asked.push('ensure'), { ingress: [{ hostname: 'lb.example.com' }] }),
    update: async (_, { nodes }) => {
      asked.push(`update ${nodes.map(({ metadata }) => metadata.name).join()}`);
      if (nodes.length > 2) throw new LoadBalancerFault('too many');
    },
    ensureDeleted: async () => void asked.push('delete'),
  });
  await world.create('a');
  await world.client.patch(Service, { name: 'a', namespace: 'default' }, { metadata: { labels: { x: 'y' } } });
  await world.client.create(Node, { metadata: { name: 'n2' }, spec: {} });
  const label = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' };
  await world.client.create(Node, { metadata: { name: 'n3', labels: label }, spec: {} });
  await world.clock.settle();
  expect(asked).toEqual(['ensure', 'update n1,n2']);
  expect(await world.events('a')).toContain('UpdatedLoadBalancer: Updated load balancer with new hosts');
  await world.client.create(Node, { metadata: { name: 'n4' }, spec: {} });
  await world.clock.settle();
  expect(await world.events('a')).toContain(
    'UpdateLoadBalancerFailed: Error updating load balancer with new hosts [n1 n2 n4] [node names limited, total number of nodes: 3], error: too many',
  );
});

test('a pool is ranges or blocks with commas between', () => {
  expect(parsePool('10.0.0.1-10.0.0.9, 10.1.0.0/30').spans).toHaveLength(2);
  for (const odd of ['10.0.0.1', '10.0.0.9-10.0.0.1', '10.0.0.1-fd00::1', ''])
    expect(() => parsePool(odd)).toThrow('is no range of addresses: write 10.0.0.10-10.0.0.99 or 10.0.1.0/28');
});
