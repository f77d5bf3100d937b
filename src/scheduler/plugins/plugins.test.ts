import { expect, test } from 'vitest';
import { seededRandom } from '../../base/random.ts';
import type { Affinity, TopologySpreadConstraint } from '../../kinds/generated/types/core-v1.ts';
import { decide } from '../decide.ts';
import { samplePodInfo, sampleNode, type NodeSample, type PodSample } from '../samples.ts';
import { createSnapshot } from '../snapshot.ts';
import { type ClusterView, emptyView } from '../view.ts';

interface Scene {
  readonly nodes: Record<string, NodeSample>;
  /** Pods that are there, each on the node its spec names. */
  readonly there?: Record<string, PodSample>;
  readonly pod: PodSample;
  readonly view?: Partial<ClusterView>;
}

function decideIn({ nodes, there = {}, pod, view }: Scene) {
  const snapshot = createSnapshot({ ...emptyView, ...view });
  for (const [name, sample] of Object.entries(nodes)) snapshot.setNode(sampleNode(name, sample));
  for (const [name, sample] of Object.entries(there))
    snapshot.place(samplePodInfo(name, sample), sample.spec?.nodeName ?? '');
  return decide(snapshot, samplePodInfo('p', pod), { random: seededRandom(1) });
}

const nodeOf = (scene: Scene) => decideIn(scene).node;
const reasonsOn = (node: string, scene: Scene) => decideIn(scene).verdicts.get(node)?.reasons;
const on = (nodeName: string, sample: PodSample = {}): PodSample => ({ ...sample, spec: { nodeName, ...sample.spec } });
const zoned = { a: { labels: { zone: 'z1' } }, b: { labels: { zone: 'z2' } } };
const web = { app: 'web' };
const near = { topologyKey: 'zone', labelSelector: { matchLabels: web } };
const affine = (affinity: Affinity, labels = {}): PodSample => ({ labels, spec: { affinity } });

test('NodeAffinity: Gt compares numbers, and an empty term matches nothing', () => {
  const nodes = { a: { labels: { n: '9' } }, b: { labels: { n: '10' } } };
  const asks = (nodeSelectorTerms: object[]) =>
    affine({ nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } });
  expect(nodeOf({ nodes, pod: asks([{ matchExpressions: [{ key: 'n', operator: 'Gt', values: ['9'] }] }]) })).toBe('b');
  expect(nodeOf({ nodes, pod: asks([{}]) })).toBeUndefined();
});

test('TaintToleration: the fewer PreferNoSchedule taints the better', () => {
  const soft = (...keys: string[]) => ({
    spec: { taints: keys.map((key) => ({ key, effect: 'PreferNoSchedule' as const })) },
  });
  expect(nodeOf({ nodes: { a: soft('x', 'y'), b: soft('x') }, pod: {} })).toBe('b');
});

test('NodePorts: the wildcard address meets every address, another protocol does not', () => {
  const port = (hostIP?: string, protocol: 'TCP' | 'UDP' = 'TCP'): PodSample => ({
    spec: {
      containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort: 80, protocol, ...(hostIP && { hostIP }) }] }],
    },
  });
  const there = { q: on('a', port('127.0.0.1')) };
  expect(nodeOf({ nodes: { a: {} }, there, pod: port('127.0.0.2') })).toBe('a');
  expect(nodeOf({ nodes: { a: {} }, there, pod: port(undefined, 'UDP') })).toBe('a');
  expect(reasonsOn('a', { nodes: { a: {} }, there, pod: port() })).toEqual([
    "node(s) didn't have free ports for the requested pod ports",
  ]);
});

test('ImageLocality: the node that has the large image, but not a small one against an emptier node', () => {
  const with_ = (sizeBytes: number) => ({ images: [{ names: ['registry.example/app:1'], sizeBytes }] });
  const pod = { requests: { cpu: '100m', memory: '100Mi' } };
  expect(nodeOf({ nodes: { a: {}, b: with_(900e6) }, pod })).toBe('b');
  const there = { q: on('b', { requests: { cpu: '2', memory: '4Gi' } }) };
  expect(nodeOf({ nodes: { a: {}, b: with_(1e6) }, there, pod })).toBe('a');
});

