// Which nodes a DaemonSet wants a pod on, and what ties that pod to its node.

import { type Operator, selectorFromSet, selectorOfRequirements } from '../../base/selectors.ts';
import type { DaemonSet } from '../../kinds/apps/daemon-set.ts';
import type { Node } from '../../kinds/core/node.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { NodeSelectorTerm, PodSpec, Toleration } from '../../kinds/generated/types/core-v1.ts';
import { untolerated } from '../taints.ts';

export interface Placement {
  /** A pod is wanted here. */
  readonly run: boolean;
  /** One that is here may stay. */
  readonly stay: boolean;
}

const nowhere: Placement = { run: false, stay: false };

export function placementOn(set: DaemonSet, node: Node): Placement {
  const spec = set.spec.template.spec ?? { containers: [] };
  if (spec.nodeName && spec.nodeName !== node.metadata.name) return nowhere;
  if (!matchesNode(spec, node)) return nowhere;
  const keptAway = untolerated(node.spec?.taints ?? [], daemonTolerations(spec)).filter(
    ({ effect }) => effect !== 'PreferNoSchedule',
  );
  return { run: keptAway.length === 0, stay: keptAway.every(({ effect }) => effect !== 'NoExecute') };
}

/** The node selector and the required node affinity, of which one term is enough. */
function matchesNode(spec: PodSpec, node: Node): boolean {
  if (spec.nodeSelector && !selectorFromSet(spec.nodeSelector).matches(node.metadata.labels)) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || required.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  const matches = (requirements: typeof matchExpressions, labels: Readonly<Record<string, string>>) =>
    selectorOfRequirements(
      requirements.map(({ key, operator, values = [] }) => ({ key, operator: operator as Operator, values })),
    ).matches(labels);
  return (
    matches(matchExpressions, node.metadata.labels ?? {}) &&
    matches(matchFields, { 'metadata.name': node.metadata.name ?? '' })
  );
}

/** What daemon pods put up with beside what their template says: a node in trouble is where they are needed. */
const always: readonly Toleration[] = [
  ['not-ready', 'NoExecute'],
  ['unreachable', 'NoExecute'],
  ['disk-pressure', 'NoSchedule'],
  ['memory-pressure', 'NoSchedule'],
  ['pid-pressure', 'NoSchedule'],
  ['unschedulable', 'NoSchedule'],
].map(([key, effect]) => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect: effect as 'NoExecute' | 'NoSchedule',
}));

const onHostNetwork: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
};

/** The template's tolerations and the daemons' own; the same one with a time limit loses the limit. */
export function daemonTolerations(spec: PodSpec): Toleration[] {
  const all = [...(spec.tolerations ?? [])];
  for (const own of spec.hostNetwork ? [...always, onHostNetwork] : always) {
    const at = all.findIndex(
      ({ key, effect, operator, value }) =>
        key === own.key && effect === own.effect && operator === own.operator && !value,
    );
    if (at >= 0) all[at] = own;
    else all.push(own);
  }
  return all;
}

/** The spec with an affinity to this one node instead of what the template requires. */
export function boundTo(node: string, spec: PodSpec): PodSpec {
  const { affinity } = spec;
  const nodeSelectorTerms = [{ matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: [node] }] }];
  const nodeAffinity = {
    ...affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
  };
  return { ...spec, affinity: { ...affinity, nodeAffinity } };
}

/** The node a daemon pod is on, or is meant for. */
export function nodeOf(pod: Pod): string {
  if (pod.spec.nodeName) return pod.spec.nodeName;
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const { matchFields = [] } of terms) {
    const field = matchFields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    if (field?.values?.length === 1) return field.values[0] ?? '';
  }
  return '';
}
