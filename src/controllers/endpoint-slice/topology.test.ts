// The proportional algorithm: https://kubernetes.io/docs/concepts/services-networking/topology-aware-routing/.

import { expect, test } from 'vitest';
import type { Node } from '../../kinds/core/node.ts';
import type { EndpointSlice } from '../../kinds/discovery/endpoint-slice.ts';
import type { Endpoint } from '../../kinds/generated/types/discovery-v1.ts';
import { isOverloaded, withTopologyHints, zoneShares } from './topology.ts';

const node = (zone: string | undefined, cpu: string, { ready = true, labels = {} } = {}): Node =>
  ({
    metadata: { name: 'n', labels: { ...(zone && { 'topology.kubernetes.io/zone': zone }), ...labels } },
    status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  }) as unknown as Node;

test('the zones share by the processors of their ready workers', () => {
  const control = node('a', '64', { labels: { 'node-role.kubernetes.io/control-plane': '' } });
  const nodes = [node('a', '1'), node('a', '2'), node('b', '1'), node('b', '8', { ready: false }), control];
  expect(Object.fromEntries(zoneShares(nodes) ?? [])).toEqual({ a: 0.75, b: 0.25 });
});

test.each([
  ['a node has no zone', [node('a', '1'), node('b', '1'), node(undefined, '1')]],
  ['there is one zone', [node('a', '1'), node('a', '1')]],
])('nothing is shared where %s', (_, nodes) => expect(zoneShares(nodes)).toBeUndefined());

const slice = (zones: string, name = 's'): EndpointSlice => ({
  metadata: { name },
  addressType: 'IPv4',
  ports: [],
  endpoints: [...zones].map((zone, i): Endpoint => ({ addresses: [`10.0.0.${i}`], zone, conditions: { ready: true } })),
});

const shares = (entries: Record<string, number>) => new Map(Object.entries(entries));

function hintsOf(zones: string, of: Record<string, number>): string | Record<string, number> {
  const { drafts, counts } = withTopologyHints(
    { create: [slice(zones)], update: [], remove: [], unchanged: [] },
    shares(of),
  );
  if (typeof counts === 'string') return counts;
  const hinted = drafts.create
    .flatMap(({ endpoints }) => endpoints ?? [])
    .map(({ hints }) => hints?.forZones?.[0]?.name);
  for (const [zone, count] of counts) expect(hinted.filter((each) => each === zone)).toHaveLength(count);
  return Object.fromEntries(counts);
}

test('endpoints in proportion stay in their zones, others are given away', () => {
  expect(hintsOf('aabb', { a: 0.5, b: 0.5 })).toEqual({ a: 2, b: 2 });
  expect(hintsOf('aaab', { a: 0.5, b: 0.5 })).toEqual({ a: 2, b: 2 });
  expect(hintsOf('aaaaaaaa', { a: 0.75, b: 0.25 })).toEqual({ a: 6, b: 2 });
});

test('zones too small for an endpoint of their own, or too many of them, have no hints', () => {
  expect(hintsOf('a', { a: 0.5, b: 0.5 })).toBe('Insufficient number of endpoints (1 endpoints, 2 zones)');
  expect(hintsOf('abb', { a: 0.5, b: 0.5 })).toBe(
    'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 2 zones)',
  );
});

test('slices whose hints still fit are not written again', () => {
  const { drafts } = withTopologyHints(
    { create: [slice('aabb')], update: [], remove: [], unchanged: [] },
    shares({ a: 0.5, b: 0.5 }),
  );
  const again = withTopologyHints(
    { create: [], update: [], remove: [], unchanged: drafts.create },
    shares({ a: 0.5, b: 0.5 }),
  );
  expect(again.drafts.update).toEqual([]);
  const moved = withTopologyHints(
    { create: [], update: [], remove: [], unchanged: drafts.create },
    shares({ a: 0.25, b: 0.75 }),
  );
  expect(moved.drafts.update).toHaveLength(1);
});

test('a fifth above its share is too much', () => {
  const counts = shares({ a: 5, b: 5 });
  expect(isOverloaded(counts, shares({ a: 0.55, b: 0.45 }))).toBe(false);
  expect(isOverloaded(counts, shares({ a: 0.65, b: 0.35 }))).toBe(true);
  expect(isOverloaded(counts, undefined)).toBe(true);
});
