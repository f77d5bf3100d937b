// What is counted along decides as if everything were counted anew, node by node and pod by pod, for each decision.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { selectorOf } from '../base/selectors.ts';
import type { LabelSelector } from '../kinds/generated/types/meta-v1.ts';
import type {
  PodAffinity,
  PodAffinityTerm,
  PodSpec,
  TopologySpreadConstraint,
} from '../kinds/generated/types/core-v1.ts';
import type { Pod } from '../kinds/core/pod.ts';
import { type Decision, decide } from './decide.ts';
import { hasUntoleratedTaint, requiredNodesOf } from './node-selection.ts';
import type { NodeInfo } from './node-info.ts';
import { type AffinityTerm, isTerminating, type PodInfo, podInfoOf, termMatches } from './pod-info.ts';
import { impossible, type NodeFilter, type Plugin, refused } from './plugin.ts';
import { plugins } from './plugins/index.ts';
import { sampleNode, samplePod } from './samples.ts';
import { createSnapshot, type Snapshot } from './snapshot.ts';
import { emptyView } from './view.ts';

const namespaces: Record<string, Record<string, string>> = { default: { team: 'a' }, other: { team: 'b' } };
const view = {
  ...emptyView,
  namespaces: () => Object.entries(namespaces).map(([name, labels]) => ({ metadata: { name, labels }, spec: {} })),
  namespaceLabels: (name: string) => namespaces[name],
};

// The naive pass

interface Placed {
  readonly pod: PodInfo;
  readonly node: NodeInfo;
}

const placedIn = (snapshot: Snapshot): Placed[] =>
  snapshot.nodes().flatMap((node) => [...node.pods.values()].map((pod) => ({ pod, node })));

const matches = (term: AffinityTerm, pod: PodInfo): boolean => termMatches(term, pod, namespaces[pod.namespace]);

const together = (key: string, a: NodeInfo, b: NodeInfo): boolean =>
  a.labels[key] !== undefined && a.labels[key] === b.labels[key];

/** The filters of a pod, over whichever pods are reckoned to be there. */
function naiveFilter(check: (pods: readonly Placed[], node: NodeInfo) => ReturnType<NodeFilter['check']>) {
  return (snapshot: Snapshot): NodeFilter => {
    const pods = placedIn(snapshot);
    return {
      shift(pod, node, by) {
        if (by === 1) pods.push({ pod, node });
        else
          pods.splice(
            pods.findIndex((placed) => placed.pod === pod),
            1,
          );
      },
      check: (node) => check(pods, node),
    };
  };
}

const naiveAffinity = (pod: PodInfo) =>
  naiveFilter((pods, node) => {
    const meeting = pods.filter(({ pod: other }) => pod.affinity.every((term) => matches(term, other)));
    const near = ({ topologyKey }: AffinityTerm) =>
      meeting.some(({ node: there }) => together(topologyKey, there, node));
    const nowhere = meeting.every(({ node: { labels } }) =>
      pod.affinity.every(({ topologyKey }) => labels[topologyKey] === undefined),
    );
    const hasKeys = pod.affinity.every(({ topologyKey }) => node.labels[topologyKey] !== undefined);
    const isFirst = nowhere && pod.affinity.every((term) => matches(term, pod));
    if (!hasKeys || !(pod.affinity.every(near) || isFirst))
      return impossible("node(s) didn't match pod affinity rules");
    const meets = (from: PodInfo, to: PodInfo, there: NodeInfo) =>
      from.antiAffinity.some((term) => matches(term, to) && together(term.topologyKey, there, node));
    if (pods.some(({ pod: other, node: there }) => meets(pod, other, there)))
      return refused("node(s) didn't match pod anti-affinity rules");
    return pods.some(({ pod: other, node: there }) => meets(other, pod, there))
      ? refused("node(s) didn't satisfy existing pods anti-affinity rules")
      : undefined;
  });

