// Spreads pods over zones and hosts: refuses nodes that would make it too uneven, likes those in the emptiest domains.

import type { PluginArgs } from '../configuration/plugin-args.ts';
import { deepEqual } from '../../base/equal.ts';
import { nothing, type Selector, selectorFromSet, selectorOf, selectorOfRequirements } from '../../base/selectors.ts';
import type { ReplicaSet } from '../../kinds/apps/replica-set.ts';
import type { StatefulSet } from '../../kinds/apps/stateful-set.ts';
import type { TopologySpreadConstraint } from '../../kinds/generated/types/core-v1.ts';
import type { Node } from '../../kinds/core/node.ts';
import { hasUntoleratedTaint, requiredNodesOf, tolerationsChanged } from '../node-selection.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import { impossible, type NodeFilter, type NodeScorer, type Plugin, refused } from '../plugin.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Domains, Scope } from '../tally.ts';
import type { ClusterView } from '../view.ts';

const uneven = refused("node(s) didn't match pod topology spread constraints");
const keyless = impossible("node(s) didn't match pod topology spread constraints (missing required label)");

const hostname = 'kubernetes.io/hostname';

/** What Kubernetes prefers for pods of a Service or workload that say nothing themselves. */
const systemDefaults: readonly TopologySpreadConstraint[] = [
  { topologyKey: hostname, maxSkew: 3, whenUnsatisfiable: 'ScheduleAnyway' },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5, whenUnsatisfiable: 'ScheduleAnyway' },
];

interface Constraint {
  readonly key: string;
  /** Nodes without the key are left out, as for all but the system's defaults. */
  readonly required: boolean;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly selector: Selector;
  /** By which pods are counted. */
  readonly counted: Selector;
  /** The nodes whose pods count. */
  readonly scope: Scope;
}

export const podTopologySpread = (args: PluginArgs['PodTopologySpread']): Plugin => ({
  name: 'PodTopologySpread',
  weight: 2,
  filter: (pod, snapshot) => filter(pod, snapshot, constraintsFor('DoNotSchedule', pod, snapshot, args)),
  score: (pod, snapshot, nodes) => score(pod, snapshot, nodes, constraintsFor('ScheduleAnyway', pod, snapshot, args)),
  wakes: {
    PodPlaced: (pod, { pod: other }) => countedBySome(pod, other),
    PodChanged: (pod, { pod: other, previous }) =>
      pod.namespace === other.namespace && movesCounts(pod, other, previous),
    PodGone: (pod, { pod: other }) => countedBySome(pod, other),
    OwnChange: (pod, { previous }) =>
      (tolerationsChanged(pod, previous) && hardOf(pod).some(({ nodeTaintsPolicy }) => nodeTaintsPolicy === 'Honor')) ||
      movesCounts(pod, pod, previous),
    NodeAdded: (pod, { node }) => hasTopology(node, pod),
    NodeGone: (pod, { node }) => hasTopology(node, pod),
    NodeChanged: (pod, { node, previous }) =>
      hasTopology(node, pod) !== hasTopology(previous, pod) ||
      (hasTopology(node, pod) &&
        (hardOf(pod).some(({ topologyKey: key }) => node.metadata.labels?.[key] !== previous.metadata.labels?.[key]) ||
          !deepEqual(node.spec?.taints, previous.spec?.taints))),
  },
});

const hardOf = ({ pod }: PodInfo): readonly TopologySpreadConstraint[] =>
  (pod.spec?.topologySpreadConstraints ?? []).filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule');

/** Pods without constraints of their own were refused by default ones, which speak of what their workload selects. */
const countedBySome = (pod: PodInfo, other: PodInfo): boolean =>
  pod.namespace === other.namespace &&
  (hardOf(pod).length === 0 || hardOf(pod).some((each) => selectorFor(each, pod).matches(other.labels)));

const movesCounts = (pod: PodInfo, other: PodInfo, previous: PodInfo): boolean =>
  !deepEqual(other.labels, previous.labels) &&
  hardOf(pod).some((each) => {
    const selector = selectorFor(each, pod);
    return selector.matches(other.labels) !== selector.matches(previous.labels);
  });

const hasTopology = ({ metadata }: Node, pod: PodInfo): boolean =>
  hardOf(pod).every(({ topologyKey }) => metadata.labels?.[topologyKey] !== undefined);

