// The cluster as the scheduler sees it: nodes with their pods, kept current by one small change per event.

import { type Labels, nothing, printSelector, type Selector } from '../base/selectors.ts';
import type { Node } from '../kinds/core/node.ts';
import { copyNode, describeNode, newNodeInfo, type NodeInfo, placePod, takePod } from './node-info.ts';
import { isTerminating, type PodInfo, type Term } from './pod-info.ts';
import { type ClusterView, emptyView } from './view.ts';

/** How many pods match, by a node's slot. Current for as long as nothing else is asked for. */
export type PodCounts = readonly (number | undefined)[];

export interface Snapshot {
  readonly view: ClusterView;
  /** All nodes that exist, taking one zone's after another's by turns. */
  nodes(): readonly NodeInfo[];
  node(name: string): NodeInfo | undefined;
  setNode(node: Node): void;
  removeNode(name: string): void;
  /** Puts a pod on a node (also one that does not exist); one that is there already, anywhere, is replaced. */
  place(pod: PodInfo, nodeName: string): void;
  remove(uid: string): void;
  /** Where a pod is. */
  placeOf(uid: string): { readonly pod: PodInfo; readonly node: NodeInfo } | undefined;
  /** What pods on nodes want of others: equal terms of many pods are one wish. */
  wishes(): Iterable<Wish>;
  /** How many pods on nodes use a claim. */
  usersOf(namespace: string, claim: string): number;
  /** How many nodes have an image. */
  nodesWithImage(name: string): number;
  /** How many pods of these namespaces match, per node: all, or those that are not being deleted. */
  counts(namespaces: readonly string[], selector: Selector, which: 'all' | 'staying'): PodCounts;
}

/** A term that pods on nodes have, and how many of them each node carries. */
export interface Wish extends Term {
  readonly nodes: ReadonlyMap<NodeInfo, number>;
}

interface Counter {
  readonly namespaces: readonly string[];
  readonly which: 'all' | 'staying';
  readonly selector: Selector;
  readonly bySlot: number[];
}

/** So many selectors are counted along; the longest unused is forgotten first. */
const countersKept = 64;