/** Otherwise nothing is refused, whatever the pods want that are promised room. */
const isAffected = (pod: PodInfo, snapshot: Snapshot): boolean =>
  pod.affinity.length + pod.antiAffinity.length > 0 ||
  placedIn(snapshot).some(({ pod: { antiAffinity }, node: { labels } }) =>
    antiAffinity.some((term) => matches(term, pod) && labels[term.topologyKey] !== undefined),
  );

function naiveLiking(pod: PodInfo, snapshot: Snapshot, node: NodeInfo): number {
  let sum = 0;
  for (const { pod: other, node: there } of placedIn(snapshot)) {
    const near = (key: string): number => (together(key, there, node) ? 1 : 0);
    for (const term of pod.preferred) if (matches(term, other)) sum += term.weight * near(term.topologyKey);
    for (const term of other.preferred) if (matches(term, pod)) sum += term.weight * near(term.topologyKey);
    for (const term of other.affinity) if (matches(term, pod)) sum += near(term.topologyKey);
  }
  return sum;
}

const constraintsOf = (pod: PodInfo, action: TopologySpreadConstraint['whenUnsatisfiable']) =>
  (pod.pod.spec?.topologySpreadConstraints ?? []).filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action);

const hasKeys = (constraints: readonly TopologySpreadConstraint[], { labels }: NodeInfo): boolean =>
  constraints.every(({ topologyKey }) => labels[topologyKey] !== undefined);

function isIncluded({ pod }: PodInfo, constraint: TopologySpreadConstraint, node: NodeInfo): boolean {
  const test = requiredNodesOf(pod);
  const { nodeAffinityPolicy, nodeTaintsPolicy } = constraint;
  if (nodeAffinityPolicy !== 'Ignore' && test && !test(node)) return false;
  return nodeTaintsPolicy !== 'Honor' || !hasUntoleratedTaint(node.taints, pod.spec?.tolerations ?? []);
}

function isCounted(constraint: TopologySpreadConstraint, pod: PodInfo, other: PodInfo): boolean {
  const shared = (constraint.matchLabelKeys ?? []).every(
    (key) => pod.labels[key] === undefined || pod.labels[key] === other.labels[key],
  );
  return (
    other.namespace === pod.namespace &&
    !isTerminating(other) &&
    shared &&
    selectorOf(constraint.labelSelector, 'nothing').matches(other.labels)
  );
}

const naiveSpread = (pod: PodInfo, snapshot: Snapshot) => {
  const constraints = constraintsOf(pod, 'DoNotSchedule');
  return naiveFilter((pods, node) => {
    for (const constraint of constraints) {
      const { topologyKey: key, minDomains = 1, maxSkew } = constraint;
      const value = node.labels[key];
      if (value === undefined) {
        return impossible("node(s) didn't match pod topology spread constraints (missing required label)");
      }
      const eligible = snapshot
        .nodes()
        .filter((each) => hasKeys(constraints, each) && isIncluded(pod, constraint, each));
      const numbers = new Map(eligible.map(({ labels }) => [labels[key], 0]));
      for (const { pod: other, node: there } of pods) {
        const domain = there.labels[key];
        if (!eligible.some(({ name }) => name === there.name) || !isCounted(constraint, pod, other)) continue;
        numbers.set(domain, (numbers.get(domain) ?? 0) + 1);
      }
      const fewest = numbers.size < minDomains ? 0 : Math.min(...numbers.values());
      const self = selectorOf(constraint.labelSelector, 'nothing').matches(pod.labels) ? 1 : 0;
      if ((numbers.get(value) ?? 0) + self - fewest > maxSkew) {
        return refused("node(s) didn't match pod topology spread constraints");
      }
    }
    return undefined;
  })(snapshot);
};

