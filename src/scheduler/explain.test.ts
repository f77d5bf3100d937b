import { expect, test } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { decide } from './decide.ts';
import { explainPlaced, explainWaiting } from './explain.ts';
import { plugins } from './plugins/index.ts';
import { remediesFor } from './remedies.ts';
import { type NodeSample, type PodSample, sampleNode, samplePodInfo } from './samples.ts';
import { createSnapshot, type Snapshot } from './snapshot.ts';

const zone = (name: string): NodeSample => ({ labels: { 'topology.kubernetes.io/zone': name } });

function clusterOf(
  nodes: Readonly<Record<string, NodeSample>>,
  pods: Readonly<Record<string, [string, PodSample]>> = {},
) {
  const snapshot = createSnapshot();
  for (const [name, sample] of Object.entries(nodes)) snapshot.setNode(sampleNode(name, sample));
  for (const [name, [node, sample]] of Object.entries(pods)) snapshot.place(samplePodInfo(name, sample), node);
  return snapshot;
}

const changes = (snapshot: Snapshot, sample: PodSample) =>
  remediesFor(snapshot, samplePodInfo('new', sample), plugins).map(({ change, effect }) => [change, effect]);

const options = { random: seededRandom('explain') };

test('every plugin is asked about every node, and the node that lacks least comes first', () => {
  const snapshot = clusterOf(
    { full: {}, fuller: {}, tainted: { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } } },
    { a: ['full', { requests: { cpu: '3' } }], b: ['fuller', { requests: { cpu: '3500m' } }] },
  );
  const pod = samplePodInfo('new', { requests: { cpu: '5' } });
  const { fitting, nodes, preemption } = explainWaiting(snapshot, pod, { plugins, decision: undefined });
  expect(fitting).toBe(0);
  expect(
    nodes?.map(({ name, refusals }) => [name, refusals?.map(({ plugin, detail }) => `${plugin} ${detail}`)]),
  ).toEqual([
    ['full', ['NodeResourcesFit cpu: wants 5, free 1']],
    ['fuller', ['NodeResourcesFit cpu: wants 5, free 500m']],
    ['tainted', ['TaintToleration gpu=yes:NoSchedule', 'NodeResourcesFit cpu: wants 5, free 4']],
  ]);
  expect(preemption).toBe('would not help: no pod of lower priority on any node');
});

test('a pod that was placed is told with the scores of all nodes, its own first', () => {
  const snapshot = clusterOf({ n1: {}, n2: {} }, { a: ['n1', { requests: { cpu: '3' } }] });
  const decision = decide(snapshot, samplePodInfo('new', { requests: { cpu: '500m' } }), options);
  const { node, nodes = [] } = explainPlaced(snapshot, decision);
  expect(node).toBe('n2');
  expect(nodes.map(({ name }) => name)).toEqual(['n2', 'n1']);
  for (const { score, scores = {} } of nodes) expect(Object.values(scores).reduce((a, b) => a + b)).toBe(score);
});

test('the smallest change that makes a pod fit, each tried', () => {
  const full = { a: ['n1', { requests: { cpu: '3750m' } }] } as const;
  expect(changes(clusterOf({ n1: {} }, { a: [...full.a] }), { requests: { cpu: '500m' } })).toEqual([
    ['request 250m instead of 500m cpu (container c)', 'it then fits on n1'],
    ['one more node like n1', undefined],
  ]);
  const cordoned = {
    spec: { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' as const }] },
  };
  expect(changes(clusterOf({ n1: cordoned }), {})[0]).toEqual(['uncordon n1', 'it then fits on n1']);
  const tainted = clusterOf({ n1: { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } } });
  expect(changes(tainted, {})).toEqual([['tolerate gpu:NoSchedule', 'it then fits on n1']]);
  expect(changes(clusterOf({ n1: {} }), { spec: { nodeSelector: { disk: 'ssd' } } })).toEqual([
    ['no nodeSelector disk=ssd, or a node that has this label', 'it then fits on n1'],
  ]);
});

test('a further node helps only in a zone where the pod may be', () => {
  const apart = {
    labels: { app: 'db' },
    spec: {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'topology.kubernetes.io/zone', labelSelector: { matchLabels: { app: 'db' } } },
          ],
        },
      },
    },
  };
  const snapshot = clusterOf(
    { n1: zone('a'), n2: zone('b') },
    { d1: ['n1', apart], d2: ['n2', { requests: { cpu: '4' } }] },
  );
  expect(changes(snapshot, { ...apart, requests: { cpu: '4' } })).toEqual([
    ['one more node like n2 in zone b', undefined],
  ]);
});

test('no single change helps where two things stand in the way', () => {
  const snapshot = clusterOf({ n1: {} });
  expect(changes(snapshot, { requests: { cpu: '9' }, spec: { nodeSelector: { disk: 'ssd', cpu: 'fast' } } })).toEqual(
    [],
  );
});