function filter(pod: PodInfo, snapshot: Snapshot, constraints: readonly Constraint[]): NodeFilter | undefined {
  if (constraints.length === 0) return undefined;
  const spreads = constraints.map((constraint) => {
    const self = constraint.selector.matches(pod.labels) ? 1 : 0;
    return { ...constraint, self, domains: domainsOf(constraint, pod, snapshot), shifted: { value: '', by: 0 } };
  });
  return {
    shift(other, node, by) {
      if (other.namespace !== pod.namespace) return;
      for (const { selector, scope, key, shifted } of spreads) {
        if (!scope.includes(node) || !selector.matches(other.labels)) continue;
        shifted.value = node.labels[key] ?? '';
        shifted.by += by;
      }
    },
    check({ labels }) {
      for (const spread of spreads) {
        const value = labels[spread.key];
        if (value === undefined) return keyless;
        if (numberIn(spread, value) + spread.self - fewestIn(spread) > spread.maxSkew) return uneven;
      }
      return undefined;
    },
  };
}

interface Spread extends Constraint {
  readonly domains: Domains;
  /** What pods reckoned to come or go make different. They are all on one node. */
  readonly shifted: { value: string; by: number };
}

const numberIn = ({ domains, shifted }: Spread, value: string): number =>
  domains.get(value) + (shifted.by !== 0 && shifted.value === value ? shifted.by : 0);

/** Too few domains count as if there were an empty one. */
function fewestIn(spread: Spread): number {
  const { domains, minDomains, shifted } = spread;
  if (domains.size < minDomains) return 0;
  if (shifted.by === 0) return domains.least();
  return Math.min(domains.least(shifted.value), numberIn(spread, shifted.value));
}

const domainsOf = ({ key, counted, scope }: Constraint, { namespace }: PodInfo, snapshot: Snapshot): Domains =>
  snapshot.counts([namespace], counted, 'staying').domains(key, scope);

function score(
  pod: PodInfo,
  snapshot: Snapshot,
  nodes: readonly NodeInfo[],
  constraints: readonly Constraint[],
): NodeScorer | undefined {
  if (constraints.length === 0) return undefined;
  const outside = new Set<number>();
  nodes.forEach(({ labels }, i) => {
    if (constraints.some(({ key, required }) => required && labels[key] === undefined)) outside.add(i);
  });
  const scored = outside.size > 0 ? nodes.filter((_, i) => !outside.has(i)) : nodes;
  const parts = constraints.map((constraint) => partOf(constraint, pod, snapshot, scored));
  return {
    score(node) {
      let sum = 0;
      for (const { key, number, factor, free } of parts) {
        if (node.labels[key] !== undefined) sum += number(node) * factor + free;
      }
      return Math.round(sum);
    },
    normalize: (scores) => fewestFirst(scores, outside),
  };
}

interface Part {
  readonly key: string;
  /** Pods in the node's domain; on a host, which is its own, whatever the inclusion policies say. */
  number(node: NodeInfo): number;
  /** Rarer domains weigh less: the logarithm of how many there are. */
  readonly factor: number;
  readonly free: number;
}

function partOf(constraint: Constraint, pod: PodInfo, snapshot: Snapshot, scored: readonly NodeInfo[]): Part {
  const { key, counted, maxSkew } = constraint;
  const common = { key, free: maxSkew - 1 };
  if (key === hostname) {
    const tally = snapshot.counts([pod.namespace], counted, 'staying');
    return { ...common, number: tally.on, factor: Math.log(scored.length + 2) };
  }
  const domains = domainsOf(constraint, pod, snapshot);
  const values = new Set<string | undefined>();
  for (const { labels } of scored) values.add(labels[key]);
  return { ...common, number: ({ labels }) => domains.get(labels[key]), factor: Math.log(values.size + 2) };
}

/** The node with the fewest gets the most, in proportion; nodes outside get nothing. */
function fewestFirst(scores: number[], outside: ReadonlySet<number>): void {
  let [least, most] = [Number.MAX_SAFE_INTEGER, 0];
  scores.forEach((score, i) => {
    if (outside.has(i)) return;
    if (score < least) least = score;
    if (score > most) most = score;
  });
  scores.forEach((score, i) => {
    if (outside.has(i)) scores[i] = 0;
    else scores[i] = most === 0 ? 100 : Math.trunc((100 * (most + least - score)) / most);
  });
}

