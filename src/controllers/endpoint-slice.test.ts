import { expect, test } from 'vitest';
import type { Node } from '../kinds/core/node.ts';
import type { Pod } from '../kinds/core/pod.ts';
import type { Service } from '../kinds/core/service.ts';
import type { EndpointSlice } from '../kinds/discovery/endpoint-slice.ts';
import { planSlices } from './endpoint-slice.ts';

const service = (spec: object = {}): Service => ({
  metadata: { name: 'web', namespace: 'ns', uid: 'web', labels: { team: 'a' } },
  spec: {
    clusterIP: '10.96.0.9',
    ipFamilies: ['IPv4'],
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
    ...spec,
  },
});

const pod = (i: number, { ready = true, leaving = false, ports = [] as object[] } = {}): Pod =>
  ({
    metadata: {
      name: `p${i}`,
      namespace: 'ns',
      uid: `p${i}`,
      ...(leaving && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
    spec: { nodeName: 'n', containers: [{ name: 'c', ports }] },
    status: {
      podIPs: [{ ip: `10.0.${i >> 8}.${i & 255}` }],
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  }) as Pod;

const pods = (count: number): Pod[] => Array.from({ length: count }, (_, i) => pod(i));

const node: Node = { metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': 'z1' } } } as unknown as Node;

const plan = (
  all: readonly Pod[],
  slices: readonly EndpointSlice[] = [],
  of = service(),
  nodeOf: () => Node | undefined = () => node,
) =>
  planSlices({
    service: of,
    pods: all,
    slices,
    nodeOf,
    trigger: undefined,
    zoneShares: () => undefined,
    hinted: undefined,
  });

const owner = { apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'web' };

/** The slices as the server keeps them. */
const stored = (slices: readonly EndpointSlice[]): EndpointSlice[] =>
  slices.map((slice, i) => ({
    ...slice,
    metadata: { ...slice.metadata, name: `web-${i}`, resourceVersion: '1', ownerReferences: [owner] },
  }));

const sizes = (slices: readonly EndpointSlice[]): number[] => slices.map(({ endpoints }) => endpoints?.length ?? 0);

test('a hundred endpoints a slice, with their zone and their port', () => {
  const { create } = plan(pods(250));
  expect(sizes(create)).toEqual([100, 100, 50]);
  expect(create[0]?.endpoints?.[0]).toMatchObject({
    nodeName: 'n',
    zone: 'z1',
    conditions: { ready: true, serving: true, terminating: false },
  });
  expect(create[0]?.ports).toEqual([{ name: 'http', port: 8080, protocol: 'TCP' }]);
});

test('nothing is written when nothing changed, and only the slice that changed when something did', () => {
  const before = stored(plan(pods(250)).create);
  expect(plan(pods(250), before)).toMatchObject({ create: [], update: [], remove: [] });
  const { create, update, remove } = plan([...pods(250), pod(900)], before);
  expect([sizes(create), sizes(update), remove]).toEqual([[], [51], []]);
  expect(update[0]?.metadata.name).toBe('web-2');
});

test('an endpoint stays in its slice when others leave, and an emptied slice goes', () => {
  const before = stored(plan(pods(250)).create);
  const { update, remove } = plan(pods(250).slice(200), before);
  expect(update).toEqual([]);
  expect(new Set(remove.map(({ metadata }) => metadata.name))).toEqual(new Set(['web-0', 'web-1']));
});

test('a Service without pods keeps one empty slice', () => {
  const { create } = plan([]);
  expect(create).toMatchObject([{ endpoints: null, ports: null, addressType: 'IPv4' }]);
  const before = stored(create);
  expect(plan([], before)).toMatchObject({ create: [], update: [], remove: [] });
});

test('a pod on its way out serves on but is not ready, unless unready ones are published', () => {
  const conditions = (of: Service) => plan([pod(1, { leaving: true })], [], of).create[0]?.endpoints?.[0]?.conditions;
  expect(conditions(service())).toEqual({ ready: false, serving: true, terminating: true });
  expect(conditions(service({ publishNotReadyAddresses: true }))).toMatchObject({ ready: true });
});

test('pods that give a named port another number have a slice of their own', () => {
  const named = service({ ports: [{ name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' }] });
  const port = (containerPort: number) => [{ name: 'web', containerPort }];
  const { create } = plan([pod(1, { ports: port(8080) }), pod(2, { ports: port(9090) })], [], named);
  expect(create.map(({ ports }) => ports?.[0]?.port)).toEqual([8080, 9090]);
});

test('a pod whose node does not exist is left out and reported', () => {
  const { create, problems } = plan([pod(1)], [], service(), () => undefined);
  expect(sizes(create)).toEqual([0]);
  expect(problems).toEqual(['skipping Pod p1 for Service ns/web: Node n Not Found']);
});

test('a Service that prefers short ways says whose traffic each ready endpoint is meant for', () => {
  const hints = (trafficDistribution: string, of = pod(1)) =>
    plan([of], [], service({ trafficDistribution })).create[0]?.endpoints?.[0]?.hints;
  expect(hints('PreferClose')).toEqual({ forZones: [{ name: 'z1' }] });
  expect(hints('PreferSameNode')).toEqual({ forZones: [{ name: 'z1' }], forNodes: [{ name: 'n' }] });
  expect(hints('PreferClose', pod(1, { ready: false }))).toBeUndefined();
});

/** Stored slices with these endpoints each, in order. */
function slicesWith(...counts: readonly number[]): { pods: Pod[]; slices: EndpointSlice[] } {
  const all = pods(counts.reduce((sum, count) => sum + count, 0));
  const groups = counts.map((count, i) => all.slice(...[0, count].map((at) => at + sum(counts.slice(0, i)))));
  return { pods: all, slices: stored(groups.flatMap((group) => plan(group).create)) };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

test('new endpoints go into slices that are written anyway, the fullest first', () => {
  const { pods: all, slices } = slicesWith(90, 50, 95);
  const { create, update } = plan([...all.slice(0, 89), ...all.slice(91), pod(900), pod(901)], slices);
  expect(create).toEqual([]);
  expect(update.map(({ metadata, endpoints }) => [metadata.name, endpoints?.length])).toEqual([
    ['web-0', 91],
    ['web-1', 49],
  ]);
});

test('what is left goes into the one untouched slice that it fills best, or into a new one', () => {
  const { pods: all, slices } = slicesWith(60, 90, 95);
  const fresh = (count: number) => Array.from({ length: count }, (_, i) => pod(900 + i));
  const named = (count: number) => plan([...all, ...fresh(count)], slices).update.map(({ metadata }) => metadata.name);
  expect([named(4), named(8), named(30)]).toEqual([['web-2'], ['web-1'], ['web-0']]);
  const { create, update } = plan([...all, ...fresh(45)], slices);
  expect([sizes(create), update]).toEqual([[45], []]);
});

test('slices of an older Service of the same name are deleted, not changed', () => {
  const before = stored(plan(pods(2)).create);
  const { create, update, remove } = plan(pods(2), before, {
    ...service(),
    metadata: { ...service().metadata, uid: 'newer' },
  });
  expect([sizes(create), update, remove.length]).toEqual([[2], [], 1]);
});

test('a Service that gets another label hands it on, and one that is going makes no slices', () => {
  const before = stored(plan(pods(2)).create);
  const of = service();
  const labelled = plan(pods(2), before, { ...of, metadata: { ...of.metadata, labels: { team: 'b' } } });
  expect(labelled.update[0]?.metadata.labels).toMatchObject({ team: 'b', 'kubernetes.io/service-name': 'web' });
  const going = { ...of, metadata: { ...of.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  expect(plan(pods(2), [], going).create).toEqual([]);
});

test('topology aware hints are told when they come, when they cannot be, and when nobody wants them any more', () => {
  const auto = service();
  auto.metadata.annotations = { 'service.kubernetes.io/topology-mode': 'Auto' };
  const zoned = (i: number) => ({
    metadata: { name: `n${i % 2}`, labels: { 'topology.kubernetes.io/zone': `z${i % 2}` } },
  });
  const at = (i: number): Pod => ({ ...pod(i), spec: { ...pod(i).spec, nodeName: `n${i % 2}` } });
  const view = {
    service: auto,
    slices: [],
    nodeOf: (name: string) => zoned(Number(name.slice(1))) as unknown as Node,
    trigger: undefined,
    hinted: undefined,
    zoneShares: () =>
      new Map([
        ['z0', 0.5],
        ['z1', 0.5],
      ]),
  };
  const texts = ({ events }: { events: readonly { reason: string; message: string }[] }) =>
    events.map(({ reason, message }) => `${reason}: ${message}`);
  const on = planSlices({ ...view, pods: [at(0), at(1)] });
  expect(texts(on)).toEqual(['TopologyAwareHintsEnabled: Topology Aware Hints has been enabled, addressType: IPv4']);
  expect(on.create[0]?.endpoints?.map(({ hints }) => hints?.forZones?.[0]?.name)).toEqual(['z0', 'z1']);
  const few = planSlices({ ...view, pods: [at(0)], hinted: on.hinted });
  expect(texts(few)).toEqual([
    'TopologyAwareHintsDisabled: Insufficient number of endpoints (1 endpoints, 2 zones), addressType: IPv4',
  ]);
  const off = planSlices({
    ...view,
    service: service(),
    pods: [at(0), at(1)],
    slices: stored(on.create),
    hinted: on.hinted,
  });
  expect(texts(off)).toEqual(['TopologyAwareHintsDisabled: Topology Aware Hints has been disabled, addressType: IPv4']);
  expect(off.update[0]?.endpoints?.map(({ hints }) => hints)).toEqual([undefined, undefined]);
  expect(off.hinted).toBeUndefined();
});
