// Whether a node takes a pod that was bound to it: the checks a kubelet repeats, because anybody may bind anything.

import { bytesOf, milliOf } from '../base/quantity.ts';
import { selectorOfRequirements } from '../base/selectors.ts';
import type { Container, Node, NodeSelectorTerm, Pod } from '../kinds/generated/types/core-v1.ts';

export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** Why `node`, which holds the pods `others`, refuses this one. */
export function refusalOf(pod: Pod, node: Node, others: readonly Pod[]): Refusal | undefined {
  return resourceRefusal(pod, node, others) ?? predicateRefusal(pod, node, others);
}

function predicateRefusal(pod: Pod, node: Node, others: readonly Pod[]): Refusal | undefined {
  const failed = (name: string, text: string): Refusal => ({
    reason: name,
    message: `Predicate ${name} failed: ${text}`,
  });
  if (!matchesNode(pod, node)) return failed('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
  const taken = new Set(others.flatMap(hostPorts));
  if (hostPorts(pod).some((port) => taken.has(port)))
    return failed('NodePorts', "node(s) didn't have free ports for the requested pod ports");
  return undefined;
}

function resourceRefusal(pod: Pod, node: Node, others: readonly Pod[]): Refusal | undefined {
  const { allocatable = {} } = node.status ?? {};
  const checks = [
    { name: 'pods', requested: 1, used: others.length, capacity: Number(allocatable.pods ?? Infinity) },
    ...(['cpu', 'memory', 'ephemeral-storage'] as const).map((name) => ({
      name,
      requested: requestOf(pod, name),
      used: others.reduce((sum, other) => sum + requestOf(other, name), 0),
      capacity: allocatable[name] === undefined ? Infinity : amountOf(name, allocatable[name]),
    })),
  ];
  const short = checks.find(({ requested, used, capacity }) => requested > 0 && requested + used > capacity);
  return (
    short && {
      reason: `OutOf${short.name}`,
      message: `Node didn't have enough resource: ${short.name}, requested: ${short.requested}, used: ${short.used}, capacity: ${short.capacity}`,
    }
  );
}

/** Processors count in thousandths, everything else in bytes. */
const amountOf = (name: string, quantity: string): number => (name === 'cpu' ? milliOf(quantity) : bytesOf(quantity));

/** What a pod asks for: its containers and sidecars together, or the greediest moment of its start if that is more. */
export function requestOf(pod: Pod, name: 'cpu' | 'memory' | 'ephemeral-storage'): number {
  const of = (resources: Container['resources']) => amountOf(name, resources?.requests?.[name] ?? '0');
  let sidecars = 0;
  let peak = 0;
  for (const { resources, restartPolicy } of pod.spec.initContainers ?? []) {
    peak = Math.max(peak, sidecars + of(resources));
    if (restartPolicy === 'Always') sidecars += of(resources);
  }
  const together = pod.spec.containers.reduce((sum, { resources }) => sum + of(resources), sidecars);
  const asked = pod.spec.resources?.requests?.[name];
  return (
    (asked === undefined ? Math.max(together, peak) : amountOf(name, asked)) +
    amountOf(name, pod.spec.overhead?.[name] ?? '0')
  );
}

const hostPorts = (pod: Pod): string[] =>
  pod.spec.containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, protocol = 'TCP' }) => (hostPort ? [`${protocol}/${hostPort}`] : [])),
  );

function matchesNode(pod: Pod, node: Node): boolean {
  const { labels = {}, name = '' } = node.metadata;
  if (Object.entries(pod.spec.nodeSelector ?? {}).some(([key, value]) => labels[key] !== value)) return false;
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return !terms || terms.some((term) => termMatches(term, labels, name));
}

function termMatches(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  labels: Record<string, string>,
  name: string,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const selector = (requirements: typeof matchFields) =>
    selectorOfRequirements(requirements.map(({ key, operator, values = [] }) => ({ key, operator, values })));
  return selector(matchExpressions).matches(labels) && selector(matchFields).matches({ 'metadata.name': name });
}
