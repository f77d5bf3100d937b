// Refuses and likes nodes for the pods that are near: pod affinity and anti-affinity, the pod's own and that of pods that are there.

import type { PluginArgs } from '../configuration/plugin-args.ts';
import { deepEqual } from '../../base/equal.ts';
import { type Labels, nothing, type Selector, selectorOfRequirements } from '../../base/selectors.ts';
import type { Node } from '../../kinds/core/node.ts';
import type { NodeInfo } from '../node-info.ts';
import { type AffinityTerm, type PodInfo, termMatches, type WeightedTerm } from '../pod-info.ts';
import { impossible, type NodeFilter, type NodeScorer, type Plugin, refused } from '../plugin.ts';
import type { Namespaces, Snapshot } from '../snapshot.ts';
import type { Sums, Tally } from '../tally.ts';

const unmetAffinity = impossible("node(s) didn't match pod affinity rules");
const unmetAntiAffinity = refused("node(s) didn't match pod anti-affinity rules");
const unwanted = refused("node(s) didn't satisfy existing pods anti-affinity rules");

export const interPodAffinity = (args: PluginArgs['InterPodAffinity']): Plugin => ({
  name: 'InterPodAffinity',
  weight: 2,
  filter,
  score: (pod, snapshot) => score(pod, snapshot, args),
  wakes: {
    PodPlaced: (pod, { pod: other }) => speakAllOf(pod.affinity, other),
    PodChanged: (pod, { pod: other, previous }) =>
      !deepEqual(other.labels, previous.labels) &&
      ((!speakAllOf(pod.affinity, previous) && speakAllOf(pod.affinity, other)) ||
        (speakAllOf(pod.antiAffinity, previous) && !speakAllOf(pod.antiAffinity, other))),
    PodGone: (pod, { pod: other }) => speakAllOf(pod.antiAffinity, other) || speakAllOf(other.antiAffinity, pod),
    OwnChange: (pod, { previous }) => !deepEqual(pod.labels, previous.labels),
    NodeAdded: ({ affinity, antiAffinity }, { node }) =>
      antiAffinity.length > 0 || affinity.some(({ topologyKey }) => labelOf(node, topologyKey) !== undefined),
    NodeChanged: ({ affinity, antiAffinity }, { node, previous }) =>
      affinity.some(({ topologyKey }) => gets(topologyKey, node, previous)) ||
      antiAffinity.some(({ topologyKey }) => gets(topologyKey, previous, node)),
  },
});

/** Whether there are terms and all speak of this pod, as far as that can be told without its namespace's labels. */
const speakAllOf = (terms: readonly AffinityTerm[], pod: PodInfo): boolean =>
  terms.length > 0 && terms.every((term) => termMatches(term, pod, undefined));

const labelOf = ({ metadata }: Node, key: string): string | undefined => metadata.labels?.[key];

/** Whether the first of two states of a node has the label, and the other has it differently or not at all. */
const gets = (key: string, node: Node, other: Node): boolean =>
  labelOf(node, key) !== undefined && labelOf(node, key) !== labelOf(other, key);

function filter(pod: PodInfo, snapshot: Snapshot): NodeFilter | undefined {
  const { view } = snapshot;
  const shunnedBy = snapshot
    .wishesAbout(pod)
    .filter(({ sort, topologyKey, holders }) => sort === 'antiAffinity' && holders.sums(topologyKey).sum > 0);
  // Kubernetes, too, does not ask then what the pods want that are promised room.
  if (pod.affinity.length === 0 && pod.antiAffinity.length === 0 && shunnedBy.length === 0) return undefined;
  const ownLabels = view.namespaceLabels(pod.namespace);
  const wantedNear = nearAll(pod.affinity, snapshot);
  const unwantedNear = pod.antiAffinity.flatMap((term) => nearAll([term], snapshot));
  const shunned = new Map(shunnedBy.map((wish) => [wish.key, placesOf(wish.topologyKey, wish.holders)]));

  function shift(other: PodInfo, node: NodeInfo, by: number): void {
    const otherNamespace = view.namespaceLabels(other.namespace);
    if (pod.affinity.every((term) => termMatches(term, other, otherNamespace))) shiftAll(wantedNear, node, by);
    for (const [i, term] of pod.antiAffinity.entries()) {
      if (termMatches(term, other, otherNamespace)) shiftAll(unwantedNear.slice(i, i + 1), node, by);
    }
    for (const term of other.terms) {
      if (term.sort !== 'antiAffinity' || !termMatches(term, pod, ownLabels)) continue;
      if (!shunned.has(term.key)) shunned.set(term.key, placesOf(term.topologyKey));
      shiftAll([shunned.get(term.key) as Places], node, by);
    }
  }

  /** The first of a group that wants to be together may start anywhere. */
  const isFirst = (): boolean =>
    wantedNear.every((places) => sumOf(places) === 0) &&
    pod.affinity.every((term) => termMatches(term, pod, ownLabels));

  function meetsAffinity({ labels }: NodeInfo): boolean {
    if (!wantedNear.every(({ topologyKey }) => labels[topologyKey] !== undefined)) return false;
    return wantedNear.every((places) => isNear(places, labels)) || isFirst();
  }

  return {
    shift,
    check(node) {
      if (wantedNear.length > 0 && !meetsAffinity(node)) return unmetAffinity;
      for (const places of unwantedNear) if (isNear(places, node.labels)) return unmetAntiAffinity;
      for (const places of shunned.values()) if (isNear(places, node.labels)) return unwanted;
      return undefined;
    },
  };
}

