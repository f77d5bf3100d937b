// The whole decision for one pod, without a clock or a client: which node, or why none, and everything that led to it.

import type { Random } from '../base/random.ts';
import { availableMessage, refusedEverywhereMessage } from './message.ts';
import type { NodeInfo } from './node-info.ts';
import type { FailedSearch, NodeFilter, NodeScorer, Plugin, Preemption, Refusal } from './plugin.ts';
import { plugins as allPlugins } from './plugins/index.ts';
import type { PodInfo } from './pod-info.ts';
import { nodeWith, type Snapshot } from './snapshot.ts';

/** Why one node was not taken. */
export interface Verdict extends Refusal {
  readonly plugin: string;
}

/** What the plugins thought of the nodes that could have had the pod: weighted scores, by node in the order of `nodes`. */
export interface Scores {
  readonly nodes: readonly string[];
  readonly byPlugin: readonly { readonly plugin: string; readonly scores: readonly number[] }[];
  readonly totals: readonly number[];
}

export interface Decision {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** The node; undefined when none can have the pod now. */
  readonly node: string | undefined;
  readonly totalNodes: number;
  /** How many nodes the search looked at; it ends early in large clusters, and does not begin when a promised node can be had. */
  readonly evaluated: number;
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** Left out where there was nothing to choose. */
  readonly scores: Scores | undefined;
  /** Why the pod waits, as in its condition. */
  readonly message: string | undefined;
  /** Plugins that refused: what they wait for wakes the pod. None when there was no node at all. */
  readonly refusedBy: ReadonlySet<string>;
  readonly preemption: Preemption | undefined;
  /** A node it was promised is not its any more. */
  readonly withdrawsPromise: boolean;
}

export interface DecideOptions {
  readonly random: Random;
  /** Pods that are promised room on a node, by node. */
  readonly nominated?: ReadonlyMap<string, readonly PodInfo[]>;
  /** Where in the list of nodes the search begins; see `nextStart`. */
  readonly start?: number;
  /** How many nodes in a hundred are looked for before the best is taken; 0: by the size of the cluster. */
  readonly percentageOfNodesToScore?: number;
  readonly plugins?: readonly Plugin[];
}

interface ActiveFilter extends NodeFilter {
  readonly plugin: string;
  /** Equal refusals are one verdict. */
  readonly verdicts: Map<Refusal, Verdict>;
}

interface Search {
  readonly pod: PodInfo;
  readonly snapshot: Snapshot;
  readonly filters: readonly ActiveFilter[];
  readonly nominated: ReadonlyMap<string, readonly PodInfo[]>;
  readonly verdicts: Map<string, Verdict>;
  readonly feasible: NodeInfo[];
}

export function decide(snapshot: Snapshot, pod: PodInfo, options: DecideOptions): Decision {
  const plugins = options.plugins ?? allPlugins;
  const nodes = snapshot.nodes();
  const common = { uid: pod.uid, namespace: pod.namespace, name: pod.name, totalNodes: nodes.length };
  const nothing = {
    node: undefined,
    evaluated: 0,
    verdicts: new Map(),
    scores: undefined,
    preemption: undefined,
    withdrawsPromise: false,
  };
  if (nodes.length === 0) {
    const message = 'no nodes available to schedule pods';
    return { ...common, ...nothing, message, refusedBy: new Set() };
  }
  const prepared = prepareFilters(plugins, pod, snapshot);
  if (!Array.isArray(prepared)) {
    const remedies = seekRemedy(plugins, searchFailedAtOnce(pod, snapshot, options, prepared));
    const message = `${refusedEverywhereMessage(nodes.length, prepared)}${tail(remedies.messages)}`;
    return { ...common, ...nothing, message, refusedBy: new Set([prepared.plugin]) };
  }
  const nominated = options.nominated ?? new Map();
  const search: Search = { pod, snapshot, filters: prepared, nominated, verdicts: new Map(), feasible: [] };
  const only = onlyNodes(prepared);
  const evaluated = findFeasible(search, candidatesOf(snapshot, only), options);
  const found = { ...common, evaluated, verdicts: search.verdicts };
  if (search.feasible.length === 0) return { ...found, ...failed(search, only, options) };
  const scores = search.feasible.length > 1 ? scoreNodes(plugins, search) : undefined;
  const node = scores ? pickBest(search.feasible, scores.totals, options.random) : search.feasible[0];
  return {
    ...found,
    node: node?.name,
    scores,
    message: undefined,
    refusedBy: new Set(),
    preemption: undefined,
    withdrawsPromise: false,
  };
}