test('InterPodAffinity: all terms must be met by one and the same pod', () => {
  const rack = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { tier: 'db' } } };
  const pod = affine({ podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [near, rack] } });
  const apart = { q: on('a', { labels: web }), r: on('a', { labels: { tier: 'db' } }) };
  expect(nodeOf({ nodes: zoned, there: apart, pod })).toBeUndefined();
  expect(nodeOf({ nodes: zoned, there: { q: on('b', { labels: { ...web, tier: 'db' } }) }, pod })).toBe('b');
});

test('InterPodAffinity: the first of a group may start where the topology key is', () => {
  const pod = affine({ podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [near] } }, web);
  expect(nodeOf({ nodes: { ...zoned, a: {} }, pod })).toBe('b');
});

test('InterPodAffinity: a pod that is there keeps others away, in its namespaces only', () => {
  const shy = (namespaces?: string[]) =>
    on(
      'a',
      affine({
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [{ ...near, ...(namespaces && { namespaces }) }],
        },
      }),
    );
  const scene = (q: PodSample) => ({ nodes: { a: zoned.a }, there: { q }, pod: { labels: web } });
  expect(reasonsOn('a', scene(shy()))).toEqual(["node(s) didn't satisfy existing pods anti-affinity rules"]);
  expect(nodeOf(scene(shy(['elsewhere'])))).toBe('a');
});

test('InterPodAffinity: an empty namespace selector means every namespace, an absent label selector no pod', () => {
  const pod = (term: object) =>
    affine({ podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', ...term }] } });
  const there = { q: on('b', { labels: web }) };
  const view = { namespaces: () => [{ metadata: { name: 'default' }, spec: {} }] };
  expect(nodeOf({ nodes: zoned, there, view, pod: pod({ labelSelector: {}, namespaceSelector: {} }) })).toBe('b');
  expect(nodeOf({ nodes: zoned, there, view, pod: pod({}) })).toBeUndefined();
});

test('InterPodAffinity: preferences of the pod and of pods that are there', () => {
  const likes = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 50, podAffinityTerm: near }] };
  expect(nodeOf({ nodes: zoned, there: { q: on('b', { labels: web }) }, pod: affine({ podAffinity: likes }) })).toBe(
    'b',
  );
  const q = on('a', affine({ podAntiAffinity: likes }));
  expect(nodeOf({ nodes: zoned, there: { q }, pod: { labels: web } })).toBe('b');
});

const spread = (more: Partial<TopologySpreadConstraint> = {}): PodSample => ({
  labels: web,
  spec: {
    topologySpreadConstraints: [
      {
        topologyKey: 'zone',
        maxSkew: 1,
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: web },
        ...more,
      },
    ],
  },
});

test('PodTopologySpread: the emptier zone, and none when it has no room', () => {
  const there = { q: on('a', { labels: web }) };
  expect(nodeOf({ nodes: zoned, there, pod: spread() })).toBe('b');
  const full = { ...zoned, b: { ...zoned.b, allocatable: { pods: '0' } } };
  expect(reasonsOn('a', { nodes: full, there, pod: spread() })).toEqual([
    "node(s) didn't match pod topology spread constraints",
  ]);
});

test('PodTopologySpread: pods being deleted do not count; too few domains count as an empty one', () => {
  const nodes = { a: zoned.a };
  const there = (deleted: boolean) => ({ q: on('a', { labels: web, deleted }) });
  expect(nodeOf({ nodes, there: there(true), pod: spread({ minDomains: 2 }) })).toBe('a');
  expect(nodeOf({ nodes, there: there(false), pod: spread({ minDomains: 2 }) })).toBeUndefined();
});

test('PodTopologySpread: by an empty selector no pod is counted but the pod itself', () => {
  const there = { q: on('a', { labels: web }), r: on('a', { labels: web }) };
  expect(nodeOf({ nodes: { a: zoned.a }, there, pod: spread({ labelSelector: {} }) })).toBe('a');
  expect(nodeOf({ nodes: { a: zoned.a }, there, pod: spread({ labelSelector: {}, minDomains: 2 }) })).toBe('a');
});

test('PodTopologySpread: tainted nodes count unless taints are honored', () => {
  const nodes = { ...zoned, b: { ...zoned.b, spec: { taints: [{ key: 'k', effect: 'NoSchedule' as const }] } } };
  const there = { q: on('a', { labels: web }) };
  expect(nodeOf({ nodes, there, pod: spread() })).toBeUndefined();
  expect(nodeOf({ nodes, there, pod: spread({ nodeTaintsPolicy: 'Honor' }) })).toBe('a');
});

