// matchLabelKeys and mismatchLabelKeys: a new pod's own label values become part of its selectors.

import type { LabelSelector } from '../../../base/selectors.ts';
import type { Pod, PodAffinityTerm, TopologySpreadConstraint } from '../../generated/types/core-v1.ts';

/** Changes the pod's affinity terms and spread constraints in place. */
export function mergeLabelKeys({ metadata, spec }: Pod): void {
  const labels = metadata.labels ?? {};
  for (const constraint of spec.topologySpreadConstraints ?? []) merge(constraint, labels);
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  for (const affinity of [podAffinity, podAntiAffinity]) {
    for (const term of affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) merge(term, labels);
    for (const { podAffinityTerm } of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      merge(podAffinityTerm, labels);
    }
  }
}

type Merged = PodAffinityTerm | TopologySpreadConstraint;

function merge(term: Merged, labels: Readonly<Record<string, string>>): void {
  const selector = term.labelSelector;
  if (!selector) return;
  add(selector, term.matchLabelKeys ?? [], 'In', labels);
  if ('mismatchLabelKeys' in term) add(selector, term.mismatchLabelKeys ?? [], 'NotIn', labels);
}

function add(
  selector: LabelSelector,
  keys: readonly string[],
  operator: 'In' | 'NotIn',
  labels: Readonly<Record<string, string>>,
): void {
  const requirements = keys.flatMap((key) =>
    labels[key] === undefined ? [] : [{ key, operator, values: [labels[key]] }],
  );
  if (requirements.length === 0) return;
  Object.assign(selector, { matchExpressions: [...(selector.matchExpressions ?? []), ...requirements] });
}
