// The cluster as the scheduler sees it: nodes with their pods, kept current by one small change per event.

import { deepEqual } from '../base/equal.ts';
import { type Labels, nothing, printSelector, type Selector } from '../base/selectors.ts';
import type { Node } from '../kinds/core/node.ts';
import { copyNode, describeNode, newNodeInfo, type NodeInfo, placePod, takePod } from './node-info.ts';
import { isTerminating, type PodInfo, type Term, termMatches } from './pod-info.ts';
import { createSelectorIndex } from './selector-index.ts';
import { createTally, type Tally } from './tally.ts';
import { type ClusterView, emptyView } from './view.ts';

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
  /** Terms of pods on nodes that may speak of this pod. */
  wishesAbout(pod: PodInfo): readonly Wish[];
  /** How many pods on nodes use a claim. */
  usersOf(namespace: string, claim: string): number;
  /** How many nodes have an image. */
  nodesWithImage(name: string): number;
  /** How many pods of these namespaces match: all, or those that are not being deleted. */
  counts(namespaces: Namespaces, selector: Selector, which: 'all' | 'staying'): Tally;
}

/** Names of namespaces, or every namespace. */
export type Namespaces = readonly string[] | 'every';

/** A term that pods on nodes have, and how many of them there are: equal terms of many pods are one wish. */
export interface Wish extends Term {
  readonly holders: Tally;
}

interface Counter {
  readonly namespaces: Namespaces;
  readonly which: 'all' | 'staying';
  readonly selector: Selector;
  readonly matching: Tally;
}

/** So many selectors are counted along; the longest unused is forgotten first. */
const countersKept = 1024;

export function createSnapshot(view: ClusterView = emptyView): Snapshot {
  const nodes = new Map<string, NodeInfo>();
  const places = new Map<string, { pod: PodInfo; node: NodeInfo }>();
  const wishes = new Map<string, Wish>();
  const wishesByLabel = createSelectorIndex<Wish>();
  const claimUsers = new Map<string, number>();
  const imageNodes = new Map<string, number>();
  const counters = new Map<string, Counter>();
  const countersByLabel = createSelectorIndex<Counter>();
  let order: readonly NodeInfo[] | undefined;
  let nextSlot = 0;

  function infoOf(name: string): NodeInfo {
    let info = nodes.get(name);
    if (!info) nodes.set(name, (info = newNodeInfo(name, nextSlot++)));
    return info;
  }

  function describe(info: NodeInfo, node: Node | undefined): void {
    const previous = info.node;
    const moves = countsDifferently(previous, node);
    if (moves) for (const tally of tallies()) tally.leave(info);
    for (const image of info.images.keys()) tallyUp(imageNodes, image, -1);
    describeNode(info, node);
    for (const image of info.images.keys()) tallyUp(imageNodes, image, 1);
    if (moves) for (const tally of tallies()) tally.enter(info);
    if (!previous !== !node || zoneOf(previous) !== zoneOf(node)) order = undefined;
  }

  function* tallies(): Iterable<Tally> {
    for (const { holders } of wishes.values()) yield holders;
    for (const { matching } of counters.values()) yield matching;
  }

  function* existing(): Iterable<NodeInfo> {
    for (const info of nodes.values()) if (info.node) yield info;
  }

  function forgetIfEmpty(info: NodeInfo): void {
    if (!info.node && info.pods.size === 0) nodes.delete(info.name);
  }

  function tallyPod(pod: PodInfo, info: NodeInfo, sign: 1 | -1): void {
    for (const claim of pod.claims) tallyUp(claimUsers, `${pod.namespace}/${claim}`, sign);
    countersByLabel.visit(pod.labels, (counter) => {
      if (counts(counter, pod)) counter.matching.add(info, sign);
    });
    for (const term of pod.terms) tallyTerm(term, info, sign);
  }

  function tallyTerm(term: Term, info: NodeInfo, sign: 1 | -1): void {
    let wish = wishes.get(term.key);
    if (!wish) {
      wishes.set(term.key, (wish = { ...term, holders: createTally(existing) }));
      wishesByLabel.add(wish.selector, wish);
    }
    wish.holders.add(info, sign);
    if (wish.holders.total > 0) return;
    wishes.delete(term.key);
    wishesByLabel.remove(wish.selector, wish);
  }

  function remove(uid: string): void {
    const place = places.get(uid);
    if (!place) return;
    places.delete(uid);
    takePod(place.node, place.pod);
    tallyPod(place.pod, place.node, -1);
    forgetIfEmpty(place.node);
  }

  function newCounter(of: Omit<Counter, 'matching'>): Counter {
    const counter: Counter = { ...of, matching: createTally(existing) };
    for (const { pod, node } of places.values()) if (counts(counter, pod)) counter.matching.add(node, 1);
    return counter;
  }

  function keepCounter(key: string, counter: Counter): void {
    counters.set(key, counter);
    countersByLabel.add(counter.selector, counter);
    if (counters.size <= countersKept) return;
    const [oldest, forgotten] = counters.entries().next().value ?? [];
    if (oldest === undefined || !forgotten) return;
    counters.delete(oldest);
    countersByLabel.remove(forgotten.selector, forgotten);
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
    wishesAbout(pod) {
      const found: Wish[] = [];
      if (wishes.size === 0) return found;
      const labels = view.namespaceLabels(pod.namespace);
      wishesByLabel.visit(pod.labels, (wish) => {
        if (termMatches(wish, pod, labels)) found.push(wish);
      });
      return found;
    },
    usersOf: (namespace, claim) => claimUsers.get(`${namespace}/${claim}`) ?? 0,
    nodesWithImage: (name) => imageNodes.get(name) ?? 0,
    counts(namespaces, selector, which) {
      const key = `${which}\n${namespaces === 'every' ? '*' : namespaces.join()}\n${keyOf(selector)}`;
      const known = counters.get(key);
      if (!known) {
        const counter = newCounter({ namespaces, selector, which });
        keepCounter(key, counter);
        return counter.matching;
      }
      counters.delete(key);
      counters.set(key, known);
      return known.matching;
    },
  };
}

/** `nothing` and `everything` print alike. */
const keyOf = (selector: Selector): string => (selector === nothing ? '!' : printSelector(selector));

/** A copy of a node with these pods more, to try things on. */
export function nodeWith(info: NodeInfo, pods: readonly PodInfo[]): NodeInfo {
  const copy = copyNode(info);
  for (const pod of pods) placePod(copy, pod);
  return copy;
}

const counts = ({ namespaces, selector, which }: Counter, pod: PodInfo): boolean =>
  (namespaces === 'every' || namespaces.includes(pod.namespace)) &&
  (which === 'all' || !isTerminating(pod)) &&
  selector.matches(pod.labels);

/** Whether a node may belong to other domains now: its labels or taints are others, or it comes or goes. */
const countsDifferently = (before: Node | undefined, now: Node | undefined): boolean =>
  !before ||
  !now ||
  !deepEqual(before.metadata.labels, now.metadata.labels) ||
  !deepEqual(before.spec?.taints, now.spec?.taints);

function tallyUp<K>(numbers: Map<K, number>, key: K, sign: 1 | -1): void {
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