test('PodTopologySpread: pods of a Service are spread over hosts by default', () => {
  const view = { services: () => [{ metadata: { name: 's' }, spec: { selector: web } }] };
  const there = { q: on('a', { labels: web }), other: on('b') };
  expect(nodeOf({ nodes: { a: {}, b: {} }, there, view, pod: { labels: web } })).toBe('b');
});

const claim = (more: object = {}) => ({
  metadata: { name: 'c', namespace: 'default', uid: 'uid-c' },
  spec: {
    accessModes: ['ReadWriteOnce' as const],
    storageClassName: 's',
    resources: { requests: { storage: '1Gi' } },
    ...more,
  },
});
const mounting: PodSample = { spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] } };
const local = (name: string, zone: string, storage: string) => ({
  metadata: { name },
  spec: {
    capacity: { storage },
    accessModes: ['ReadWriteOnce' as const],
    storageClassName: 's',
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In' as const, values: [zone] }] }],
      },
    },
  },
  status: { phase: 'Available' as const },
});
const waiting = (provisioner: string) => () => ({
  metadata: { name: 's' },
  provisioner,
  volumeBindingMode: 'WaitForFirstConsumer' as const,
});

test('VolumeBinding: a claim that is to be bound at once holds the pod back, and nobody preempts for it', () => {
  expect(decideIn({ nodes: zoned, pod: mounting, view: { claim: () => claim() } }).message).toBe(
    '0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found',
  );
});

test('VolumeBinding: the node that reaches a volume that fits', () => {
  const volumes = () => [local('v', 'z1', '512Mi'), local('w', 'z2', '2Gi')];
  const view = { claim: () => claim(), storageClass: waiting('kubernetes.io/no-provisioner'), volumes };
  expect(nodeOf({ nodes: zoned, pod: mounting, view })).toBe('b');
  expect(reasonsOn('a', { nodes: zoned, pod: mounting, view })).toEqual([
    "node(s) didn't find available persistent volumes to bind",
  ]);
});

test('VolumeBinding: a provisioner makes volumes where its class allows', () => {
  const allowedTopologies = [{ matchLabelExpressions: [{ key: 'zone', values: ['z2'] }] }];
  const view = { claim: () => claim(), storageClass: () => ({ ...waiting('example.com/p')(), allowedTopologies }) };
  expect(nodeOf({ nodes: zoned, pod: mounting, view })).toBe('b');
});

test('VolumeRestrictions: a ReadWriteOncePod claim is for one pod', () => {
  const { metadata, ...rest } = claim({ accessModes: ['ReadWriteOncePod'], volumeName: 'v' });
  const annotations = { 'pv.kubernetes.io/bind-completed': 'yes' };
  const view = {
    claim: () => ({ ...rest, metadata: { ...metadata, annotations } }),
    volume: () => local('v', 'z1', '1Gi'),
  };
  const there = { q: on('a', mounting) };
  expect(reasonsOn('a', { nodes: zoned, there, pod: mounting, view })).toEqual([
    'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
  ]);
});

test('VolumeZone: a claim whose volume is gone holds the pod back', () => {
  const { metadata, ...rest } = claim({ volumeName: 'v' });
  const annotations = { 'pv.kubernetes.io/bind-completed': 'yes' };
  const view = { claim: () => ({ ...rest, metadata: { ...metadata, annotations } }) };
  expect(decideIn({ nodes: zoned, pod: mounting, view }).message).toMatch(/: persistentvolume "v" not found\./);
});

test('NodeVolumeLimits: volumes that pods have left count until they are detached', () => {
  const drivers = [{ name: 'd', nodeID: 'a', topologyKeys: [], allocatable: { count: 1 } }];
  const csi = (name: string) => ({ metadata: { name }, spec: { csi: { driver: 'd', volumeHandle: name } } });
  const view = {
    claim: () => claim(),
    storageClass: waiting('d'),
    csiNode: () => ({ metadata: { name: 'a' }, spec: { drivers } }),
    volume: (name: string) => (name === 'left' ? csi('left') : undefined),
    attachments: () => [
      { metadata: {}, spec: { attacher: 'd', nodeName: 'a', source: { persistentVolumeName: 'left' } } },
    ],
  };
  expect(nodeOf({ nodes: { a: {} }, pod: mounting, view: { ...view, attachments: () => [] } })).toBe('a');
  expect(reasonsOn('a', { nodes: { a: {} }, pod: mounting, view })).toEqual(['node(s) exceed max volume count']);
});

