// Spreads pods over zones and hosts: refuses nodes that would make it too uneven, likes those in the emptiest domains.

import { deepEqual } from '../../base/equal.ts';
import { type Selector, selectorFromSet, selectorOf, selectorOfRequirements } from '../../base/selectors.ts';
import type { TopologySpreadConstraint } from '../../kinds/generated/types/core-v1.ts';
import { hasUntoleratedTaint, type NodeTest, requiredNodesOf } from '../node-selection.ts';
import type { NodeInfo } from '../node-info.ts';
import { isTerminating, type PodInfo } from '../pod-info.ts';
import { impossible, type NodeFilter, type NodeScorer, type Plugin, refused } from '../plugin.ts';
import type { PodCounts, Snapshot } from '../snapshot.ts';

const uneven = refused("node(s) didn't match pod topology spread constraints");
const keyless = impossible("node(s) didn't match pod topology spread constraints (missing required label)");

const hostname = 'kubernetes.io/hostname';

/** What Kubernetes prefers for pods of a Service or workload that say nothing themselves. */
const systemDefaults = [
  { topologyKey: hostname, maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
];

interface Constraint {
  readonly key: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly selector: Selector;
  /** Whether a node's pods count, by the constraint's inclusion policies. */
  includes(node: NodeInfo): boolean;
}

export const podTopologySpread: Plugin = {
  name: 'PodTopologySpread',
  weight: 2,
  filter,
  score,
  wakes: {
    PodPlaced: (pod, event) => event.name === 'PodPlaced' && counted(pod, event.pod),
    PodChanged: (pod, event) =>
      event.name === 'PodChanged' &&
      (counted(pod, event.pod) !== counted(pod, event.previous) ||
        isTerminating(event.pod) !== isTerminating(event.previous)),
    PodGone: (pod, event) => event.name === 'PodGone' && counted(pod, event.pod),
    NodeAdded: true,
    NodeChanged: (_, event) =>
      event.name === 'NodeChanged' &&
      (!deepEqual(event.node.metadata.labels, event.previous.metadata.labels) ||
        !deepEqual(event.node.spec?.taints, event.previous.spec?.taints)),
  },
};

const counted = (pod: PodInfo, other: PodInfo): boolean =>
  pod.namespace === other.namespace &&
  (pod.pod.spec?.topologySpreadConstraints ?? []).some((each) => selectorFor(each, pod).matches(other.labels));

function filter(pod: PodInfo, snapshot: Snapshot): NodeFilter | undefined {
  const constraints = constraintsOf(pod, 'DoNotSchedule');
  if (constraints.length === 0) return undefined;
  const spreads = constraints.map((constraint) => ({
    ...constraint,
    self: constraint.selector.matches(pod.labels) ? 1 : 0,
    domains: new Map<string, number>(),
  }));
  const hasAllKeys = ({ labels }: NodeInfo) => constraints.every(({ key }) => labels[key] !== undefined);

  const countsOf = constraints.map(({ selector }) => snapshot.counts([pod.namespace], selector, 'staying'));
  for (const node of snapshot.nodes()) {
    if (!hasAllKeys(node)) continue;
    for (const [i, { key, includes, domains }] of spreads.entries()) {
      if (includes(node)) increase(domains, node.labels[key] ?? '', countsOf[i]?.[node.slot] ?? 0);
    }
  }
  const fewest = spreads.map(fewestIn);

  return {
    shift(other, node, by) {
      if (other.namespace !== pod.namespace || isTerminating(other) || !hasAllKeys(node)) return;
      for (const [i, spread] of spreads.entries()) {
        if (!spread.includes(node) || !spread.selector.matches(other.labels)) continue;
        increase(spread.domains, node.labels[spread.key] ?? '', by);
        fewest[i] = fewestIn(spread);
      }
    },
    check({ labels }) {
      for (let i = 0; i < spreads.length; i++) {
        const spread = spreads[i] as (typeof spreads)[number];
        const value = labels[spread.key];
        if (value === undefined) return keyless;
        const skew = (spread.domains.get(value) ?? 0) + spread.self - (fewest[i] ?? 0);
        if (skew > spread.maxSkew) return uneven;
      }
      return undefined;
    },
  };
}

/** Too few domains count as if there were an empty one. */
function fewestIn({ domains, minDomains }: { domains: Map<string, number>; minDomains: number }): number {
  if (domains.size < minDomains) return 0;
  let fewest = Number.MAX_SAFE_INTEGER;
  for (const number of domains.values()) if (number < fewest) fewest = number;
  return fewest;
}

const increase = (domains: Map<string, number>, value: string, by: number): void =>
  void domains.set(value, (domains.get(value) ?? 0) + by);

function score(pod: PodInfo, snapshot: Snapshot, nodes: readonly NodeInfo[]): NodeScorer | undefined {
  const own = (pod.pod.spec?.topologySpreadConstraints ?? []).length > 0;
  const constraints = own ? constraintsOf(pod, 'ScheduleAnyway') : defaultConstraints(pod, snapshot);
  if (constraints.length === 0) return undefined;
  const ignored = ({ labels }: NodeInfo) => own && constraints.some(({ key }) => labels[key] === undefined);
  const scored = nodes.filter((node) => !ignored(node));
  const parts = constraints.map((constraint) => partOf(constraint, pod, snapshot, scored));
  const outside = new Set<number>();
  for (const [i, node] of nodes.entries()) if (ignored(node)) outside.add(i);
  return {
    score(node) {
      if (outside.size > 0 && ignored(node)) return 0;
      let sum = 0;
      for (const part of parts) {
        const value = node.labels[part.key];
        if (value === undefined) continue;
        const number = part.domains ? (part.domains.get(value) ?? 0) : (part.counts[node.slot] ?? 0);
        sum += number * part.factor + part.free;
      }
      return Math.round(sum);
    },
    normalize: (scores) => fewestFirst(scores, outside),
  };
}

interface Part {
  readonly key: string;
  readonly counts: PodCounts;
  /** Pods per domain; undefined for hosts, each of which is its own. */
  readonly domains: Map<string, number> | undefined;
  /** Rarer domains weigh less: the logarithm of how many there are. */
  readonly factor: number;
  readonly free: number;
}

function partOf(constraint: Constraint, pod: PodInfo, snapshot: Snapshot, scored: readonly NodeInfo[]): Part {
  const { key, selector, includes, maxSkew } = constraint;
  const counts = snapshot.counts([pod.namespace], selector, 'staying');
  const common = { key, counts, free: maxSkew - 1 };
  if (key === hostname) return { ...common, domains: undefined, factor: Math.log(scored.length + 2) };
  const domains = new Map<string, number>();
  for (const { labels } of scored) if (labels[key] !== undefined) domains.set(labels[key], 0);
  if (domains.size > 0) {
    for (const node of snapshot.nodes()) {
      const value = node.labels[key];
      const number = counts[node.slot];
      if (number && value !== undefined && domains.has(value) && includes(node)) increase(domains, value, number);
    }
  }
  return { ...common, domains, factor: Math.log(domains.size + 2) };
}

/** The node with the fewest gets the most, in proportion; nodes outside get nothing. */
function fewestFirst(scores: number[], outside: ReadonlySet<number>): void {
  let [least, most] = [Number.MAX_SAFE_INTEGER, 0];
  for (const [i, score] of scores.entries()) {
    if (outside.has(i)) continue;
    if (score < least) least = score;
    if (score > most) most = score;
  }
  for (const [i, score] of scores.entries()) {
    if (outside.has(i)) scores[i] = 0;
    else scores[i] = most === 0 ? 100 : Math.trunc((100 * (most + least - score)) / most);
  }
}

function constraintsOf(pod: PodInfo, action: TopologySpreadConstraint['whenUnsatisfiable']): Constraint[] {
  const own = (pod.pod.spec?.topologySpreadConstraints ?? []).filter((each) => each.whenUnsatisfiable === action);
  if (own.length === 0) return [];
  const allowed = requiredNodesOf(pod.pod);
  return own.map((constraint) => ({
    key: constraint.topologyKey,
    maxSkew: constraint.maxSkew,
    minDomains: constraint.minDomains ?? 1,
    selector: selectorFor(constraint, pod),
    includes: inclusionOf(constraint, pod, allowed),
  }));
}

function inclusionOf(constraint: TopologySpreadConstraint, pod: PodInfo, allowed: NodeTest | undefined) {
  const test = constraint.nodeAffinityPolicy === 'Ignore' ? undefined : allowed;
  const tolerations = pod.pod.spec?.tolerations ?? [];
  const honorTaints = constraint.nodeTaintsPolicy === 'Honor';
  return (node: NodeInfo): boolean =>
    (!test || test(node)) && !(honorTaints && hasUntoleratedTaint(node.taints, tolerations));
}

/** The constraint's selector, narrowed to pods that share the pod's values of `matchLabelKeys`. */
function selectorFor(constraint: TopologySpreadConstraint, pod: PodInfo): Selector {
  const selector = selectorOf(constraint.labelSelector, 'nothing');
  const shared = (constraint.matchLabelKeys ?? []).filter((key) => pod.labels[key] !== undefined);
  if (shared.length === 0 || !constraint.labelSelector) return selector;
  const requirements = shared.map((key) => ({ key, operator: 'In' as const, values: [pod.labels[key] ?? ''] }));
  return selectorOfRequirements([...selector.requirements, ...requirements]);
}

function defaultConstraints(pod: PodInfo, snapshot: Snapshot): Constraint[] {
  const selector = workloadSelector(pod, snapshot);
  if (selector.requirements.length === 0) return [];
  const allowed = requiredNodesOf(pod.pod);
  const includes = (node: NodeInfo) => !allowed || allowed(node);
  return systemDefaults.map(({ topologyKey, maxSkew }) => ({
    key: topologyKey,
    maxSkew,
    minDomains: 1,
    selector,
    includes,
  }));
}

/** What the Services of a pod and its controller select, together. */
function workloadSelector(pod: PodInfo, { view }: Snapshot): Selector {
  const set: Record<string, string> = {};
  for (const { spec } of view.services(pod.namespace)) {
    const wanted = Object.entries(spec?.selector ?? {});
    if (wanted.length > 0 && wanted.every(([key, value]) => pod.labels[key] === value))
      Object.assign(set, spec?.selector);
  }
  const owner = pod.pod.metadata.ownerReferences?.find(({ controller }) => controller);
  if (owner?.kind === 'ReplicationController') {
    Object.assign(set, view.replicationController(pod.namespace, owner.name)?.spec?.selector);
  }
  const { requirements } = selectorFromSet(set);
  const controlled =
    owner?.kind === 'ReplicaSet'
      ? view.replicaSet(pod.namespace, owner.name)?.spec?.selector
      : owner?.kind === 'StatefulSet'
        ? view.statefulSet(pod.namespace, owner.name)?.spec?.selector
        : undefined;
  return controlled
    ? selectorOfRequirements([...requirements, ...selectorOf(controlled, 'nothing').requirements])
    : selectorOfRequirements(requirements);
}
