// Who has to go when a node runs short, and who may not come: the kubelet's order and words.

import { bytesOf, quantityOfNumber } from '../base/quantity.ts';
import { qosClassOf } from '../kinds/core/pod/qos.ts';
import type { Pod } from '../kinds/generated/types/core-v1.ts';
import { requestOf, type Refusal } from './admission.ts';
import { signals, type PressureCondition, type Shortage } from './pressure.ts';

/** A pod that might go, with what its running containers use, in bytes. */
export interface Candidate {
  readonly pod: Pod;
  readonly usage: readonly { readonly name: string; readonly memory: number }[];
}

export interface Eviction {
  readonly pod: Pod;
  readonly message: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export const evictedReason = 'Evicted';

/** At most one pod goes at a time. */
export function planEviction(shortage: Shortage, candidates: readonly Candidate[]): Eviction | undefined {
  const order = [...candidates].sort((a, b) => compare(ranksOf(a, shortage), ranksOf(b, shortage)));
  const first = order.find(({ pod }) => !isCritical(pod));
  return first && { pod: first.pod, ...evictionText(shortage, first) };
}

/** Smaller goes first: those of which nothing is measured, those above their requests, the less important, those most above. */
function ranksOf({ pod, usage }: Candidate, { of }: Shortage): readonly number[] {
  const { priority = 0 } = pod.spec;
  // Simulated containers use no disk, and one process each.
  const isMeasured = usage.length > 0 ? 1 : 0;
  if (of === 'pid') return [priority, isMeasured, -usage.length];
  if (of === 'disk') return [isMeasured, priority, requestOf(pod, 'ephemeral-storage')];
  const excess = usage.reduce((sum, { memory }) => sum + memory, 0) - requestOf(pod, 'memory');
  return [isMeasured, excess > 0 ? 0 : 1, priority, -excess];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((rank, i) => rank !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

function evictionText({ of, available }: Shortage, { pod, usage }: Candidate): Omit<Eviction, 'pod'> {
  const { resource, threshold } = signals[of];
  const containers = new Map(
    [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map((container) => [container.name, container]),
  );
  const greedy = usage.flatMap(({ name, memory }) => {
    const container = of === 'memory' ? containers.get(name) : undefined;
    const request = container?.resources?.requests?.memory ?? '0';
    return container && memory > bytesOf(request) ? [{ name, used: bytes(memory), request }] : [];
  });
  const podRequest = of === 'memory' ? pod.spec.resources?.requests?.memory : undefined;
  const podUse = bytes(usage.reduce((sum, { memory }) => sum + memory, 0));
  const sentences = [
    `The node was low on resource: ${resource}. `,
    `Threshold quantity: ${bytes(threshold)}, available: ${bytes(available)}. `,
    ...(podRequest === undefined ? [] : [larger('Pod', pod.metadata.name ?? '', podUse, podRequest)]),
    ...greedy.map(({ name, used, request }) => larger('Container', name, used, request)),
  ];
  return {
    message: sentences.join(''),
    annotations: {
      ...(podRequest !== undefined && { offending_pod: pod.metadata.name ?? '', offending_pod_usage: podUse }),
      offending_containers: greedy.map(({ name }) => name).join(','),
      offending_containers_usage: greedy.map(({ used }) => used).join(','),
      starved_resource: resource,
    },
  };
}

const larger = (what: string, name: string, used: string, request: string): string =>
  `${what} ${name} was using ${used}, request is ${request}, has larger consumption of memory. `;

const bytes = (value: number): string => quantityOfNumber(value, 'BinarySI').text;

const systemCritical = 2_000_000_000;

/** Static pods, their mirrors, and those of the system's classes stay. */
const isCritical = ({ metadata: { annotations = {} }, spec: { priority = 0 } }: Pod): boolean =>
  'kubernetes.io/config.mirror' in annotations || priority >= systemCritical;

/** Why a node under pressure takes no such pod. Short of memory alone, it refuses only those that ask for nothing. */
export function pressureRefusal(pod: Pod, conditions: readonly PressureCondition[]): Refusal | undefined {
  if (conditions.length === 0 || isCritical(pod)) return undefined;
  const onlyMemory = conditions.every((condition) => condition === 'MemoryPressure');
  if (onlyMemory && (qosClassOf(pod.spec) !== 'BestEffort' || toleratesMemoryPressure(pod))) return undefined;
  return { reason: evictedReason, message: `The node had condition: [${conditions.join(' ')}]. ` };
}

const toleratesMemoryPressure = ({ spec: { tolerations = [] } }: Pod): boolean =>
  tolerations.some(
    ({ key, operator = 'Equal', value = '', effect }) =>
      (effect === undefined || effect === 'NoSchedule') &&
      (key === 'node.kubernetes.io/memory-pressure' || (key === undefined && operator === 'Exists')) &&
      (operator === 'Exists' || value === ''),
  );
