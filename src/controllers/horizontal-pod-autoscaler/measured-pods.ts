// How many replicas a use of pods asks for: the arithmetic that missing, unready and starting pods make careful.

import { type Instant, minutes, seconds } from '../../base/clock.ts';
import { milliOf } from '../../base/quantity.ts';
import { parseTime } from '../../base/time.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import { requestsOf } from '../../kinds/pod-spec/resources.ts';
import { isBeingDeleted, isReady, podCondition } from '../../kinds/core/pod-facts.ts';
import type { Fault, PodMetric, PodReading } from './readings.ts';

/** Within this time of a pod's start its use of the processor counts only while it is ready. */
const cpuInitializationPeriod = minutes(5);
/** A pod that became unready within this time of its start is taken to have never been ready. */
const initialReadinessDelay = seconds(30);

/** By how much the measured may differ from the target, as a share of it, without anything being done. */
export interface Tolerances {
  readonly down: number;
  readonly up: number;
}

export const isWithin = ({ down, up }: Tolerances, ratio: number): boolean => 1 - down <= ratio && ratio <= 1 + up;

export interface Present {
  readonly pods: readonly Pod[];
  readonly replicas: number;
  readonly tolerances: Tolerances;
  readonly now: Instant;
}

/** Amounts by pod, in thousandths. */
type Amounts = ReadonlyMap<string, number>;

interface Ratio {
  /** Of what is used to what is wanted. */
  readonly ratio: number;
  /** What a pod uses on average, in thousandths. */
  readonly average: number;
  /** In percent of what was requested; for targets that are such a percentage. */
  readonly utilization?: number;
}

/** What is wanted of pods. */
interface Goal {
  ratioOf(used: Amounts): Ratio | Fault;
  /** What a pod of which nothing is known is taken to use while the others use too little. */
  assumed(pod: string): number;
}

export interface Wanted extends Omit<Ratio, 'ratio'> {
  readonly replicas: number;
}

const noPods = 'no pods returned by selector while calculating replica count';

/** For an average amount per pod, in thousandths. */
export function replicasForAverage(
  reading: PodReading,
  target: number,
  resource: string,
  present: Present,
): Wanted | Fault {
  return replicasFor(reading, resource, present, () => ({
    assumed: () => target,
    ratioOf(used) {
      const average = Math.trunc(sumOf(used.values()) / used.size);
      return { ratio: average / target, average };
    },
  }));
}

export interface UtilizationTarget {
  readonly resource: string;
  /** Left out: the whole pod. */
  readonly container?: string;
  /** In percent of the request. */
  readonly percent: number;
}

export function replicasForUtilization(
  reading: PodReading,
  { resource, container, percent }: UtilizationTarget,
  present: Present,
): Wanted | Fault {
  return replicasFor(reading, resource, present, () => {
    const requests = new Map<string, number>();
    for (const pod of present.pods) {
      const request = requestOf(pod, resource, container);
      if (typeof request !== 'number') return request;
      requests.set(pod.metadata.name ?? '', request);
    }
    return {
      // Above 100 percent a pod is taken to use what it should.
      assumed: (pod) => Math.trunc(((requests.get(pod) ?? 0) * Math.max(100, percent)) / 100),
      ratioOf: (used) => utilizationOf(used, requests, percent),
    };
  });
}

function utilizationOf(used: Amounts, requests: Amounts, percent: number): Ratio | Fault {
  const known = [...used].filter(([pod]) => requests.has(pod));
  const requested = sumOf(known.map(([pod]) => requests.get(pod) ?? 0));
  if (requested === 0) return { fault: 'no metrics returned matched known pods' };
  const total = sumOf(known.map(([, amount]) => amount));
  const utilization = Math.trunc((total * 100) / requested);
  return { ratio: utilization / percent, utilization, average: Math.trunc(total / known.length) };
}

const sumOf = (amounts: Iterable<number>): number => {
  let sum = 0;
  for (const amount of amounts) sum += amount;
  return sum;
};

function replicasFor(
  reading: PodReading,
  resource: string,
  present: Present,
  goalOf: () => Goal | Fault,
): Wanted | Fault {
  if (present.pods.length === 0) return { fault: noPods };
  const { ready, unready, missing, ignored } = sorted(present, reading, resource);
  const used = new Map([...reading].map(([pod, { value }]) => [pod, value]));
  for (const pod of [...ignored, ...unready]) used.delete(pod);
  if (used.size === 0) return { fault: 'did not receive metrics for targeted pods (pods might be unready)' };
  const goal = goalOf();
  if ('fault' in goal) return goal;
  const first = goal.ratioOf(used);
  if ('fault' in first) return first;

  const { ratio, ...shown } = first;
  const answer = (replicas: number): Wanted => ({ replicas, ...shown });
  const unreadyCount = unready.length > 0 && ratio > 1;
  if (!unreadyCount && missing.length === 0)
    return answer(isWithin(present.tolerances, ratio) ? present.replicas : Math.ceil(ratio * ready));

  // What is not known is guessed against the direction in which the others point.
  if (ratio < 1) for (const pod of missing) used.set(pod, goal.assumed(pod));
  if (ratio > 1) for (const pod of missing) used.set(pod, 0);
  if (unreadyCount) for (const pod of unready) used.set(pod, 0);
  const second = goal.ratioOf(used);
  if ('fault' in second) return second;
  return answer(turnedBack(ratio, second.ratio, used.size, present));
}

