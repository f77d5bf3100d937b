import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { decide, feasibleWanted, nextStart } from './decide.ts';
import { samplePodInfo, sampleNode, type NodeSample, type PodSample } from './samples.ts';
import { createSnapshot } from './snapshot.ts';

const tail = (total: number) =>
  `no new claims to deallocate, preemption: 0/${total} nodes are available: ${total} Preemption is not helpful for scheduling.`;

function decideOn(nodes: Record<string, NodeSample>, pod: PodSample = {}, placed: Record<string, PodSample> = {}) {
  const snapshot = createSnapshot();
  for (const [name, sample] of Object.entries(nodes)) snapshot.setNode(sampleNode(name, sample));
  for (const [name, sample] of Object.entries(placed)) {
    snapshot.place(samplePodInfo(name, sample), sample.spec?.nodeName ?? '');
  }
  return decide(snapshot, samplePodInfo('p', pod), { random: seededRandom(1) });
}

test('without nodes nothing is counted', () => {
  expect(decideOn({}).message).toBe('no nodes available to schedule pods');
});

test('a node that is too small for the pod is counted with everything it lacks', () => {
  const small = { allocatable: { cpu: '1', memory: '1Gi' } };
  expect(decideOn({ a: small }, { requests: { cpu: '2', memory: '2Gi' } }).message).toBe(
    `0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. ${tail(1)}`,
  );
});

test('reasons are counted over the nodes and sorted as text', () => {
  const nodes = {
    a: { allocatable: { cpu: '1' } },
    b: { spec: { unschedulable: true } },
    c: { spec: { taints: [{ key: 'k', effect: 'NoSchedule' as const }] } },
    d: { labels: { case: 'other' } },
  };
  const labelled = Object.fromEntries(
    Object.entries(nodes).map(([name, node]) => [
      name,
      { ...node, labels: { case: 'this', ...('labels' in node && node.labels) } },
    ]),
  );
  expect(decideOn(labelled, { requests: { cpu: '2' }, spec: { nodeSelector: { case: 'this' } } }).message).toBe(
    "0/4 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector, " +
      `1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. ${tail(4)}`,
  );
});

test('a full node without pods of lower priority has no victims', () => {
  const decision = decideOn({ a: { allocatable: { pods: '1' } } }, {}, { q: { spec: { nodeName: 'a' } } });
  expect(decision.message).toBe(
    '0/1 nodes are available: 1 Too many pods. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  );
  expect(decision.refusedBy).toEqual(new Set(['NodeResourcesFit']));
});

test('a pod of a DaemonSet looks at its one node and counts the others in one reason', () => {
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: ['b'] }] };
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } };
  const decision = decideOn(
    { a: {}, b: { allocatable: { cpu: '1' } }, c: {} },
    { requests: { cpu: '2' }, spec: { affinity: { nodeAffinity } } },
  );
  expect(decision.message).toMatch(
    /^0\/3 nodes are available: 1 Insufficient cpu, 2 node\(s\) didn't satisfy plugin\(s\) \[NodeAffinity\]\. /,
  );
  expect(decision.evaluated).toBe(1);
});

test('the search looks at every node of a small cluster and at a falling share of a large one', () => {
  expect([50, 100, 500, 5000, 10000].map((nodes) => feasibleWanted(nodes, 0))).toEqual([50, 100, 230, 500, 500]);
});

test('the emptier node wins, and every score is accounted for', () => {
  const decision = decideOn(
    { a: {}, b: {} },
    { requests: { cpu: '1', memory: '1Gi' } },
    { q: { requests: { cpu: '2', memory: '4Gi' }, spec: { nodeName: 'a' } } },
  );
  expect(decision.node).toBe('b');
  const { totals, byPlugin } = decision.scores ?? { totals: [], byPlugin: [] };
  expect(totals).toEqual(totals.map((_, i) => byPlugin.reduce((sum, { scores }) => sum + (scores[i] ?? 0), 0)));
});

test('room that is promised to an equal or higher pod is not given away', () => {
  const snapshot = createSnapshot();
  snapshot.setNode(sampleNode('a', { allocatable: { cpu: '1' } }));
  const nominated = new Map([['a', [samplePodInfo('first', { requests: { cpu: '1' }, spec: { priority: 5 } })]]]);
  const of = (priority: number) =>
    decide(snapshot, samplePodInfo('p', { requests: { cpu: '1' }, spec: { priority } }), {
      random: seededRandom(1),
      nominated,
    }).node;
  expect([of(4), of(5), of(6)]).toEqual([undefined, undefined, 'a']);
});

