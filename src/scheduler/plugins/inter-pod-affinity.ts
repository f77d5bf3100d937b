// Refuses and likes nodes for the pods that are near: pod affinity and anti-affinity, the pod's own and that of pods that are there.

import { deepEqual } from '../../base/equal.ts';
import type { Labels } from '../../base/selectors.ts';
import type { NodeInfo } from '../node-info.ts';
import { type AffinityTerm, type PodInfo, termMatches } from '../pod-info.ts';
import { impossible, type NodeFilter, type NodeScorer, type Plugin, refused } from '../plugin.ts';
import type { Snapshot } from '../snapshot.ts';

const unmetAffinity = impossible("node(s) didn't match pod affinity rules");
const unmetAntiAffinity = refused("node(s) didn't match pod anti-affinity rules");
const unwanted = refused("node(s) didn't satisfy existing pods anti-affinity rules");

/** A number per domain: by topology key, then by the label's value. */
type Domains = Map<string, Map<string, number>>;

/** How a pod with a required affinity likes others that match it, when those others are scored. */
const requiredTermWeight = 1;

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
  const wantedNear: Domains = new Map();
  const unwantedNear: Domains = new Map();
  const shunned: Domains = new Map();

  function shift(other: PodInfo, { labels }: NodeInfo, by: number): void {
    shunnedBy(other, labels, by);
    if (pod.affinity.length === 0 && pod.antiAffinity.length === 0) return;
    const otherNamespace = view.namespaceLabels(other.namespace);
    if (pod.affinity.length > 0 && pod.affinity.every((term) => termMatches(term, other, otherNamespace))) {
      for (const { topologyKey } of pod.affinity) change(wantedNear, topologyKey, labels[topologyKey], by);
    }
    for (const term of pod.antiAffinity) {
      if (termMatches(term, other, otherNamespace))
        change(unwantedNear, term.topologyKey, labels[term.topologyKey], by);
    }
  }

  function shunnedBy(other: PodInfo, labels: Labels, by: number): void {
    for (const term of other.antiAffinity) {
      if (termMatches(term, pod, ownLabels)) change(shunned, term.topologyKey, labels[term.topologyKey], by);
    }
  }

  if (pod.affinity.length > 0 || pod.antiAffinity.length > 0) {
    for (const node of snapshot.nodes()) for (const other of node.pods.values()) shift(other, node, 1);
  } else {
    for (const node of snapshot.withAntiAffinity()) {
      if (node.node) for (const other of node.withAntiAffinity.values()) shunnedBy(other, node.labels, 1);
    }
    if (shunned.size === 0) return undefined;
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

function score(pod: PodInfo, snapshot: Snapshot): NodeScorer | undefined {
  const { view } = snapshot;
  const ownLabels = view.namespaceLabels(pod.namespace);
  const liking: Domains = new Map();

  function count(other: PodInfo, labels: Labels): void {
    if (pod.preferred.length > 0) {
      const otherNamespace = view.namespaceLabels(other.namespace);
      for (const term of pod.preferred) {
        if (termMatches(term, other, otherNamespace))
          change(liking, term.topologyKey, labels[term.topologyKey], term.weight);
      }
    }
    for (const term of other.affinity) {
      if (termMatches(term, pod, ownLabels))
        change(liking, term.topologyKey, labels[term.topologyKey], requiredTermWeight);
    }
    for (const term of other.preferred) {
      if (termMatches(term, pod, ownLabels)) change(liking, term.topologyKey, labels[term.topologyKey], term.weight);
    }
  }

  if (pod.preferred.length > 0) {
    for (const node of snapshot.nodes()) for (const other of node.pods.values()) count(other, node.labels);
  } else {
    for (const node of snapshot.withAffinity()) {
      if (node.node) for (const other of node.withAffinity.values()) count(other, node.labels);
    }
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
  const [least, most] = [Math.min(...scores), Math.max(...scores)];
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
