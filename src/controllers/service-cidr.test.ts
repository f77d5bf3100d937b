// ServiceCIDRs at work: a server that gives Services their addresses, and the controller that readies and guards the ranges.

import { expect, onTestFinished, test } from 'vitest';
import { bareServer } from '../../test/support/bare-server.ts';
import { seconds } from '../base/clock.ts';
import { cidrContains, parseCidr, parseIp } from '../base/ip.ts';
import { Service } from '../kinds/core/service.ts';
import { IPAddress } from '../kinds/networking/ip-address.ts';
import { ServiceCIDR } from '../kinds/networking/service-cidr.ts';
import { startControllers } from '../reconcile/manager.ts';
import { defaultRanges } from '../server/stock/default-ranges.ts';
import { serviceCidrController } from './service-cidr.ts';

async function setUp(...addresses: string[]) {
  const ranges = { ...defaultRanges, ...(addresses.length > 0 && { addresses }) };
  const bare = await bareServer({ server: { serviceRanges: ranges } });
  const manager = await startControllers([serviceCidrController], bare);
  onTestFinished(manager.stop);
  const { client, clock } = bare;
  return {
    client,
    clock,
    async cidr(name: string, ...cidrs: string[]) {
      await client.create(ServiceCIDR, { metadata: { name }, spec: { cidrs } });
      await clock.settle();
    },
    create: (name: string, spec: Partial<Service['spec']> = {}) =>
      client.create(Service, {
        metadata: { name, namespace: 'default' },
        spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
      } as Service),
    patch: (name: string, spec: object) => client.patch(Service, { name, namespace: 'default' }, { spec }),
  };
}

const isIn = (address: string | undefined, range: string): boolean => {
  const [ip, cidr] = [parseIp(address ?? ''), parseCidr(range)];
  return ip !== undefined && cidr !== undefined && cidrContains(cidr, ip);
};

test('a range is ready once its controller has seen it, and gives addresses from its upper band first', async () => {
  const { client, cidr, create } = await setUp();
  await cidr('small', '10.1.0.0/26');
  expect((await client.get(ServiceCIDR, 'small')).status?.conditions).toMatchObject([
    { type: 'Ready', status: 'True', message: 'Kubernetes Service CIDR is ready' },
  ]);
  const values: number[] = [];
  for (let i = 0; i < 62; i++) {
    const { spec } = await create(`s${i}`);
    values.push(Number((spec.clusterIP ?? '').split('.')[3]));
  }
  expect(new Set(values).size).toBe(62);
  expect(values.slice(0, 46).every((value) => value > 16)).toBe(true);
  expect(Math.max(...values)).toBe(62);
  await expect(create('late')).rejects.toThrow('failed to allocate a serviceIP for Service "late": range is full');
  await cidr('more', '10.2.0.0/26');
  expect(isIn((await create('late')).spec.clusterIP, '10.2.0.0/26')).toBe(true);
});

test('an address that somebody else holds, or that is in no range, is refused', async () => {
  const { client, cidr, create } = await setUp();
  await cidr('a', '10.1.0.0/24');
  await client.create(IPAddress, {
    metadata: { name: '10.1.0.9' },
    spec: { parentRef: { resource: 'gateways', group: 'gateway.networking.k8s.io', name: 'g', namespace: 'default' } },
  });
  await expect(create('s', { clusterIP: '10.1.0.9' })).rejects.toThrow('provided IP is already allocated');
  const foreign = 'the provided network does not match the current range';
  await expect(create('s', { clusterIP: '10.2.0.9' })).rejects.toThrow(foreign);
  await expect(create('s', { clusterIP: '10.1.0.255' })).rejects.toThrow(foreign);
});

test('a range goes when no address would be left without one, after a while', async () => {
  const { client, clock, cidr, create } = await setUp();
  await cidr('a', '10.1.0.0/24');
  await create('s', { clusterIP: '10.1.0.9' });
  await client.delete(ServiceCIDR, { name: 'a', namespace: '' });
  await clock.settle();
  expect((await client.get(ServiceCIDR, 'a')).status?.conditions).toMatchObject([
    { type: 'Ready', status: 'False', reason: 'Terminating' },
  ]);
  await expect(create('t')).rejects.toThrow('range is full');
  await cidr('b', '10.1.0.0/16');
  await clock.advance(seconds(11));
  expect(await client.find(ServiceCIDR, 'a')).toBeUndefined();
  expect((await client.get(ServiceCIDR, 'b')).metadata.finalizers).toEqual([
    'networking.k8s.io/service-cidr-finalizer',
  ]);
});

test('a Service goes from one family to two and back, and the second address with it', async () => {
  const { client, cidr, create, patch } = await setUp('10.1.0.0/24', 'fd00::/112');
  await cidr('kubernetes', '10.1.0.0/24', 'fd00::/112');
  const { spec } = await create('s');
  expect([spec.ipFamilyPolicy, spec.ipFamilies, spec.clusterIPs?.length]).toEqual(['SingleStack', ['IPv4'], 1]);
  const dual = (await patch('s', { ipFamilyPolicy: 'RequireDualStack' })).spec;
  expect(dual.ipFamilies).toEqual(['IPv4', 'IPv6']);
  expect(dual.clusterIPs?.[0]).toBe(spec.clusterIP);
  expect(isIn(dual.clusterIPs?.[1], 'fd00::/112')).toBe(true);
  expect((await client.list(IPAddress)).items).toHaveLength(2);
  await expect(patch('s', { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4'] })).rejects.toThrow(
    "must be 'SingleStack' to release the secondary IP family",
  );
  const single = (await patch('s', { ipFamilyPolicy: 'SingleStack' })).spec;
  expect([single.ipFamilies, single.clusterIPs]).toEqual([['IPv4'], [spec.clusterIP]]);
  expect((await client.list(IPAddress)).items).toHaveLength(1);
});

test('what prefers two families takes what there is, and what requires them is refused', async () => {
  const { cidr, create } = await setUp();
  await cidr('kubernetes', '10.96.0.0/16');
  expect((await create('s', { ipFamilyPolicy: 'PreferDualStack' })).spec.ipFamilies).toEqual(['IPv4']);
  await expect(create('t', { ipFamilyPolicy: 'RequireDualStack' })).rejects.toThrow(
    'this cluster is not configured for dual-stack services',
  );
  await expect(create('t', { clusterIP: 'fd00::1' })).rejects.toThrow('IPv6 is not configured on this cluster');
});

test('node ports come from the upper band, and two protocols of one port share one', async () => {
  const { create } = await setUp();
  const ports = [
    { name: 'tcp', port: 53, protocol: 'TCP' as const },
    { name: 'udp', port: 53, protocol: 'UDP' as const },
    { name: 'web', port: 80, protocol: 'TCP' as const },
  ];
  const { spec } = await create('s', { type: 'NodePort', ports });
  const [tcp = 0, udp, web = 0] = (spec.ports ?? []).map(({ nodePort }) => nodePort);
  expect(udp).toBe(tcp);
  expect(web).not.toBe(tcp);
  expect(Math.min(tcp, web)).toBeGreaterThanOrEqual(30_000 + Math.floor(2768 / 32));
});