export function createSnapshot(view: ClusterView = emptyView): Snapshot {
  const nodes = new Map<string, NodeInfo>();
  const places = new Map<string, { pod: PodInfo; node: NodeInfo }>();
  const wishes = new Map<string, Term & { nodes: Map<NodeInfo, number> }>();
  const claimUsers = new Map<string, number>();
  const imageNodes = new Map<string, number>();
  const counters = new Map<string, Counter>();
  let order: readonly NodeInfo[] | undefined;
  let nextSlot = 0;

  function infoOf(name: string): NodeInfo {
    let info = nodes.get(name);
    if (!info) nodes.set(name, (info = newNodeInfo(name, nextSlot++)));
    return info;
  }

  function describe(info: NodeInfo, node: Node | undefined): void {
    const previous = info.node;
    for (const image of info.images.keys()) tally(imageNodes, image, -1);
    describeNode(info, node);
    for (const image of info.images.keys()) tally(imageNodes, image, 1);
    if (!previous !== !node || zoneOf(previous) !== zoneOf(node)) order = undefined;
  }

  function forgetIfEmpty(info: NodeInfo): void {
    if (!info.node && info.pods.size === 0) nodes.delete(info.name);
  }

  function tallyPod(pod: PodInfo, info: NodeInfo, sign: 1 | -1): void {
    for (const claim of pod.claims) tally(claimUsers, `${pod.namespace}/${claim}`, sign);
    for (const counter of counters.values()) {
      if (counts(counter, pod)) counter.bySlot[info.slot] = (counter.bySlot[info.slot] ?? 0) + sign;
    }
    for (const term of pod.terms) tallyTerm(term, info, sign);
  }

  function tallyTerm(term: Term, info: NodeInfo, sign: 1 | -1): void {
    let wish = wishes.get(term.key);
    if (!wish) wishes.set(term.key, (wish = { ...term, nodes: new Map() }));
    tally(wish.nodes, info, sign);
    if (wish.nodes.size === 0) wishes.delete(term.key);
  }

  function remove(uid: string): void {
    const place = places.get(uid);
    if (!place) return;
    places.delete(uid);
    takePod(place.node, place.pod);
    tallyPod(place.pod, place.node, -1);
    forgetIfEmpty(place.node);
  }

  function newCounter(of: Omit<Counter, 'bySlot'>): Counter {
    const counter: Counter = { ...of, bySlot: new Array(nextSlot).fill(0) };
    for (const { pod, node } of places.values()) {
      if (counts(counter, pod)) counter.bySlot[node.slot] = (counter.bySlot[node.slot] ?? 0) + 1;
    }
    return counter;
  }

  return {
    view,
    nodes: () => (order ??= byZoneInTurn(nodes.values())),
    node(name) {
      const info = nodes.get(name);
      return info?.node && info;
    },
    setNode(node) {
      describe(infoOf(node.metadata.name ?? ''), node);
    },
    removeNode(name) {
      const info = nodes.get(name);
      if (!info) return;
      describe(info, undefined);
      forgetIfEmpty(info);
    },
    place(pod, nodeName) {
      remove(pod.uid);
      const info = infoOf(nodeName);
      places.set(pod.uid, { pod, node: info });
      placePod(info, pod);
      tallyPod(pod, info, 1);
    },
    remove,
    placeOf: (uid) => places.get(uid),
    wishes: () => wishes.values(),
    usersOf: (namespace, claim) => claimUsers.get(`${namespace}/${claim}`) ?? 0,
    nodesWithImage: (name) => imageNodes.get(name) ?? 0,
    counts(namespaces, selector, which) {
      if (selector === nothing) return [];
      const key = `${which}\n${namespaces.join()}\n${printSelector(selector)}`;
      const counter = counters.get(key) ?? newCounter({ namespaces, selector, which });
      counters.delete(key);
      counters.set(key, counter);
      if (counters.size > countersKept) counters.delete(counters.keys().next().value ?? '');
      return counter.bySlot;
    },
  };
}

/** A copy of a node with these pods more, to try things on. */
export function nodeWith(info: NodeInfo, pods: readonly PodInfo[]): NodeInfo {
  const copy = copyNode(info);
  for (const pod of pods) placePod(copy, pod);
  return copy;
}

const counts = ({ namespaces, selector, which }: Counter, pod: PodInfo): boolean =>
  namespaces.includes(pod.namespace) && (which === 'all' || !isTerminating(pod)) && selector.matches(pod.labels);

function tally<K>(numbers: Map<K, number>, key: K, sign: 1 | -1): void {
  const number = (numbers.get(key) ?? 0) + sign;
  if (number > 0) numbers.set(key, number);
  else numbers.delete(key);
}

const zoneLabels = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'];
const regionLabels = ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region'];

const firstOf = (labels: Labels, names: readonly string[]): string =>
  names.map((name) => labels[name]).find((value) => value) ?? '';

function zoneOf(node: Node | undefined): string {
  const labels = node?.metadata.labels ?? {};
  return `${firstOf(labels, regionLabels)}\n${firstOf(labels, zoneLabels)}`;
}

function byZoneInTurn(nodes: Iterable<NodeInfo>): readonly NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>();
  for (const info of nodes) {
    if (!info.node) continue;
    const zone = zoneOf(info.node);
    const members = zones.get(zone);
    if (members) members.push(info);
    else zones.set(zone, [info]);
  }
  const lists = [...zones.values()];
  const result: NodeInfo[] = [];
  for (let turn = 0; lists.some((list) => turn < list.length); turn++) {
    for (const list of lists) {
      const info = list[turn];
      if (info) result.push(info);
    }
  }
  return result;
}
