// Refuses and likes nodes for the pods that are near: pod affinity and anti-affinity, the pod's own and that of pods that are there.

import { deepEqual } from '../../base/equal.ts';
import { type Labels, nothing, type Selector, selectorOfRequirements } from '../../base/selectors.ts';
import type { NodeInfo } from '../node-info.ts';
import { type AffinityTerm, type PodInfo, termMatches } from '../pod-info.ts';
import { impossible, type NodeFilter, type NodeScorer, type Plugin, refused } from '../plugin.ts';
import type { PodCounts, Snapshot } from '../snapshot.ts';

const unmetAffinity = impossible("node(s) didn't match pod affinity rules");
const unmetAntiAffinity = refused("node(s) didn't match pod anti-affinity rules");
const unwanted = refused("node(s) didn't satisfy existing pods anti-affinity rules");

/** A number per domain: by topology key, then by the label's value. */
type Domains = Map<string, Map<string, number>>;

export const interPodAffinity: Plugin = {
  name: 'InterPodAffinity',
  weight: 2,
  filter,
  score,
  wakes: {
    PodPlaced: (pod, event) => event.name === 'PodPlaced' && pod.affinity.some((term) => speaksOf(term, event.pod)),
    PodChanged: (pod, event) =>
      event.name === 'PodChanged' &&
      !deepEqual(event.pod.labels, event.previous.labels) &&
      [...pod.affinity, ...pod.antiAffinity].some(
        (term) => speaksOf(term, event.pod) !== speaksOf(term, event.previous),
      ),
    PodGone: (pod, event) =>
      event.name === 'PodGone' &&
      (pod.antiAffinity.some((term) => speaksOf(term, event.pod)) ||
        event.pod.antiAffinity.some((term) => speaksOf(term, pod))),
    NodeAdded: true,
    NodeChanged: (_, event) =>
      event.name === 'NodeChanged' && !deepEqual(event.node.metadata.labels, event.previous.metadata.labels),
    NamespaceChanged: true,
  },
};

/** Whether a term may speak of a pod, whatever its namespace's labels are. */
const speaksOf = (term: AffinityTerm, pod: PodInfo): boolean =>
  term.selector.matches(pod.labels) && (term.namespaces.has(pod.namespace) || term.namespaceSelector !== undefined);

function filter(pod: PodInfo, snapshot: Snapshot): NodeFilter | undefined {
  const { view } = snapshot;
  const ownLabels = view.namespaceLabels(pod.namespace);
  const wantedNear = nearAll(pod.affinity, snapshot);
  const unwantedNear: Domains = new Map();
  const shunned: Domains = new Map();
  for (const term of pod.antiAffinity) spread(unwantedNear, [term.topologyKey], countsOf([term], snapshot), snapshot);
  for (const wish of snapshot.wishes()) {
    if (wish.sort !== 'antiAffinity' || !termMatches(wish, pod, ownLabels)) continue;
    const { topologyKey } = wish;
    for (const [{ labels }, number] of wish.nodes) change(shunned, topologyKey, labels[topologyKey], number);
  }
  if (pod.affinity.length === 0 && pod.antiAffinity.length === 0 && shunned.size === 0) return undefined;

  function shift(other: PodInfo, { labels }: NodeInfo, by: number): void {
    const otherNamespace = view.namespaceLabels(other.namespace);
    const meetsAll = pod.affinity.every((term) => termMatches(term, other, otherNamespace));
    for (const { topologyKey } of meetsAll ? pod.affinity : [])
      change(wantedNear, topologyKey, labels[topologyKey], by);
    for (const term of pod.antiAffinity) {
      if (termMatches(term, other, otherNamespace))
        change(unwantedNear, term.topologyKey, labels[term.topologyKey], by);
    }
    for (const term of other.antiAffinity) {
      if (termMatches(term, pod, ownLabels)) change(shunned, term.topologyKey, labels[term.topologyKey], by);
    }
  }

  /** The first of a group that wants to be together may start anywhere. */
  const isFirst = (): boolean =>
    wantedNear.size === 0 && pod.affinity.every((term) => termMatches(term, pod, ownLabels));

  function meetsAffinity({ labels }: NodeInfo): boolean {
    if (!pod.affinity.every(({ topologyKey }) => labels[topologyKey] !== undefined)) return false;
    return pod.affinity.every(({ topologyKey }) => has(wantedNear, topologyKey, labels)) || isFirst();
  }

  return {
    shift,
    check(node) {
      if (pod.affinity.length > 0 && !meetsAffinity(node)) return unmetAffinity;
      for (const key of unwantedNear.keys()) if (has(unwantedNear, key, node.labels)) return unmetAntiAffinity;
      for (const key of shunned.keys()) if (has(shunned, key, node.labels)) return unwanted;
      return undefined;
    },
  };
}

