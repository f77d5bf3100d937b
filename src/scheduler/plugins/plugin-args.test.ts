import { expect, test } from 'vitest';
import { seededRandom } from '../../base/random.ts';
import { defaultArgs, type PluginArgs, type ScoringStrategy } from '../configuration/plugin-args.ts';
import { decide } from '../decide.ts';
import { type NodeSample, type PodSample, sampleNode, samplePodInfo } from '../samples.ts';
import { createSnapshot } from '../snapshot.ts';
import { type ClusterView, emptyView } from '../view.ts';
import { pluginsWith } from './index.ts';

interface Scene {
  readonly args: Partial<PluginArgs>;
  readonly nodes: Record<string, NodeSample>;
  /** By node. */
  readonly there?: Record<string, PodSample>;
  readonly pod: PodSample;
  readonly view?: Partial<ClusterView>;
}

function decideWith({ args, nodes, there = {}, pod, view }: Scene) {
  const snapshot = createSnapshot({ ...emptyView, ...view });
  for (const [name, sample] of Object.entries(nodes)) snapshot.setNode(sampleNode(name, sample));
  for (const [node, sample] of Object.entries(there)) snapshot.place(samplePodInfo(`on-${node}`, sample), node);
  const plugins = pluginsWith({ ...defaultArgs, ...args });
  return decide(snapshot, samplePodInfo('p', pod), { random: seededRandom(1), plugins });
}

const scoresBy = (plugin: string, scene: Scene) =>
  decideWith(scene).scores?.byPlugin.find((each) => each.plugin === plugin)?.scores;

const requesting = (cpu: string, memory: string, more: Record<string, string> = {}): PodSample => ({
  requests: { cpu, memory, ...more },
});
const fit = (scoringStrategy: ScoringStrategy): Partial<PluginArgs> => ({
  NodeResourcesFit: { ...defaultArgs.NodeResourcesFit, scoringStrategy },
});
const resources = [
  { name: 'cpu', weight: 3 },
  { name: 'memory', weight: 1 },
];

test('NodeResourcesFit: each strategy weighs the resources it names', () => {
  // 4 CPUs and 8Gi; on b half of the CPUs is requested already.
  const scene = { nodes: { a: {}, b: {} }, there: { b: requesting('2', '0') }, pod: requesting('1', '4Gi') };
  const scores = (strategy: ScoringStrategy) => scoresBy('NodeResourcesFit', { ...scene, args: fit(strategy) });
  expect(scores({ type: 'LeastAllocated', resources })).toEqual([68, 31]);
  expect(scores({ type: 'MostAllocated', resources })).toEqual([31, 68]);
  const shape = [
    { utilization: 0, score: 10 },
    { utilization: 50, score: 0 },
    { utilization: 100, score: 10 },
  ];
  expect(scores({ type: 'RequestedToCapacityRatio', resources, requestedToCapacityRatio: { shape } })).toEqual([
    50, 50,
  ]);
});

test('NodeResourcesFit: an extended resource counts only for pods that ask for it', () => {
  const gpu = { allocatable: { 'example.com/gpu': '4' } };
  const strategy: ScoringStrategy = { type: 'MostAllocated', resources: [{ name: 'example.com/gpu', weight: 1 }] };
  const scene = (pod: PodSample) => ({ nodes: { a: gpu, b: gpu }, pod, args: fit(strategy) });
  expect(scoresBy('NodeResourcesFit', scene(requesting('1', '1Gi', { 'example.com/gpu': '1' })))).toEqual([25, 25]);
  expect(scoresBy('NodeResourcesFit', scene(requesting('1', '1Gi')))).toEqual([0, 0]);
});

test('NodeResourcesFit: what is ignored is not missed', () => {
  const pod = requesting('1', '1Gi', { 'example.com/gpu': '1', 'other.example/fpga': '1' });
  const node = (args: Partial<PluginArgs['NodeResourcesFit']>) =>
    decideWith({ nodes: { a: {} }, pod, args: { NodeResourcesFit: { ...defaultArgs.NodeResourcesFit, ...args } } });
  expect(node({ ignoredResources: ['example.com/gpu'] }).verdicts.get('a')?.reasons).toEqual([
    'Insufficient other.example/fpga',
  ]);
  expect(node({ ignoredResourceGroups: ['example.com', 'other.example'] }).node).toBe('a');
});

test('NodeResourcesBalancedAllocation: over three resources it is the standard deviation', () => {
  const args = {
    NodeResourcesBalancedAllocation: { resources: [...resources, { name: 'example.com/gpu', weight: 1 }] },
  };
  const gpu = { allocatable: { 'example.com/gpu': '4' } };
  const pod = requesting('2', '4Gi', { 'example.com/gpu': '4' });
  expect(scoresBy('NodeResourcesBalancedAllocation', { nodes: { a: gpu, b: gpu }, pod, args })).toEqual([63, 63]);
});

test('NodeAffinity: the added affinity holds for every pod, and is liked besides its own', () => {
  const terms = (zone: string) => ({ matchExpressions: [{ key: 'zone', operator: 'In' as const, values: [zone] }] });
  const nodes = { a: { labels: { zone: 'x' } }, b: { labels: { zone: 'y' } } };
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [terms('x')] } };
  const enforced = decideWith({ nodes, pod: {}, args: { NodeAffinity: { addedAffinity: required } } });
  expect(enforced.node).toBe('a');
  expect(enforced.verdicts.get('b')?.reasons).toEqual(["node(s) didn't match scheduler-enforced node affinity"]);
  const preferred = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: terms('y') }] };
  expect(decideWith({ nodes, pod: {}, args: { NodeAffinity: { addedAffinity: preferred } } }).node).toBe('b');
});

const web = { app: 'web' };
const near = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: web } };

test('InterPodAffinity: required terms of pods that are there count as much as it is told', () => {
  const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [near] } };
  const scene = { nodes: { a: {}, b: {} }, there: { a: { spec: { affinity } } }, pod: { labels: web } };
  const scores = (hardPodAffinityWeight: number) =>
    scoresBy('InterPodAffinity', {
      ...scene,
      args: { InterPodAffinity: { ...defaultArgs.InterPodAffinity, hardPodAffinityWeight } },
    });
  expect(scores(1)).toEqual([200, 0]);
  expect(scores(0)).toBeUndefined();
});

test('InterPodAffinity: preferences of others may be ignored for pods that have none', () => {
  const podAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: near }] };
  const there = { a: { spec: { affinity: { podAffinity } } } };
  const args = { InterPodAffinity: { hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: true } };
  expect(scoresBy('InterPodAffinity', { nodes: { a: {}, b: {} }, there, pod: { labels: web }, args })).toBeUndefined();
});

test('PodTopologySpread: default constraints may refuse, for pods of a workload without constraints of their own', () => {
  const view = { services: () => [{ metadata: { name: 's' }, spec: { selector: web } }] };
  const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' as const };
  const args = { PodTopologySpread: { defaultingType: 'List' as const, defaultConstraints: [constraint] } };
  const nodes = { a: { labels: { zone: 'x' } }, b: { labels: { zone: 'y' } }, c: {} };
  const decision = decideWith({ nodes, there: { a: { labels: web } }, pod: { labels: web }, view, args });
  expect(decision.node).toBe('b');
  expect([...decision.verdicts.keys()].sort()).toEqual(['a', 'c']);
  expect(decideWith({ nodes, there: { a: { labels: web } }, pod: {}, view, args }).verdicts.size).toBe(0);
});