function naiveCrowd(pod: PodInfo, snapshot: Snapshot, nodes: readonly NodeInfo[]) {
  const constraints = constraintsOf(pod, 'ScheduleAnyway');
  const scored = nodes.filter((node) => hasKeys(constraints, node));
  return (node: NodeInfo): number | undefined => {
    if (!hasKeys(constraints, node)) return undefined;
    let sum = 0;
    for (const constraint of constraints) {
      const { topologyKey: key, maxSkew } = constraint;
      const isHost = key === 'kubernetes.io/hostname';
      const domains = isHost ? scored.length : new Set(scored.map(({ labels }) => labels[key])).size;
      const number = placedIn(snapshot).filter(
        ({ pod: other, node: there }) =>
          isCounted(constraint, pod, other) &&
          (isHost
            ? there === node
            : together(key, there, node) && hasKeys(constraints, there) && isIncluded(pod, constraint, there)),
      ).length;
      sum += number * Math.log(domains + 2) + maxSkew - 1;
    }
    return Math.round(sum);
  };
}

const naive: Readonly<Record<string, Partial<Plugin>>> = {
  InterPodAffinity: {
    filter: (pod, snapshot) => (isAffected(pod, snapshot) ? naiveAffinity(pod)(snapshot) : undefined),
    score: (pod, snapshot) => ({
      score: (node) => naiveLiking(pod, snapshot, node),
      normalize(scores) {
        const [least, most] = [Math.min(...scores), Math.max(...scores)];
        scores.forEach(
          (score, i) => (scores[i] = most > least ? Math.trunc(100 * ((score - least) / (most - least))) : 0),
        );
      },
    }),
  },
  PodTopologySpread: {
    filter: naiveSpread,
    score(pod, snapshot, nodes) {
      const crowd = naiveCrowd(pod, snapshot, nodes);
      if (constraintsOf(pod, 'ScheduleAnyway').length === 0) return undefined;
      return {
        score: () => 0,
        normalize(scores) {
          const sums = nodes.map(crowd);
          const known = sums.filter((sum) => sum !== undefined);
          const [least, most] = [Math.min(...known), Math.max(0, ...known)];
          sums.forEach((sum, i) => {
            if (sum === undefined) scores[i] = 0;
            else scores[i] = most === 0 ? 100 : Math.trunc((100 * (most + least - sum)) / most);
          });
        },
      };
    },
  },
};

const naivePlugins = plugins.map((plugin): Plugin => ({ ...plugin, ...naive[plugin.name] }));

// Random clusters

