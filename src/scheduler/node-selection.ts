// Which nodes a pod may have by their labels, names and taints.

import { type Requirement, type Selector, selectorOfRequirements } from '../base/selectors.ts';
import type {
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Taint,
  Toleration,
} from '../kinds/generated/types/core-v1.ts';
import type { Pod } from '../kinds/core/pod.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

export type NodeTest = (node: Pick<NodeInfo, 'name' | 'labels'>) => boolean;

/** What nodeSelector and the required node affinity allow, together; undefined when they allow every node. */
export function requiredNodesOf(pod: Pod): NodeTest | undefined {
  const wanted = Object.entries(pod.spec?.nodeSelector ?? {});
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (wanted.length === 0 && !required) return undefined;
  const test = required && nodeSelectorTest(required);
  return (node) => wanted.every(([key, value]) => node.labels[key] === value) && (!test || test(node));
}

/** One of the terms must hold. */
export function nodeSelectorTest(selector: NodeSelector): NodeTest {
  const tests = selector.nodeSelectorTerms.map(nodeTermTest);
  return (node) => tests.some((test) => test(node));
}

/** All requirements of a term must hold; a term without any holds for no node. */
export function nodeTermTest(term: NodeSelectorTerm): NodeTest {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length === 0 && matchFields.length === 0) return () => false;
  const labels = selectorOfTerm(matchExpressions);
  const fields = selectorOfTerm(matchFields);
  return (node) =>
    labels.matches(node.labels) && (matchFields.length === 0 || fields.matches({ 'metadata.name': node.name }));
}

const selectorOfTerm = (list: readonly NodeSelectorRequirement[]): Selector =>
  selectorOfRequirements(
    list.map(({ key, operator, values }): Requirement => ({ key, operator, values: values ?? [] })),
  );

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  return toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '');
}

/** Tolerations can only be added to a pod. */
export const tolerationsChanged = ({ pod }: PodInfo, previous: PodInfo): boolean =>
  (pod.spec?.tolerations ?? []).length !== (previous.pod.spec?.tolerations ?? []).length;

/** Whether a taint keeps pods away (rather than only making the node less liked). */
export const keepsAway = ({ effect }: Taint): boolean => effect === 'NoSchedule' || effect === 'NoExecute';

export function hasUntoleratedTaint(taints: readonly Taint[], tolerations: readonly Toleration[]): boolean {
  for (const taint of taints) {
    if (keepsAway(taint) && !tolerations.some((toleration) => tolerates(toleration, taint))) return true;
  }
  return false;
}
