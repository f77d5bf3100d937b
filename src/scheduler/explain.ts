// What the scheduler makes of a pod, node by node: every plugin is asked about every node, where a decision stops at the first refusal.

import type { NodeFit, Placement, Refusal as NodeRefusal } from '../kinds/why/explanation.ts';
import type { Taint } from '../kinds/generated/types/core-v1.ts';
import type { Decision } from './decide.ts';
import { amountOf, freeOn, printAmount } from './figures.ts';
import type { NodeInfo } from './node-info.ts';
import { keepsAway, tolerates } from './node-selection.ts';
import type { NodeFilter, Plugin, Refusal } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

/** Asks about nodes as they are, or as somebody imagines them. */
export type Examine = (node: NodeInfo) => readonly NodeRefusal[];

/** All filters of a pod, made ready to be asked about any node of the snapshot. */
export function examination(snapshot: Snapshot, pod: PodInfo, plugins: readonly Plugin[]): Examine {
  const filters = plugins.flatMap(({ name, filter }) => {
    const made = filter?.(pod, snapshot);
    return made ? [{ plugin: name, check: checkOf(made, name) }] : [];
  });
  return (node) =>
    filters.flatMap(({ plugin, check }) => {
      const refusal = check(node);
      return refusal ? [told(plugin, refusal, { pod, node })] : [];
    });
}

/** A filter that wants only some nodes would not check the others. */
function checkOf(filter: NodeFilter | Refusal, plugin: string): NodeFilter['check'] {
  if ('reasons' in filter) return () => filter;
  const { only } = filter;
  if (!only) return (node) => filter.check(node);
  const elsewhere: Refusal = { reasons: [`node(s) didn't satisfy plugin(s) [${plugin}]`], unresolvable: true };
  return (node) => (only.has(node.name) ? filter.check(node) : elsewhere);
}

/** Where a pod that waits could run as things are: all nodes, the nearest first. */
export function explainWaiting(
  snapshot: Snapshot,
  pod: PodInfo,
  { plugins, decision }: { readonly plugins: readonly Plugin[]; readonly decision: Decision | undefined },
): Placement {
  const examine = examination(snapshot, pod, plugins);
  const nodes = snapshot.nodes().map((node) => {
    const refusals = examine(node);
    return { ...nameOf(node), refusals, distance: distance(refusals) + shortage(pod, node, refusals) };
  });
  const nearest = nodes.toSorted((a, b) => a.distance - b.distance);
  const promised = decision?.preemption;
  return {
    ...(promised && { node: promised.node }),
    totalNodes: nodes.length,
    fitting: nodes.filter(({ refusals }) => refusals.length === 0).length,
    nodes: nearest.map(({ refusals, distance: _, ...name }) => (refusals.length > 0 ? { ...name, refusals } : name)),
    preemption: preemptionOf(snapshot, pod, decision),
  };
}

/** Where a pod was put, and how the nodes compared. Undefined where the decision is not remembered. */
export function explainPlaced(snapshot: Snapshot, { scores, totalNodes, node, verdicts }: Decision): Placement {
  const zone = (name: string) => nameOf(snapshot.node(name) ?? { name, labels: {} });
  const compared = (scores?.nodes ?? (node ? [node] : [])).map(
    (name, i): NodeFit => ({
      ...zone(name),
      ...(scores && {
        score: scores.totals[i] ?? 0,
        scores: Object.fromEntries(scores.byPlugin.map((each) => [each.plugin, each.scores[i] ?? 0])),
      }),
    }),
  );
  const refused = [...verdicts].map(
    ([name, { plugin, reasons, unresolvable }]): NodeFit => ({
      ...zone(name),
      refusals: [{ plugin, reasons, unresolvable }],
    }),
  );
  return {
    ...(node !== undefined && { node }),
    totalNodes,
    fitting: compared.length,
    nodes: [
      ...compared.toSorted(
        (a, b) => (b.score ?? 0) - (a.score ?? 0) || Number(b.name === node) - Number(a.name === node),
      ),
      ...refused,
    ],
  };
}

export const zoneOf = ({ labels }: Pick<NodeInfo, 'labels'>): string => labels['topology.kubernetes.io/zone'] ?? '';

function nameOf(node: Pick<NodeInfo, 'name' | 'labels'>): { readonly name: string; readonly zone?: string } {
  const zone = zoneOf(node);
  return { name: node.name, ...(zone && { zone }) };
}

/** Few refusals are near; those that no eviction lifts count more. */
const distance = (refusals: readonly NodeRefusal[]): number =>
  refusals.reduce((sum, { unresolvable }) => sum + (unresolvable ? 3 : 2), 0);

/** The largest share of what is asked for that is not free: below 1. */
const shortage = (pod: PodInfo, node: NodeInfo, refusals: readonly NodeRefusal[]): number =>
  Math.max(
    0,
    ...refusals
      .flatMap(({ reasons }) => shortOf(reasons))
      .map((name) => 1 - (freeOn(node, name) + 1) / (amountOf(pod.requests, name) + 1)),
  );

interface Asked {
  readonly pod: PodInfo;
  readonly node: NodeInfo;
}

function told(plugin: string, { reasons, unresolvable }: Refusal, asked: Asked): NodeRefusal {
  const detail = details[plugin]?.(asked, reasons);
  return { plugin, reasons, ...(detail && { detail }), unresolvable };
}

/** The figures behind a plugin's reasons. */
const details: Readonly<Record<string, (asked: Asked, reasons: readonly string[]) => string>> = {
  NodeResourcesFit: ({ pod, node }, reasons) =>
    shortOf(reasons)
      .map((name) => {
        const [wanted, left] = [amountOf(pod.requests, name), freeOn(node, name)];
        return `${name}: wants ${printAmount(name, wanted)}, free ${printAmount(name, left)}`;
      })
      .concat(reasons.includes('Too many pods') ? [`holds ${node.pods.size} of ${node.allowedPods} pods`] : [])
      .join('; '),
  TaintToleration: ({ pod, node }) => untolerated(pod, node).map(taintText).join(', '),
};

/** `Insufficient cpu` is short of cpu. */
export const shortOf = (reasons: readonly string[]): readonly string[] =>
  reasons.flatMap((reason) => /^Insufficient (.+)$/.exec(reason)?.[1] ?? []);

/** The taints that keep a pod off a node. */
export const untolerated = ({ pod }: PodInfo, { taints }: NodeInfo): readonly Taint[] =>
  taints.filter(
    (taint) => keepsAway(taint) && !(pod.spec?.tolerations ?? []).some((toleration) => tolerates(toleration, taint)),
  );

export const taintText = ({ key, value, effect }: Taint): string => `${key}${value ? `=${value}` : ''}:${effect}`;

function preemptionOf(snapshot: Snapshot, pod: PodInfo, decision: Decision | undefined): string {
  const promised = decision?.preemption;
  if (promised) {
    const victims = promised.victims.map(({ namespace, name }) => `${namespace}/${name}`).join(', ');
    return `evicts ${victims} from ${promised.node}`;
  }
  if (pod.pod.spec?.preemptionPolicy === 'Never') return 'is not tried: its preemptionPolicy is Never';
  const lower = snapshot
    .nodes()
    .some((node) => [...node.pods.values()].some(({ priority }) => priority < pod.priority));
  return lower
    ? 'would not help: what could be evicted does not make it fit'
    : 'would not help: no pod of lower priority on any node';
}
