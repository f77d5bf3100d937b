import { expect, test } from 'vitest';
import type { Endpoints } from '../kinds/core/endpoints.ts';
import type { EndpointSlice } from '../kinds/discovery/endpoint-slice.ts';
import type { EndpointSubset } from '../kinds/generated/types/core-v1.ts';
import { planMirror } from './endpoint-slice-mirroring.ts';

const endpoints = (subsets: EndpointSubset[], metadata: object = {}): Endpoints => ({
  metadata: { name: 'db', namespace: 'ns', uid: 'u', ...metadata },
  subsets,
});

const port = (number: number) => ({ name: 'p', port: number, protocol: 'TCP' as const });

const stored = (slices: readonly EndpointSlice[]): EndpointSlice[] =>
  slices.map((slice, i) => ({ ...slice, metadata: { ...slice.metadata, name: `db-${i}` } }));

const addresses = (count: number) => Array.from({ length: count }, (_, i) => ({ ip: `10.0.${i >> 8}.${i & 255}` }));

test('each subset has a slice for each family', () => {
  const both = endpoints([{ addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], ports: [port(1)] }]);
  const { create } = planMirror(both, []);
  expect(create.map(({ addressType, endpoints }) => [addressType, endpoints])).toEqual([
    ['IPv4', [{ addresses: ['10.0.0.1'], conditions: { ready: true } }]],
    ['IPv6', [{ addresses: ['fd00::1'], conditions: { ready: true } }]],
  ]);
  expect(create[0]?.metadata).toMatchObject({
    labels: {
      'kubernetes.io/service-name': 'db',
      'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
    },
    ownerReferences: [{ kind: 'Endpoints', name: 'db', uid: 'u', controller: true }],
  });
});

test('annotations are mirrored but for those of tools, and a change of one is a change', () => {
  const at = (note: string) =>
    endpoints([{ addresses: addresses(1), ports: [port(1)] }], {
      annotations: { note, 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    });
  const before = stored(planMirror(at('a'), []).create);
  expect(before[0]?.metadata.annotations).toEqual({ note: 'a' });
  expect(planMirror(at('a'), before)).toEqual({ create: [], update: [], remove: [], events: [] });
  expect(planMirror(at('b'), before).update).toMatchObject([
    { metadata: { name: 'db-0', annotations: { note: 'b' } } },
  ]);
});

test('slices of ports that went make room for those of ports that came', () => {
  const before = stored(planMirror(endpoints([{ addresses: addresses(1), ports: [port(1)] }]), []).create);
  const { create, update, remove } = planMirror(endpoints([{ addresses: addresses(1), ports: [port(2)] }]), before);
  expect([create, remove]).toEqual([[], []]);
  expect(update).toMatchObject([{ metadata: { name: 'db-0' }, ports: [{ port: 2 }] }]);
  expect(planMirror(endpoints([]), before).remove.map(({ metadata }) => metadata.name)).toEqual(['db-0']);
});

test('Endpoints made anew take the slices of the old ones over', () => {
  const of = (uid: string) => endpoints([{ addresses: addresses(1), ports: [port(1)] }], { uid });
  const before = stored(planMirror(of('old'), []).create);
  expect(planMirror(of('new'), before).update).toMatchObject([{ metadata: { ownerReferences: [{ uid: 'new' }] } }]);
});

test('more than a thousand addresses of a subset are not mirrored, which is told', () => {
  const { create, events } = planMirror(endpoints([{ addresses: addresses(1200), ports: [port(1)] }]), []);
  expect(create[0]?.endpoints).toHaveLength(1000);
  expect(events).toEqual([
    {
      type: 'Warning',
      reason: 'TooManyAddressesToMirror',
      message:
        'A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 200 addresses were skipped',
    },
  ]);
});