/** How many pods there are per domain of a topology key, and how many more or fewer are reckoned with. */
interface Places {
  readonly topologyKey: string;
  readonly sums: Sums | undefined;
  readonly shifts: Map<string, number>;
}

const placesOf = (topologyKey: string, tally?: Tally): Places => ({
  topologyKey,
  sums: tally?.sums(topologyKey),
  shifts: new Map(),
});

function isNear({ topologyKey, sums, shifts }: Places, labels: Labels): boolean {
  const value = labels[topologyKey];
  if (value === undefined) return false;
  return (sums?.get(value) ?? 0) + (shifts.size > 0 ? (shifts.get(value) ?? 0) : 0) > 0;
}

function shiftAll(list: readonly Places[], { labels }: NodeInfo, by: number): void {
  for (const { topologyKey, shifts } of list) {
    const value = labels[topologyKey];
    if (value !== undefined) shifts.set(value, (shifts.get(value) ?? 0) + by);
  }
}

const sumOf = ({ sums, shifts }: Places): number => [...shifts.values()].reduce((sum, by) => sum + by, sums?.sum ?? 0);

/** Where the pods are each of which meets all the terms. */
function nearAll(terms: readonly AffinityTerm[], snapshot: Snapshot): Places[] {
  if (terms.length === 0) return [];
  const meeting = meetingAll(terms, snapshot);
  return terms.map(({ topologyKey }) => placesOf(topologyKey, meeting));
}

function meetingAll(terms: readonly AffinityTerm[], snapshot: Snapshot): Tally {
  const namespaces = terms.map((term) => namespacesOf(term, snapshot)).reduce(shared);
  return snapshot.counts(namespaces, conjunction(terms.map(({ selector }) => selector)), 'all');
}

function conjunction(selectors: readonly Selector[]): Selector {
  if (selectors.includes(nothing)) return nothing;
  return selectorOfRequirements(selectors.flatMap(({ requirements }) => requirements));
}

function namespacesOf({ namespaces, namespaceSelector }: AffinityTerm, { view }: Snapshot): Namespaces {
  if (!namespaceSelector) return [...namespaces];
  if (namespaceSelector.requirements.length === 0) return 'every';
  const matching = view.namespaces().filter(({ metadata }) => namespaceSelector.matches(metadata.labels));
  return [...new Set([...namespaces, ...matching.map(({ metadata }) => metadata.name ?? '')])];
}

function shared(some: Namespaces, others: Namespaces): Namespaces {
  if (some === 'every') return others;
  return others === 'every' ? some : some.filter((name) => others.includes(name));
}

function score(pod: PodInfo, snapshot: Snapshot, args: PluginArgs['InterPodAffinity']): NodeScorer | undefined {
  if (args.ignorePreferredTermsOfExistingPods && pod.preferred.length === 0) return undefined;
  const likes: { topologyKey: string; sums: Sums; weight: number }[] = [];
  const like = ({ topologyKey, weight }: WeightedTerm, tally: Tally) => {
    const sums = tally.sums(topologyKey);
    if (weight !== 0 && sums.sum > 0) likes.push({ topologyKey, sums, weight });
  };
  for (const term of pod.preferred) like(term, meetingAll([term], snapshot));
  for (const wish of snapshot.wishesAbout(pod)) {
    if (wish.sort === 'preferred') like(wish, wish.holders);
    if (wish.sort === 'affinity') like({ ...wish, weight: args.hardPodAffinityWeight }, wish.holders);
  }
  if (likes.length === 0) return undefined;
  return {
    score({ labels }) {
      let sum = 0;
      for (const { topologyKey, sums, weight } of likes) sum += sums.get(labels[topologyKey]) * weight;
      return sum;
    },
    normalize: betweenExtremes,
  };
}

/** 0 for the least, 100 for the most; 0 for all when they are equal. Divided first, as Kubernetes does: rounding shows. */
function betweenExtremes(scores: number[]): void {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const score of scores) {
    if (score < least) least = score;
    if (score > most) most = score;
  }
  for (let i = 0; i < scores.length; i++) {
    scores[i] = most === least ? 0 : Math.trunc(100 * (((scores[i] ?? 0) - least) / (most - least)));
  }
}