test('NodeDeclaredFeatures: a kubelet without a feature that the pod needs is refused', () => {
  const pod: PodSample = { spec: { hostNetwork: true, hostUsers: false } };
  expect(reasonsOn('a', { nodes: { a: {} }, pod })).toEqual(["node(s) didn't match Pod's required features"]);
});

const victim = (nodeName: string, cpu: string, priority: number, startTime: string, labels = {}): PodSample => ({
  labels,
  requests: { cpu },
  spec: { nodeName, priority },
  status: { startTime },
});
const [first, second] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];
const needing = (cpu: string): PodSample => ({ requests: { cpu }, spec: { priority: 20 } });
const evicted = (scene: Scene) => {
  const { preemption } = decideIn(scene);
  return preemption && [preemption.node, ...preemption.victims.map(({ name }) => name).sort()];
};

test('DefaultPreemption: no more than needed, and who started last goes first', () => {
  const there = { s1: victim('a', '1', 10, first), s2: victim('a', '1', 10, first), big: victim('a', '2', 10, second) };
  expect(evicted({ nodes: { a: {} }, there, pod: needing('2') })).toEqual(['a', 'big']);
});

test('DefaultPreemption: the node whose victims are lower, then the one with fewer', () => {
  const one = { allocatable: { cpu: '2' } };
  const there = { m: victim('a', '2', 15, first), l: victim('b', '2', 10, first) };
  expect(evicted({ nodes: { a: one, b: one }, there, pod: needing('2') })).toEqual(['b', 'l']);
  const split = { a1: victim('a', '1', 10, first), a2: victim('a', '1', 10, first), l: victim('b', '2', 10, first) };
  expect(evicted({ nodes: { a: one, b: one }, there: split, pod: needing('2') })).toEqual(['b', 'l']);
});

test('DefaultPreemption: a budget is spared where there is another way, and broken where there is none', () => {
  const budget = {
    metadata: { name: 'x', namespace: 'default' },
    spec: { selector: { matchLabels: web } },
    status: { disruptionsAllowed: 0 },
  };
  const view = { budgets: () => [budget] } as unknown as Partial<ClusterView>;
  const nodes = { a: { allocatable: { cpu: '2' } } };
  const there = { kept: victim('a', '1', 10, second, web), free: victim('a', '1', 10, first) };
  expect(evicted({ nodes, there, view, pod: needing('1') })).toEqual(['a', 'free']);
  expect(evicted({ nodes, there, view, pod: needing('2') })).toEqual(['a', 'free', 'kept']);
});

test('DefaultPreemption: policy Never, equal priorities and waiting for victims keep it from preempting', () => {
  const nodes = { a: { allocatable: { cpu: '1' } } };
  const there = { l: victim('a', '1', 10, first) };
  const never = { requests: { cpu: '1' }, spec: { priority: 20, preemptionPolicy: 'Never' as const } };
  expect(decideIn({ nodes, there, pod: never }).message).toMatch(
    /preemption: not eligible due to preemptionPolicy=Never\.$/,
  );
  expect(evicted({ nodes, there, pod: { requests: { cpu: '1' }, spec: { priority: 10 } } })).toBeUndefined();
  const going = {
    l: {
      ...victim('a', '1', 10, first),
      deleted: true,
      status: {
        conditions: [{ type: 'DisruptionTarget' as const, status: 'True' as const, reason: 'PreemptionByScheduler' }],
      },
    },
  };
  const promised = { ...needing('1'), status: { nominatedNodeName: 'a' } };
  const decision = decideIn({ nodes, there: going, pod: promised });
  expect(decision.message).toMatch(/preemption: not eligible due to a terminating pod on the nominated node\.$/);
  expect(decision.withdrawsPromise).toBe(false);
});

test('DefaultPreemption: an anti-affinity and a spread constraint are resolved by evicting those in the way', () => {
  const there = {
    l: on('a', { labels: web, spec: { nodeName: 'a', priority: 1 } }),
    other: on('a', { spec: { nodeName: 'a', priority: 1 } }),
  };
  const alone = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [near] } };
  expect(evicted({ nodes: { a: zoned.a }, there, pod: { spec: { priority: 2, affinity: alone } } })).toEqual([
    'a',
    'l',
  ]);
  const full = { ...zoned, b: { ...zoned.b, allocatable: { pods: '0' } } };
  const { labels, spec } = spread();
  const pod = { spec: { ...spec, priority: 2 }, ...(labels && { labels }) };
  expect(evicted({ nodes: full, there, pod })).toEqual(['a', 'l']);
});
