// Why a pod has no node, and why it has the one it has.

import type { Pod } from '../kinds/core/pod.ts';
import { podCondition } from '../kinds/core/pod-facts.ts';
import type { Cause, NodeFit, Placement, Refusal, Why } from '../kinds/why/explanation.ts';
import { claimCauses } from './claim.ts';
import { counted, sinceOf, someOf } from './facts.ts';
import type { WhyView } from './view.ts';

/** So many nodes are shown. */
const nodesShown = 100;

export function explainUnplaced(pod: Pod, view: WhyView): Why | undefined {
  const { spec, status, metadata } = pod;
  if (spec?.nodeName) return undefined;
  const common = { state: 'Pending', ...sinceOf(metadata.creationTimestamp) };
  const gates = (spec?.schedulingGates ?? []).map(({ name }) => name);
  if (gates.length > 0) {
    return {
      ...common,
      state: 'SchedulingGated',
      verdict: `Held back by ${gates.length === 1 ? 'the scheduling gate' : 'the scheduling gates'} ${gates.join(', ')}: who set ${gates.length === 1 ? 'it' : 'them'} must take ${gates.length === 1 ? 'it' : 'them'} away.`,
    };
  }
  const scheduler = spec?.schedulerName ?? '';
  if (!view.scheduler.cares(scheduler)) {
    return {
      ...common,
      verdict: `It asks for the scheduler ${scheduler}, and none of that name runs here: somebody outside must bind it.`,
    };
  }
  const placement = view.scheduler.waiting(pod);
  const shown = { ...common, placement: { ...placement, nodes: (placement.nodes ?? []).slice(0, nodesShown) } };
  if (status?.nominatedNodeName) {
    const verdict = `It waits for evicted pods to leave ${status.nominatedNodeName}, where it is promised room.`;
    return { ...shown, verdict };
  }
  if (placement.totalNodes === 0) return { ...shown, verdict: 'There is no node at all.' };
  if (placement.fitting > 0) {
    const fits = someOf(namesOf((placement.nodes ?? []).filter(({ refusals }) => !refusals)));
    const said = podCondition(pod, 'PodScheduled')?.message;
    return {
      ...shown,
      verdict: `It fits on ${fits}: the scheduler tries it again shortly.`,
      ...(said && { causes: [{ reason: 'LastAttempt', message: said }] }),
    };
  }
  const causes = [...claimCauses(pod, view), ...refusalCauses(placement)];
  return {
    ...shown,
    verdict: `No node fits. ${nearestText(placement)}`,
    causes,
    ...(view.seeksRemedies && { remedies: view.scheduler.remedies(pod) }),
  };
}

const namesOf = (nodes: readonly NodeFit[]): readonly string[] => nodes.map(({ name }) => name);

/** The reasons by how many nodes give them. */
function refusalCauses({ nodes = [], totalNodes }: Placement): readonly Cause[] {
  const counts = new Map<string, { plugin: string; reason: string; nodes: string[] }>();
  for (const { name, refusals = [] } of nodes) {
    for (const { plugin, reasons } of refusals) {
      for (const reason of reasons) {
        const known = counts.get(`${plugin} ${reason}`) ?? { plugin, reason, nodes: [] };
        known.nodes.push(name);
        counts.set(`${plugin} ${reason}`, known);
      }
    }
  }
  return [...counts.values()]
    .sort((a, b) => b.nodes.length - a.nodes.length)
    .map(({ plugin, reason, nodes: refusing }) => ({
      reason: plugin,
      message: `${refusing.length} of ${counted(totalNodes, 'node')}: ${reason} (${someOf(refusing)})`,
      source: 'scheduler',
    }));
}

/** The nodes with the least against them, and what that is. */
function nearestText({ nodes = [] }: Placement): string {
  const [first] = nodes;
  if (!first?.refusals) return '';
  const weight = weightOf(first);
  const nearest = nodes.filter((node) => weightOf(node) === weight && sameText(node, first));
  const what = first.refusals.map(refusalText).join('; ');
  return `Nearest: ${someOf(namesOf(nearest))} (${what}).`;
}

const weightOf = ({ refusals = [] }: NodeFit): number => refusals.length;

const sameText = (a: NodeFit, b: NodeFit): boolean =>
  (a.refusals ?? []).map(refusalText).join() === (b.refusals ?? []).map(refusalText).join();

const refusalText = ({ detail, reasons }: Refusal): string =>
  detail || reasons.map((reason) => reason.replace(/^node\(s\) /, '')).join(', ');

/** Who chose the node of a pod, and by how much. */
export function placedCauses(pod: Pod, view: WhyView): readonly Cause[] {
  const placement = view.scheduler.placed(pod);
  if (!placement) return [];
  const [best, next] = (placement.nodes ?? []).filter(({ score }) => score !== undefined);
  if (!best || best.name !== placement.node) {
    const only = placement.fitting === 1 ? 'the only node that could have it' : 'the node the scheduler chose';
    return [{ reason: 'Placed', message: `${placement.node} was ${only}`, source: 'scheduler' }];
  }
  const message = next
    ? `${best.name} had ${best.score} points, ${next.name} as the next ${next.score}${madeBy(best, next)}`
    : `${best.name} had ${best.score} points`;
  return [{ reason: 'Placed', message, source: 'scheduler' }];
}

/** The plugins that told the two apart. */
function madeBy(best: NodeFit, next: NodeFit): string {
  const differences = Object.entries(best.scores ?? {})
    .map(([plugin, score]) => ({ plugin, by: score - (next.scores?.[plugin] ?? 0) }))
    .filter(({ by }) => by > 0)
    .sort((a, b) => b.by - a.by);
  if (differences.length === 0) return ': chance decided between equals';
  return ` (${differences.map(({ plugin, by }) => `${plugin} +${by}`).join(', ')})`;
}