/** Where the next search begins: after the nodes this one looked at. */
export const nextStart = (start: number, { evaluated, totalNodes }: Decision): number =>
  totalNodes === 0 ? 0 : (start + evaluated) % totalNodes;

/** The filters that may matter for this pod, or the refusal that ends the search before it begins. */
function prepareFilters(plugins: readonly Plugin[], pod: PodInfo, snapshot: Snapshot): ActiveFilter[] | Verdict {
  const filters: ActiveFilter[] = [];
  for (const plugin of plugins) {
    const filter = plugin.filter?.(pod, snapshot);
    if (!filter) continue;
    if ('reasons' in filter) return { ...filter, plugin: plugin.name };
    filters.push({ ...filter, plugin: plugin.name, verdicts: new Map() });
  }
  return filters;
}

interface OnlyNodes {
  readonly names: ReadonlySet<string>;
  readonly plugins: readonly string[];
}

function onlyNodes(filters: readonly ActiveFilter[]): OnlyNodes | undefined {
  const narrowing = filters.filter(({ only }) => only);
  if (narrowing.length === 0) return undefined;
  const [first, ...others] = narrowing.map(({ only }) => only ?? new Set<string>());
  const names = new Set([...(first ?? [])].filter((name) => others.every((set) => set.has(name))));
  return { names, plugins: narrowing.map(({ plugin }) => plugin).sort() };
}

function candidatesOf(snapshot: Snapshot, only: OnlyNodes | undefined): readonly NodeInfo[] {
  if (!only) return snapshot.nodes();
  return [...only.names].flatMap((name) => snapshot.node(name) ?? []);
}

/** Looks at nodes in turn until enough can have the pod; a node it is promised comes first. Returns how many it looked at. */
function findFeasible(search: Search, nodes: readonly NodeInfo[], options: DecideOptions): number {
  const { feasible, verdicts } = search;
  const promised = promisedNode(search, nodes);
  if (promised && !refusalOf(search, promised)) {
    feasible.push(promised);
    return 0;
  }
  const enough = feasibleWanted(nodes.length, options.percentageOfNodesToScore ?? 0);
  const start = nodes.length > 0 ? (options.start ?? 0) % nodes.length : 0;
  let looked = 0;
  while (looked < nodes.length && feasible.length < enough) {
    const node = nodes[(start + looked++) % nodes.length] as NodeInfo;
    const verdict = refusalOf(search, node);
    if (verdict) verdicts.set(node.name, verdict);
    else feasible.push(node);
  }
  return looked;
}

function promisedNode({ pod, snapshot }: Search, nodes: readonly NodeInfo[]): NodeInfo | undefined {
  const node = snapshot.node(pod.pod.status?.nominatedNodeName ?? '');
  return node && nodes.includes(node) ? node : undefined;
}

/** All of a small cluster; a falling share of a large one, never less than a hundred. */
export function feasibleWanted(nodes: number, percentage: number): number {
  if (nodes < 100 || percentage >= 100) return nodes;
  const share = percentage > 0 ? percentage : Math.max(5, 50 - Math.floor(nodes / 125));
  return Math.max(100, Math.floor((nodes * share) / 100));
}

/**
 * With the pods that are promised room there, and without them: they may never come. Promises to pods of lower priority do not count.
 */
function refusalOf(search: Search, node: NodeInfo): Verdict | undefined {
  const { pod, nominated, filters } = search;
  const promised = nominated.get(node.name)?.filter(({ uid, priority }) => uid !== pod.uid && priority >= pod.priority);
  if (promised && promised.length > 0) {
    const fuller = nodeWith(node, promised);
    for (const other of promised) shiftAll(filters, other, fuller, 1);
    const verdict = firstRefusal(filters, fuller);
    for (const other of promised) shiftAll(filters, other, fuller, -1);
    if (verdict) return verdict;
  }
  return firstRefusal(filters, node);
}

function firstRefusal(filters: readonly ActiveFilter[], node: NodeInfo): Verdict | undefined {
  for (let i = 0; i < filters.length; i++) {
    const filter = filters[i] as ActiveFilter;
    const refusal = filter.check(node);
    if (refusal) return verdictOf(refusal, filter);
  }
  return undefined;
}

