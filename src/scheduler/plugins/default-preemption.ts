// Finds the node where evicting pods of lower priority hurts least, when nothing is free.

import type { PluginArgs } from '../configuration/plugin-args.ts';
import { type Selector, selectorOf } from '../../base/selectors.ts';
import type { PodDisruptionBudget } from '../../kinds/policy/pod-disruption-budget.ts';
import { copyNode, type NodeInfo, placePod, takePod } from '../node-info.ts';
import { isTerminating, type PodInfo } from '../pod-info.ts';
import { type FailedSearch, impossible, type Plugin, type Refusal } from '../plugin.ts';
import { availableMessage } from '../message.ts';

const unhelpful = impossible('Preemption is not helpful for scheduling');
const noVictims = impossible('No preemption victims found for incoming pod');

/** How many candidates are enough, once one of them breaks no budget. */
function candidatesWanted(nodes: number, args: PluginArgs['DefaultPreemption']): number {
  const share = Math.floor((nodes * args.minCandidateNodesPercentage) / 100);
  return Math.min(nodes, Math.max(args.minCandidateNodesAbsolute, share));
}

export const defaultPreemption = (args: PluginArgs['DefaultPreemption']): Plugin => ({
  name: 'DefaultPreemption',
  remedy(search) {
    const obstacle = obstacleTo(search);
    if (obstacle) return { message: `preemption: ${obstacle}` };
    const { candidates, refusals } = findCandidates(search, args);
    const best = leastHarm(candidates);
    if (!best) return { message: `preemption: ${failureMessage(search, refusals)}`, withdrawsPromise: true };
    return { preemption: { node: best.node, victims: best.victims } };
  },
});

interface Candidate {
  readonly node: string;
  /** The most important first. */
  readonly victims: readonly PodInfo[];
  readonly budgetsBroken: number;
}

function failureMessage({ snapshot }: FailedSearch, refusals: ReadonlyMap<string, Refusal>): string {
  return availableMessage(snapshot.nodes().length, refusals, unhelpful);
}