const quantities = fc.constantFrom('0', '100m', '500m', '1', '2');
const pods = fc.record({
  cpu: quantities,
  memory: fc.constantFrom('0', '256Mi', '1Gi', '3Gi'),
  port: fc.constantFrom(undefined, 80, 81),
  zone: fc.constantFrom(undefined, 'z0', 'z1'),
  tolerant: fc.boolean(),
  priority: fc.integer({ min: 0, max: 3 }),
});
const nodes = fc.record({
  cpu: fc.constantFrom('1', '2', '4'),
  pods: fc.constantFrom('1', '3', '10'),
  tainted: fc.boolean(),
});

test('capacity is never overdrawn, ports never collide, and no pod goes where a filter refuses it', () => {
  fc.assert(
    fc.property(
      fc.array(nodes, { minLength: 1, maxLength: 6 }),
      fc.array(pods, { maxLength: 30 }),
      fc.integer(),
      (cluster, wanted, seed) => {
        const snapshot = createSnapshot();
        for (const [i, { cpu, pods: room, tainted }] of cluster.entries()) {
          const spec = tainted ? { taints: [{ key: 'k', effect: 'NoSchedule' as const }] } : {};
          snapshot.setNode(
            sampleNode(`n${i}`, {
              labels: { zone: `z${i % 2}` },
              spec,
              allocatable: { cpu, memory: '4Gi', pods: room },
            }),
          );
        }
        const random = seededRandom(seed);
        let start = 0;
        for (const [i, { cpu, memory, port, zone, tolerant, priority }] of wanted.entries()) {
          const ports = port ? [{ containerPort: 1, hostPort: port }] : [];
          const pod = samplePodInfo(`p${i}`, {
            spec: {
              priority,
              containers: [{ name: 'c', resources: { requests: { cpu, memory } }, ports }],
              ...(zone && { nodeSelector: { zone } }),
              ...(tolerant && { tolerations: [{ operator: 'Exists' }] }),
            },
          });
          const decision = decide(snapshot, pod, { random, start });
          start = nextStart(start, decision);
          expect(decision.node === undefined).toBe(decision.message !== undefined);
          if (decision.node === undefined) continue;
          const node = snapshot.node(decision.node);
          if (zone) expect(node?.labels['zone']).toBe(zone);
          if (!tolerant) expect(node?.taints).toEqual([]);
          expect(decision.verdicts.has(decision.node)).toBe(false);
          snapshot.place(pod, decision.node);
        }
        for (const { requested, allocatable, pods: carried, allowedPods, ports } of snapshot.nodes()) {
          expect(requested.milliCPU).toBeLessThanOrEqual(allocatable.milliCPU);
          expect(requested.memory).toBeLessThanOrEqual(allocatable.memory);
          expect(carried.size).toBeLessThanOrEqual(allowedPods);
          for (const addresses of ports.values()) for (const holders of addresses.values()) expect(holders).toBe(1);
        }
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

test('a failed search leaves the snapshot as it was, however much was tried on it', () => {
  fc.assert(
    fc.property(fc.array(pods, { minLength: 1, maxLength: 12 }), (placed) => {
      const snapshot = createSnapshot();
      snapshot.setNode(sampleNode('a', { allocatable: { cpu: '64', memory: '64Gi' } }));
      for (const [i, { cpu, memory, priority }] of placed.entries()) {
        snapshot.place(samplePodInfo(`q${i}`, { requests: { cpu, memory }, spec: { priority } }), 'a');
      }
      const before = structuredClone(snapshot.node('a')?.requested);
      const pod = samplePodInfo('p', { requests: { cpu: '64' }, spec: { priority: 2 } });
      const { preemption } = decide(snapshot, pod, { random: seededRandom(1) });
      expect(snapshot.node('a')?.requested).toEqual(before);
      for (const victim of preemption?.victims ?? []) expect(victim.priority).toBeLessThan(2);
    }),
    { seed: 1, numRuns: 100 },
  );
});