function verdictOf(refusal: Refusal, { plugin, verdicts }: ActiveFilter): Verdict {
  let verdict = verdicts.get(refusal);
  if (!verdict) verdicts.set(refusal, (verdict = { ...refusal, plugin }));
  return verdict;
}

function shiftAll(filters: readonly NodeFilter[], pod: PodInfo, node: NodeInfo, by: 1 | -1): void {
  for (const filter of filters) filter.shift?.(pod, node, by);
}

function scoreNodes(plugins: readonly Plugin[], { pod, snapshot, feasible }: Search): Scores {
  const totals: number[] = new Array(feasible.length).fill(0);
  const byPlugin: { plugin: string; scores: number[] }[] = [];
  for (const { name, score, weight = 1 } of plugins) {
    const scorer = score?.(pod, snapshot, feasible);
    if (!scorer) continue;
    const scores = scoresOf(scorer, feasible, weight);
    for (let i = 0; i < scores.length; i++) totals[i] = (totals[i] ?? 0) + (scores[i] ?? 0);
    byPlugin.push({ plugin: name, scores });
  }
  return { nodes: feasible.map(({ name }) => name), byPlugin, totals };
}

function scoresOf(scorer: NodeScorer, nodes: readonly NodeInfo[], weight: number): number[] {
  const scores: number[] = new Array(nodes.length);
  for (let i = 0; i < nodes.length; i++) scores[i] = scorer.score(nodes[i] as NodeInfo);
  scorer.normalize?.(scores);
  if (weight !== 1) for (let i = 0; i < scores.length; i++) scores[i] = (scores[i] ?? 0) * weight;
  return scores;
}

/** The highest total; chance decides among equals. */
function pickBest(nodes: readonly NodeInfo[], totals: readonly number[], random: Random): NodeInfo | undefined {
  let best: NodeInfo[] = [];
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < nodes.length; i++) {
    const total = totals[i] ?? 0;
    if (total < most) continue;
    if (total > most) best = [];
    most = total;
    best.push(nodes[i] as NodeInfo);
  }
  return best.length > 1 ? random.pick(best) : best[0];
}

function failed(search: Search, only: OnlyNodes | undefined, options: DecideOptions) {
  const { pod, snapshot, verdicts } = search;
  const absent = only && {
    reasons: [`node(s) didn't satisfy plugin(s) [${only.plugins.join(' ')}]`],
    unresolvable: true,
  };
  const remedies = seekRemedy(options.plugins ?? allPlugins, {
    pod,
    snapshot,
    random: options.random,
    refusals: verdicts,
    absent,
    refusedEverywhere: false,
    check: (node) => refusalOf(search, node),
    shift: (other, node, by) => shiftAll(search.filters, other, node, by),
  });
  const refusedBy = new Set([...verdicts.values()].map(({ plugin }) => plugin));
  for (const plugin of only?.plugins ?? []) refusedBy.add(plugin);
  const message = `${availableMessage(snapshot.nodes().length, verdicts, absent)}${tail(remedies.messages)}`;
  const { preemption, withdrawsPromise } = remedies;
  return { node: undefined, scores: undefined, message, refusedBy, preemption, withdrawsPromise };
}

const searchFailedAtOnce = (
  pod: PodInfo,
  snapshot: Snapshot,
  { random }: DecideOptions,
  refusal: Refusal,
): FailedSearch => ({
  pod,
  snapshot,
  random,
  refusals: new Map(),
  absent: refusal,
  refusedEverywhere: true,
  check: () => refusal,
  shift() {},
});

/** Asks plugins for help until one has it. What they say counts only when none has. */
function seekRemedy(plugins: readonly Plugin[], search: FailedSearch) {
  const messages: string[] = [];
  let withdrawsPromise = false;
  for (const plugin of plugins) {
    const remedy = plugin.remedy?.(search);
    if (remedy?.preemption) return { messages: [], preemption: remedy.preemption, withdrawsPromise: false };
    if (remedy?.message !== undefined) messages.push(remedy.message);
    withdrawsPromise ||= remedy?.withdrawsPromise ?? false;
    if (remedy?.final) break;
  }
  return { messages, preemption: undefined, withdrawsPromise };
}

const tail = (messages: readonly string[]): string => (messages.length > 0 ? ` ${messages.join(', ')}` : '');