const zone = 'topology.kubernetes.io/zone';
const host = 'kubernetes.io/hostname';
const labels = fc.record({ app: fc.constantFrom('x', 'y'), v: fc.constantFrom('1', '2') }, { requiredKeys: [] });
const keys = fc.constantFrom(zone, host, 'rack');
const narrow: readonly LabelSelector[] = [
  { matchLabels: { app: 'x' } },
  { matchLabels: { app: 'y' } },
  { matchExpressions: [{ key: 'v', operator: 'Exists' }] },
  { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['x'] }] },
];
const term: fc.Arbitrary<PodAffinityTerm> = fc.record(
  {
    topologyKey: keys,
    labelSelector: fc.constantFrom(...narrow, {}),
    namespaceSelector: fc.constantFrom<LabelSelector[]>({}, { matchLabels: { team: 'b' } }),
    namespaces: fc.constant<string[]>(['other']),
  },
  { requiredKeys: ['topologyKey', 'labelSelector'] },
);
const terms: fc.Arbitrary<PodAffinity> = fc.record(
  {
    requiredDuringSchedulingIgnoredDuringExecution: fc.array(term, { maxLength: 2 }),
    preferredDuringSchedulingIgnoredDuringExecution: fc.array(
      fc.record({ weight: fc.integer({ min: 1, max: 100 }), podAffinityTerm: term }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);
const constraint: fc.Arbitrary<TopologySpreadConstraint> = fc.record(
  {
    topologyKey: keys,
    maxSkew: fc.integer({ min: 1, max: 2 }),
    whenUnsatisfiable: fc.constantFrom('DoNotSchedule' as const, 'ScheduleAnyway' as const),
    labelSelector: fc.constantFrom(...narrow),
    minDomains: fc.integer({ min: 1, max: 3 }),
    matchLabelKeys: fc.constant<string[]>(['v']),
    nodeAffinityPolicy: fc.constantFrom('Honor' as const, 'Ignore' as const),
    nodeTaintsPolicy: fc.constantFrom('Honor' as const, 'Ignore' as const),
  },
  { requiredKeys: ['topologyKey', 'maxSkew', 'whenUnsatisfiable', 'labelSelector'] },
);
const spec: fc.Arbitrary<Partial<PodSpec>> = fc.record(
  {
    affinity: fc.record({ podAffinity: terms, podAntiAffinity: terms }, { requiredKeys: [] }),
    topologySpreadConstraints: fc.uniqueArray(constraint, {
      maxLength: 2,
      selector: ({ topologyKey, whenUnsatisfiable }) => topologyKey + whenUnsatisfiable,
    }),
    nodeSelector: fc.constant({ [zone]: 'a' }),
    priority: fc.integer({ min: 0, max: 2 }),
  },
  { requiredKeys: [] },
);

const nodeState = fc.record({
  name: fc.constantFrom('n0', 'n1', 'n2', 'n3', 'n4'),
  zone: fc.constantFrom('a', 'b', undefined),
  rack: fc.constantFrom('r', 's', undefined),
  tainted: fc.boolean(),
});
const step = fc.oneof(
  { weight: 1, arbitrary: fc.record({ node: nodeState, gone: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      pod: labels,
      spec,
      namespace: fc.constantFrom('default', 'other'),
      deleted: fc.boolean(),
      promised: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ removed: fc.nat() }) },
);

function nodeOf({ name, zone: inZone, rack, tainted }: typeof nodeState extends fc.Arbitrary<infer T> ? T : never) {
  const taints = [
    { key: 'k', effect: 'PreferNoSchedule' as const },
    { key: 'l', effect: 'NoSchedule' as const },
  ];
  return sampleNode(name, {
    labels: { ...(inZone && { [zone]: inZone }), ...(rack && { rack }) },
    allocatable: { pods: '3' },
    spec: tainted ? { taints } : {},
  });
}

/** Being deleted, and nobody's victim: Kubernetes takes such victims off counts that never had them. */
const terminating = (pod: Pod): PodInfo =>
  podInfoOf({
    ...pod,
    metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
    ...(pod.spec && { spec: { ...pod.spec, priority: 3 } }),
  });

const outcomeOf = ({ node, message, verdicts, scores, preemption }: Decision) => ({
  node,
  message,
  verdicts: [...verdicts].map(([name, { plugin, reasons }]) => [name, plugin, reasons]),
  totals: scores?.totals,
  victims: preemption?.victims.map(({ name }) => name),
});

test('decisions are those of a naive pass', () => {
  fc.assert(
    fc.property(
      fc.array(nodeState, { minLength: 2, maxLength: 5 }),
      fc.array(step, { maxLength: 25 }),
      (nodes, steps) => {
        const snapshot = createSnapshot(view);
        for (const node of nodes) snapshot.setNode(nodeOf(node));
        const placed: string[] = [];
        const nominated = new Map<string, PodInfo[]>();
        for (const [i, each] of steps.entries()) {
          if ('node' in each) {
            if (each.gone) snapshot.removeNode(each.node.name);
            else snapshot.setNode(nodeOf(each.node));
          } else if ('removed' in each) {
            snapshot.remove(placed.splice(each.removed % (placed.length + 1), 1)[0] ?? '');
          } else {
            const { metadata, ...rest } = samplePod(`p${i}`, { labels: each.pod, spec: each.spec });
            const sample = { ...rest, metadata: { ...metadata, namespace: each.namespace } };
            const pod = podInfoOf(sample);
            const outcome = (list: readonly Plugin[]) =>
              outcomeOf(decide(snapshot, pod, { random: seededRandom(i), plugins: list, nominated }));
            const found = outcome(plugins);
            expect(found).toEqual(outcome(naivePlugins));
            if (found.node === undefined) continue;
            if (each.promised) {
              nominated.set(found.node, [...(nominated.get(found.node) ?? []), pod]);
              continue;
            }
            snapshot.place(each.deleted ? terminating(sample) : pod, found.node);
            placed.push(pod.uid);
          }
        }
      },
    ),
    { seed: 1, numRuns: 1000 },
  );
});
