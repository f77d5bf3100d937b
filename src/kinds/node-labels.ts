// Labels of nodes that others have taken the place of, and what objects that look for them draw warnings for.

export const oldNodeLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

interface Requirement {
  readonly key: string;
}

export const nodeExpressionWarnings = (expressions: readonly Requirement[] | undefined, field: string): string[] =>
  (expressions ?? []).flatMap(({ key }, i) =>
    oldNodeLabels[key] ? [`${field}.matchExpressions[${i}].key: ${key} is ${oldNodeLabels[key]}`] : [],
  );