/** The domains of pods each of which meets all the terms. */
function nearAll(terms: readonly AffinityTerm[], snapshot: Snapshot): Domains {
  const domains: Domains = new Map();
  const keys = terms.map(({ topologyKey }) => topologyKey);
  if (keys.length > 0) spread(domains, keys, countsOf(terms, snapshot), snapshot);
  return domains;
}

/** How many pods meet all the terms, per node. */
function countsOf(terms: readonly AffinityTerm[], snapshot: Snapshot): PodCounts {
  const [first, ...others] = terms.map((term) => namespacesOf(term, snapshot));
  const shared = (first ?? []).filter((name) => others.every((names) => names.includes(name)));
  return snapshot.counts(shared, conjunction(terms.map(({ selector }) => selector)), 'all');
}

function conjunction(selectors: readonly Selector[]): Selector {
  if (selectors.includes(nothing)) return nothing;
  return selectorOfRequirements(selectors.flatMap(({ requirements }) => requirements));
}

function namespacesOf({ namespaces, namespaceSelector }: AffinityTerm, { view }: Snapshot): readonly string[] {
  if (!namespaceSelector) return [...namespaces];
  const matching = view.namespaces().filter(({ metadata }) => namespaceSelector.matches(metadata.labels));
  return [...new Set([...namespaces, ...matching.map(({ metadata }) => metadata.name ?? '')])];
}

/** Adds numbers per node up to numbers per domain. */
function spread(domains: Domains, keys: readonly string[], counts: PodCounts, snapshot: Snapshot, weight = 1): void {
  for (const { slot, labels } of snapshot.nodes()) {
    const number = counts[slot];
    if (number) for (const key of keys) change(domains, key, labels[key], number * weight);
  }
}

function score(pod: PodInfo, snapshot: Snapshot): NodeScorer | undefined {
  const ownLabels = snapshot.view.namespaceLabels(pod.namespace);
  const liking: Domains = new Map();
  for (const term of pod.preferred) {
    spread(liking, [term.topologyKey], countsOf([term], snapshot), snapshot, term.weight);
  }
  for (const wish of snapshot.wishes()) {
    if (wish.sort === 'antiAffinity' || !termMatches(wish, pod, ownLabels)) continue;
    const { topologyKey, weight } = wish;
    for (const [{ labels }, number] of wish.nodes) change(liking, topologyKey, labels[topologyKey], number * weight);
  }
  if (liking.size === 0) return undefined;
  return {
    score({ labels }) {
      let sum = 0;
      for (const [key, values] of liking) sum += values.get(labels[key] ?? '') ?? 0;
      return sum;
    },
    normalize: betweenExtremes,
  };
}

/** 0 for the least, 100 for the most; 0 for all when they are equal. */
function betweenExtremes(scores: number[]): void {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const score of scores) {
    if (score < least) least = score;
    if (score > most) most = score;
  }
  for (let i = 0; i < scores.length; i++) {
    scores[i] = most === least ? 0 : Math.trunc((100 * ((scores[i] ?? 0) - least)) / (most - least));
  }
}

/** Domains whose number comes to nought are forgotten: an empty map means "nowhere". */
function change(domains: Domains, key: string, value: string | undefined, by: number): void {
  if (value === undefined) return;
  let values = domains.get(key);
  if (!values) domains.set(key, (values = new Map()));
  const number = (values.get(value) ?? 0) + by;
  if (number !== 0) values.set(value, number);
  else values.delete(value);
  if (values.size === 0) domains.delete(key);
}

const has = (domains: Domains, key: string, labels: Labels): boolean =>
  (domains.get(key)?.get(labels[key] ?? '') ?? 0) > 0;
