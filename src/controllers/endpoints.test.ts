import { expect, test } from 'vitest';
import type { Endpoints } from '../kinds/core/endpoints.ts';
import type { Pod } from '../kinds/core/pod.ts';
import type { Service } from '../kinds/core/service.ts';
import type { EndpointAddress } from '../kinds/generated/types/core-v1.ts';
import { planEndpoints, truncated } from './endpoints.ts';
import { repacked } from './endpoints/subsets.ts';

const addresses = (count: number, from = 0): EndpointAddress[] =>
  Array.from({ length: count }, (_, i) => ({ ip: `10.0.${(from + i) >> 8}.${(from + i) & 255}` }));

test('addresses with the same ports are together, and one that is ready nowhere else is not ready', () => {
  const [a, b] = [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }];
  const [http, https] = [
    { name: 'http', port: 80, protocol: 'TCP' as const },
    { name: 'https', port: 443, protocol: 'TCP' as const },
  ];
  const subsets = repacked([
    { addresses: [b, a], ports: [http] },
    { addresses: [a], ports: [https] },
    { notReadyAddresses: [b], ports: [https] },
  ]);
  expect(subsets).toHaveLength(2);
  expect(subsets).toContainEqual({ addresses: [a, b], ports: [http] });
  expect(subsets).toContainEqual({ addresses: [a], notReadyAddresses: [b], ports: [https] });
  expect(
    repacked([
      { addresses: [a], ports: [http] },
      { addresses: [a], ports: [https] },
    ]),
  ).toEqual([{ addresses: [a], ports: expect.arrayContaining([http, https]) as unknown }]);
});

test('the order of ports does not depend on the order in which they come', () => {
  const ports = [80, 443, 8080].map((port) => ({ name: `p${port}`, port, protocol: 'TCP' as const }));
  const [first] = repacked([{ addresses: addresses(1), ports }]);
  const [second] = repacked([{ addresses: addresses(1), ports: ports.toReversed() }]);
  expect(first).toEqual(second);
});

test('of more than a thousand addresses each subset keeps its share, ready ones before others', () => {
  const sizes = (...subsets: Parameters<typeof truncated>[0]) => {
    const { subsets: kept, cut } = truncated(subsets);
    return [...kept.map((each) => [each.addresses?.length ?? 0, each.notReadyAddresses?.length ?? 0]), cut];
  };
  expect(sizes({ addresses: addresses(1000) })).toEqual([[1000, 0], false]);
  expect(sizes({ addresses: addresses(900), notReadyAddresses: addresses(300) })).toEqual([[900, 100], true]);
  expect(sizes({ addresses: addresses(900), notReadyAddresses: addresses(9) }, { addresses: addresses(300) })).toEqual([
    [750, 0],
    [250, 0],
    true,
  ]);
});

const service: Service = {
  metadata: { name: 'web', namespace: 'ns', labels: { team: 'a' } },
  spec: {
    clusterIP: '10.96.0.9',
    ipFamilies: ['IPv4'],
    selector: { app: 'web' },
    ports: [{ port: 80, protocol: 'TCP' }],
  },
};

const pod = {
  metadata: { name: 'p', namespace: 'ns', uid: 'p' },
  spec: { nodeName: 'n', containers: [] },
  status: { podIPs: [{ ip: '10.0.0.1' }], conditions: [{ type: 'Ready', status: 'True' }] },
} as unknown as Pod;

test('Endpoints are written once, and again when labels or the mark of a cut are not as they should be', () => {
  const made = planEndpoints(service, [pod], undefined, undefined) as Endpoints;
  expect(made.metadata.labels).toEqual({ team: 'a', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' });
  const again = (of: Endpoints) => planEndpoints(service, [pod], of, undefined);
  expect(again(made)).toBeUndefined();
  expect(again({ ...made, metadata: { ...made.metadata, labels: { team: 'a' } } })).toBeDefined();
  const annotations = { 'endpoints.kubernetes.io/over-capacity': 'truncated' };
  expect(again({ ...made, metadata: { ...made.metadata, annotations } })?.metadata.annotations).toBeUndefined();
});
