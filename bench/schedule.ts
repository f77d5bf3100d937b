// What a scheduling decision costs, over a snapshot alone: plain pods and constrained ones, on 500 and on 5,000 nodes. `npm run bench -- schedule`.

import { seededRandom } from '../src/base/random.ts';
import type { PodSpec } from '../src/kinds/generated/types/core-v1.ts';
import { decide, nextStart } from '../src/scheduler/decide.ts';
import type { PodInfo } from '../src/scheduler/pod-info.ts';
import { type PodSample, sampleNode, samplePodInfo } from '../src/scheduler/samples.ts';
import { createSnapshot, type Snapshot } from '../src/scheduler/snapshot.ts';
import { type Figure, report } from './report.ts';

const zoneLabel = 'topology.kubernetes.io/zone';
const hostLabel = 'kubernetes.io/hostname';
const zones = ['a', 'b', 'c'];
const apps = 10;
const plainPods = 10_000;
const constrainedPods = 1_000;

/** Decisions a second on one core. */
const wanted = { plain: 3_000, constrained: 500 };

export async function schedule(): Promise<void> {
  // The first clusters are for the compiler.
  for (let round = 0; round < 2; round++) measure(500, 2_000, constrainedPods);
  const small = measure(500, plainPods / 10, constrainedPods);
  const large = measure(5_000, plainPods, constrainedPods);
  report('schedule: 5,000 nodes in 3 zones', [...figuresOf('plain', large), ...figuresOf('constrained', large)]);
  report('schedule: how a decision on 5,000 nodes compares with one on 500', [
    { name: 'plain', value: large.plain.mean / small.plain.mean, unit: 'times' },
    { name: 'constrained', value: large.constrained.mean / small.constrained.mean, unit: 'times' },
  ]);
}

type Sort = keyof typeof wanted;

interface Cost {
  /** Of one decision, in CPU time of this thread, whoever else uses the machine: milliseconds. */
  readonly mean: number;
  /** By the clock on the wall, in milliseconds. */
  readonly p99: number;
}

type Costs = Readonly<Record<Sort, Cost>>;

function figuresOf(sort: Sort, costs: Costs): Figure[] {
  const { mean, p99 } = costs[sort];
  if (1000 / mean < wanted[sort]) process.exitCode = 1;
  return [
    { name: `${sort}: a decision`, value: mean * 1000, unit: 'µs', limit: Math.floor(1e6 / wanted[sort]) },
    { name: `${sort}: its p99`, value: p99 * 1000, unit: 'µs' },
    { name: `${sort}: in a second`, value: 1000 / mean, unit: 'pods' },
  ];
}

/** Plain pods fill an empty cluster; the constrained ones find them there. */
function measure(nodes: number, plain: number, constrained: number): Costs {
  const snapshot = createSnapshot();
  for (let i = 0; i < nodes; i++) {
    const labels = { [zoneLabel]: zones[i % zones.length] ?? '' };
    snapshot.setNode(sampleNode(`node-${i}`, { labels, allocatable: { cpu: '16', memory: '64Gi', pods: '110' } }));
  }
  return {
    plain: scheduleAll(
      snapshot,
      Array.from({ length: plain }, (_, i) => plainPod(i)),
    ),
    constrained: scheduleAll(
      snapshot,
      Array.from({ length: constrained }, (_, i) => constrainedPod(i)),
    ),
  };
}

function scheduleAll(snapshot: Snapshot, pods: readonly PodInfo[]): Cost {
  const random = seededRandom('schedule');
  let start = 0;
  const before = cpuMs();
  const times = pods.map((pod) => {
    const began = performance.now();
    const decision = decide(snapshot, pod, { random, start });
    start = nextStart(start, decision);
    if (decision.node === undefined) throw new Error(`${pod.name} found no node: ${decision.message}`);
    snapshot.place(pod, decision.node);
    return performance.now() - began;
  });
  const mean = (cpuMs() - before) / pods.length;
  return { mean, p99: times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0 };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

const requests = { cpu: '100m', memory: '128Mi' };

const appOf = (i: number): string => `app-${i % apps}`;

const plainPod = (i: number): PodInfo =>
  samplePodInfo(`plain-${i}`, { labels: { app: appOf(i), tier: 'web' }, requests });

function constrainedPod(i: number): PodInfo {
  const labels = { app: appOf(i), tier: 'db' };
  const alike = { labelSelector: { matchLabels: labels } };
  const spec: Partial<PodSpec> = {
    topologySpreadConstraints: [
      { topologyKey: zoneLabel, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', ...alike },
      { topologyKey: hostLabel, maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway', ...alike },
    ],
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: hostLabel, ...alike }],
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 50, podAffinityTerm: { topologyKey: hostLabel, labelSelector: { matchLabels: { tier: 'web' } } } },
          { weight: 10, podAffinityTerm: { topologyKey: zoneLabel, labelSelector: { matchLabels: { tier: 'db' } } } },
        ],
      },
    },
  };
  const sample: PodSample = { labels, requests, spec };
  return samplePodInfo(`constrained-${i}`, sample);
}