/** A pod that preempted before waits for its victims to go. */
function obstacleTo({ pod, snapshot, refusals, absent }: FailedSearch): string | undefined {
  if (pod.pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = pod.pod.status?.nominatedNodeName;
  if (!nominated) return undefined;
  if ((refusals.get(nominated) ?? absent)?.unresolvable) return undefined;
  const node = snapshot.node(nominated);
  for (const other of node?.pods.values() ?? []) {
    if (other.priority < pod.priority && isBeingPreempted(other)) {
      return 'not eligible due to a terminating pod on the nominated node.';
    }
  }
  return undefined;
}

const isBeingPreempted = (info: PodInfo): boolean =>
  isTerminating(info) &&
  (info.pod.status?.conditions ?? []).some(
    ({ type, status, reason }) =>
      type === 'DisruptionTarget' && status === 'True' && reason === 'PreemptionByScheduler',
  );

function findCandidates(
  search: FailedSearch,
  args: PluginArgs['DefaultPreemption'],
): { candidates: Candidate[]; refusals: Map<string, Refusal> } {
  const { snapshot, refusals: before, random } = search;
  const refusals = new Map<string, Refusal>();
  const potential = snapshot.nodes().filter(({ name }) => before.get(name)?.unresolvable === false);
  const budgets = budgetsOf(snapshot.view.budgets());
  const enough = candidatesWanted(potential.length, args);
  const offset = potential.length > 0 ? random.below(potential.length) : 0;
  const candidates: Candidate[] = [];
  let gentle = 0;
  for (let i = 0; i < potential.length && (gentle === 0 || candidates.length < enough); i++) {
    const node = potential[(offset + i) % potential.length] as NodeInfo;
    const found = victimsOn(node, search, budgets);
    if ('reasons' in found) {
      refusals.set(node.name, found);
      continue;
    }
    candidates.push(found);
    if (found.budgetsBroken === 0) gentle++;
  }
  return { candidates: candidates.sort((a, b) => (a.node < b.node ? -1 : 1)), refusals };
}

/** The fewest and least important pods of one node whose eviction lets the pod in. */
function victimsOn(node: NodeInfo, search: FailedSearch, budgets: readonly Budget[]): Candidate | Refusal {
  const { pod, check, shift } = search;
  const copy = copyNode(node);
  const lower = [...node.pods.values()].filter(({ priority }) => priority < pod.priority);
  if (lower.length === 0) return noVictims;
  const away = new Set<PodInfo>();

  function leave(victim: PodInfo): void {
    takePod(copy, victim);
    shift(victim, copy, -1);
    away.add(victim);
  }

  function comeBack(victim: PodInfo): void {
    placePod(copy, victim);
    shift(victim, copy, 1);
    away.delete(victim);
  }

  /** Whether the pod still fits with this one back. */
  function isSpared(victim: PodInfo): boolean {
    comeBack(victim);
    if (!check(copy)) return true;
    leave(victim);
    return false;
  }

  for (const victim of lower) leave(victim);
  const refusal = check(copy);
  if (refusal) {
    for (const victim of [...away]) comeBack(victim);
    return refusal;
  }
  const { breaking, harmless } = sortedByBudget(lower.sort(byImportance), budgets);
  const broken = breaking.filter((victim) => !isSpared(victim));
  const evicted = harmless.filter((victim) => !isSpared(victim));
  for (const victim of [...away]) comeBack(victim);
  return { node: node.name, victims: [...broken, ...evicted].sort(byImportance), budgetsBroken: broken.length };
}

/** Higher priority first, then who started earlier. */
function byImportance(a: PodInfo, b: PodInfo): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  const [first, second] = [startOf(a), startOf(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

/** Times sort as text; a pod that has not started is the latest. */
const startOf = ({ pod }: PodInfo): string => pod.status?.startTime ?? '9999';

interface Budget {
  readonly namespace: string;
  readonly selector: Selector;
  readonly allowed: number;
  /** Evictions it knows of already. */
  readonly disrupted: Readonly<Record<string, string>>;
}

const budgetsOf = (budgets: readonly PodDisruptionBudget[]): Budget[] =>
  budgets.flatMap(({ metadata, spec, status }) => {
    const selector = selectorOf(spec?.selector, 'nothing');
    if (selector.requirements.length === 0) return [];
    const allowed = status?.disruptionsAllowed ?? 0;
    return [{ namespace: metadata.namespace ?? '', selector, allowed, disrupted: status?.disruptedPods ?? {} }];
  });

function sortedByBudget(pods: readonly PodInfo[], budgets: readonly Budget[]) {
  const left = budgets.map(({ allowed }) => allowed);
  const breaking: PodInfo[] = [];
  const harmless: PodInfo[] = [];
  for (const pod of pods) {
    let breaks = false;
    const isUnlabelled = Object.keys(pod.labels).length === 0;
    for (const [i, { namespace, selector, disrupted }] of budgets.entries()) {
      if (namespace !== pod.namespace || isUnlabelled || !selector.matches(pod.labels)) continue;
      if (Object.hasOwn(disrupted, pod.name)) continue;
      left[i] = (left[i] ?? 0) - 1;
      if ((left[i] ?? 0) < 0) breaks = true;
    }
    (breaks ? breaking : harmless).push(pod);
  }
  return { breaking, harmless };
}

const firstPriority = ({ victims }: Candidate): number => victims[0]?.priority ?? 0;
/** Priorities may be negative; shifted so that more victims always sum up to more. */
const sumOfPriorities = ({ victims }: Candidate): number =>
  victims.reduce((sum, { priority }) => sum + priority + 2_147_483_648, 0);

/** Kubernetes' order of harm; the first that tells candidates apart decides. */
const harms: readonly ((candidate: Candidate) => number)[] = [
  ({ budgetsBroken }) => budgetsBroken,
  firstPriority,
  sumOfPriorities,
  ({ victims }) => victims.length,
];

function leastHarm(candidates: readonly Candidate[]): Candidate | undefined {
  let left = candidates;
  for (const harm of harms) {
    const least = Math.min(...left.map(harm));
    left = left.filter((candidate) => harm(candidate) === least);
  }
  return latestStarted(left);
}

/** The node whose most important victim started last. */
function latestStarted(candidates: readonly Candidate[]): Candidate | undefined {
  let best: { candidate: Candidate; start: string } | undefined;
  for (const candidate of candidates) {
    const important = candidate.victims.filter(({ priority }) => priority === firstPriority(candidate));
    const start = important.map(startOf).sort()[0] ?? '';
    if (!best || start > best.start) best = { candidate, start };
  }
  return best?.candidate;
}