/** The replicas by the second ratio, unless the guesses turn the direction. */
function turnedBack(first: number, second: number, counted: number, { replicas, tolerances }: Present): number {
  if (isWithin(tolerances, second) || (first < 1 && second > 1) || (first > 1 && second < 1)) return replicas;
  const wanted = Math.ceil(second * counted);
  return (second < 1 && wanted > replicas) || (second > 1 && wanted < replicas) ? replicas : wanted;
}

interface Sorted {
  /** How many count as they are. */
  readonly ready: number;
  readonly unready: readonly string[];
  /** Those of which nothing is known. */
  readonly missing: readonly string[];
  readonly ignored: readonly string[];
}

function sorted({ pods, now }: Present, reading: PodReading, resource: string): Sorted {
  const groups = { ready: [] as string[], unready: [] as string[], missing: [] as string[], ignored: [] as string[] };
  for (const pod of pods) groups[groupOf(pod, reading, resource, now)].push(pod.metadata.name ?? '');
  return { ...groups, ready: groups.ready.length };
}

function groupOf(
  pod: Pod,
  reading: PodReading,
  resource: string,
  now: Instant,
): 'ready' | 'unready' | 'missing' | 'ignored' {
  if (isBeingDeleted(pod) || pod.status?.phase === 'Failed') return 'ignored';
  if (pod.status?.phase === 'Pending') return 'unready';
  const metric = reading.get(pod.metadata.name ?? '');
  if (!metric) return 'missing';
  return resource === 'cpu' && isStarting(pod, metric, now) ? 'unready' : 'ready';
}

/** Its use of the processor is that of a start, and says nothing of what it will need. */
function isStarting(pod: Pod, metric: PodMetric, now: Instant): boolean {
  const condition = podCondition(pod, 'Ready');
  const startedAt = parseTime(pod.status?.startTime ?? '');
  if (!condition || startedAt === undefined) return true;
  const changedAt = parseTime(condition.lastTransitionTime ?? '') ?? 0;
  if (startedAt + cpuInitializationPeriod > now)
    return condition.status === 'False' || metric.at < changedAt + metric.window;
  return condition.status === 'False' && startedAt + initialReadinessDelay > changedAt;
}

/** In thousandths: what the pod asks for as a whole where it says so, else what its containers ask for together. */
function requestOf(pod: Pod, resource: string, container: string | undefined): number | Fault {
  const { name = '' } = pod.metadata;
  const { containers, initContainers = [], resources } = pod.spec;
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  const running = [...containers, ...sidecars];
  if (container === undefined && asksAsWhole(resources?.requests)) {
    const request = resources?.requests?.[resource] ?? requestsOf(running, resource);
    return request === undefined
      ? { fault: `missing pod-level request for ${resource} in Pod ${name}` }
      : milliOf(request);
  }
  const asked = container === undefined ? running : running.filter((each) => each.name === container);
  if (container !== undefined && asked.length === 0)
    return { fault: `container ${container} not found in Pod ${name}` };
  const silent = asked.find((each) => each.resources?.requests?.[resource] === undefined);
  if (silent) return { fault: `missing request for ${resource} in container ${silent.name} of Pod ${name}` };
  return sumOf(asked.map((each) => milliOf(each.resources?.requests?.[resource] ?? '0')));
}

const asksAsWhole = (requests: Readonly<Record<string, string>> | undefined): boolean =>
  Object.keys(requests ?? {}).some((name) => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-'));

const mostReplicas = 2 ** 31 - 1;

/** For a ratio that is not about the pods: as many as are ready now, times the ratio. */
export function replicasForRatio(ratio: number, { pods, replicas, tolerances }: Present): number | Fault {
  if (replicas === 0) return Math.ceil(ratio);
  if (isWithin(tolerances, ratio)) return replicas;
  if (pods.length === 0) return { fault: `unable to calculate ready pods: ${noPods}` };
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isReady(pod)).length;
  return Math.min(mostReplicas, Math.ceil(ratio * ready));
}

/** For a total that every pod takes its share of. Both in thousandths. */
export function replicasForShare(
  total: number,
  target: number,
  { replicas, tolerances }: Pick<Present, 'replicas' | 'tolerances'>,
): Wanted {
  const few = isWithin(tolerances, total / (target * replicas));
  return {
    replicas: few ? replicas : Math.min(mostReplicas, Math.ceil(total / target)),
    average: wholeNumber(Math.ceil(total / replicas)),
  };
}

/** What Go makes of a division by zero replicas. */
const wholeNumber = (value: number): number => (Number.isFinite(value) ? value : -(2 ** 63));
