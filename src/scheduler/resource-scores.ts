// How full a node would be with a pod, and what that counts: kube-scheduler's strategies, in its whole numbers.

import type { ResourceSpec, ScoringStrategy, UtilizationShapePoint } from './configuration/plugin-args.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import { amountOf, plainKeyOf } from './resources.ts';

/** From 0 to 100. */
export type NodeScore = (node: NodeInfo) => number;

/** Scores by how much of each resource would be requested; pods that name no CPU or memory count with a minimum. */
export function strategyScore(strategy: ScoringStrategy, pod: PodInfo): NodeScore {
  const demands = demandsOf(strategy.resources, pod, 'minimally');
  const score = scoreOf(strategy);
  const isRatio = strategy.type === 'RequestedToCapacityRatio';
  return (node) => {
    let sum = 0;
    let weights = 0;
    for (let i = 0; i < demands.length; i++) {
      const { weight, amount, capacityOf, requestedOf } = demands[i] as Demand;
      const capacity = capacityOf(node);
      if (capacity === 0) continue;
      const each = score(requestedOf(node) + amount, capacity);
      if (isRatio && each <= 0) continue;
      sum += each * weight;
      weights += weight;
    }
    if (weights === 0) return 0;
    return isRatio ? Math.round(sum / weights) : Math.floor(sum / weights);
  };
}

/** 100 when the same share of all resources is requested; and, halfway, how much better the pod makes it. */
export function balanceScore(resources: readonly ResourceSpec[], pod: PodInfo): NodeScore {
  const demands = demandsOf(resources, pod, 'exactly');
  const shares: number[] = [];

  /** With the pod (1) or without it (0). */
  function balance(node: NodeInfo, times: 0 | 1): number {
    shares.length = 0;
    for (let i = 0; i < demands.length; i++) {
      const { amount, capacityOf, requestedOf } = demands[i] as Demand;
      const capacity = capacityOf(node);
      if (capacity > 0) shares.push(Math.min(1, (requestedOf(node) + times * amount) / capacity));
    }
    return Math.trunc((1 - deviation(shares)) * 100);
  }

  return (node) => 50 + Math.trunc((50 + balance(node, 1) - balance(node, 0)) / 2);
}

interface Demand {
  readonly weight: number;
  /** What the pod asks for. */
  readonly amount: number;
  capacityOf(node: NodeInfo): number;
  requestedOf(node: NodeInfo): number;
}

/** Extended resources count only for pods that ask for them. */
const demandsOf = (resources: readonly ResourceSpec[], pod: PodInfo, how: keyof typeof readers): readonly Demand[] =>
  resources
    .filter(({ name }) => plainKeyOf(name) !== undefined || amountOf(pod.requests, name) > 0)
    .map(({ name, weight }) => readers[how](name, weight, pod));

const readers = {
  exactly(name: string, weight: number, { requests }: PodInfo): Demand {
    const amount = amountOf(requests, name);
    const key = plainKeyOf(name);
    return key
      ? {
          weight,
          amount,
          capacityOf: ({ allocatable }) => allocatable[key],
          requestedOf: ({ requested }) => requested[key],
        }
      : {
          weight,
          amount,
          capacityOf: ({ allocatable }) => amountOf(allocatable, name),
          requestedOf: ({ requested }) => amountOf(requested, name),
        };
  },
  minimally(name: string, weight: number, pod: PodInfo): Demand {
    const exact = readers.exactly(name, weight, pod);
    if (name !== 'cpu' && name !== 'memory') return exact;
    const key = name === 'cpu' ? 'milliCPU' : 'memory';
    return { ...exact, amount: pod.scored[key], requestedOf: ({ scored }) => scored[key] };
  },
};

/** The standard deviation; for two values by the shorter way, whose rounding Kubernetes has. */
function deviation(shares: readonly number[]): number {
  if (shares.length < 2) return 0;
  if (shares.length === 2) return Math.abs(((shares[0] ?? 0) - (shares[1] ?? 0)) / 2);
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) * (share - mean), 0) / shares.length);
}

function scoreOf(strategy: ScoringStrategy): (requested: number, capacity: number) => number {
  switch (strategy.type) {
    case 'LeastAllocated':
      return (requested, capacity) =>
        requested > capacity ? 0 : Math.floor(((capacity - requested) * 100) / capacity);
    case 'MostAllocated':
      return (requested, capacity) => Math.floor((Math.min(requested, capacity) * 100) / capacity);
    case 'RequestedToCapacityRatio': {
      const line = brokenLine(strategy.requestedToCapacityRatio.shape);
      return (requested, capacity) => line(requested > capacity ? 100 : Math.floor((requested * 100) / capacity));
    }
  }
}

/** Level before the first point and after the last, straight between; ten times the scores of the points. */
function brokenLine(shape: readonly UtilizationShapePoint[]): (utilization: number) => number {
  const points = shape.map(({ utilization, score }) => ({ at: utilization, score: score * 10 }));
  return (utilization) => {
    const i = points.findIndex(({ at }) => utilization <= at);
    const [before, next] = [points[i - 1], points[i]];
    if (!next) return points.at(-1)?.score ?? 0;
    if (!before) return next.score;
    const rise = (next.score - before.score) * (utilization - before.at);
    return before.score + Math.trunc(rise / (next.at - before.at));
  };
}