/** The pod's own constraints with this action; where it has none at all, the default ones for what its workload selects. */
function constraintsFor(
  action: TopologySpreadConstraint['whenUnsatisfiable'],
  pod: PodInfo,
  snapshot: Snapshot,
  { defaultingType, defaultConstraints }: PluginArgs['PodTopologySpread'],
): readonly Constraint[] {
  const own = pod.pod.spec?.topologySpreadConstraints ?? [];
  const isSystem = own.length === 0 && defaultingType === 'System';
  const meant = own.length > 0 ? own : isSystem ? systemDefaults : defaultConstraints;
  const list = meant.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action);
  if (list.length === 0) return [];
  const shared = own.length > 0 ? undefined : workloadSelector(pod, snapshot);
  if (shared?.requirements.length === 0) return [];
  const keys = isSystem ? [] : list.map(({ topologyKey }) => topologyKey);
  return list.map((constraint) => {
    const selector = shared ?? selectorFor(constraint, pod);
    return {
      key: constraint.topologyKey,
      required: !isSystem,
      maxSkew: constraint.maxSkew,
      minDomains: constraint.minDomains ?? 1,
      selector,
      counted: countedBy(selector),
      scope: scopeOf(constraint, pod, keys),
    };
  });
}

/** An empty selector matches every pod, but Kubernetes counts none by it. */
const countedBy = (selector: Selector): Selector => (selector.requirements.length === 0 ? nothing : selector);

/** Nodes that have all the keys and are not left out by the constraint's inclusion policies. */
function scopeOf(
  { nodeAffinityPolicy, nodeTaintsPolicy }: Pick<TopologySpreadConstraint, 'nodeAffinityPolicy' | 'nodeTaintsPolicy'>,
  { pod }: PodInfo,
  keys: readonly string[],
): Scope {
  const test = nodeAffinityPolicy === 'Ignore' ? undefined : requiredNodesOf(pod);
  const tolerations = nodeTaintsPolicy === 'Honor' ? (pod.spec?.tolerations ?? []) : undefined;
  const required = test && [pod.spec?.nodeSelector, pod.spec?.affinity?.nodeAffinity];
  return {
    key: `${keys.join()}${required ? JSON.stringify(required) : ''}${tolerations ? JSON.stringify(tolerations) : ''}`,
    includes: (node) =>
      keys.every((key) => node.labels[key] !== undefined) &&
      (!test || test(node)) &&
      !(tolerations && hasUntoleratedTaint(node.taints, tolerations)),
  };
}

/** The constraint's selector, narrowed to pods that share the pod's values of `matchLabelKeys`. */
function selectorFor(constraint: TopologySpreadConstraint, pod: PodInfo): Selector {
  const selector = selectorOf(constraint.labelSelector, 'nothing');
  const shared = (constraint.matchLabelKeys ?? []).filter((key) => pod.labels[key] !== undefined);
  if (shared.length === 0 || !constraint.labelSelector) return selector;
  const requirements = shared.map((key) => ({ key, operator: 'In' as const, values: [pod.labels[key] ?? ''] }));
  return selectorOfRequirements([...selector.requirements, ...requirements]);
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
  const type = `${owner?.apiVersion} ${owner?.kind}`;
  if (owner && type === 'v1 ReplicationController') {
    Object.assign(set, view.replicationController(pod.namespace, owner.name)?.spec?.selector);
  }
  const { requirements } = selectorFromSet(set);
  const controlled = owner && selectingOwners[type]?.(view, pod.namespace, owner.name)?.spec?.selector;
  return selectorOfRequirements(
    controlled ? [...requirements, ...selectorOf(controlled, 'nothing').requirements] : requirements,
  );
}

const selectingOwners: Readonly<
  Record<string, (view: ClusterView, namespace: string, name: string) => ReplicaSet | StatefulSet | undefined>
> = {
  'apps/v1 ReplicaSet': (view, namespace, name) => view.replicaSet(namespace, name),
  'apps/v1 StatefulSet': (view, namespace, name) => view.statefulSet(namespace, name),
};
