// The types of why.portolan.dev in the form of the generated table (see schemas.ts), each field with the text that `kubectl explain` shows.

interface TypeText {
  readonly text: string;
  readonly fields: Readonly<Record<string, readonly [type: string, text: string]>>;
}

const kindFields = {
  metadata: ['?meta.v1.ObjectMeta', 'The name and namespace of what is explained; the time of the explanation.'],
  subject: ['.Reference', 'What is explained.'],
  state: ['string', 'How it is, in one word: Pending, CrashLoopBackOff, Terminating, Available …'],
  since: ['?time', 'Since when it is so.'],
  verdict: ['string', 'The answer in one sentence.'],
  causes: ['*?[].Cause', 'What led to it, the weightiest first.'],
  placement: ['*?.Placement', 'Where a pod could run, node by node, and why not elsewhere.'],
  drain: ['*?[].DrainStep', 'What a drain of this node would do, pod by pod in the order in which they would go.'],
  remedies: [
    '*?[].Remedy',
    'Changes that would help, the smallest first. Each was tried on a copy of what the scheduler knows.',
  ],
} as const;

const typeTexts: Readonly<Record<string, TypeText>> = {
  Reference: {
    text: 'An object.',
    fields: {
      apiVersion: ['?string', 'Its API version.'],
      kind: ['string', 'Its kind.'],
      namespace: ['?string', 'Its namespace; left out for objects of the whole cluster.'],
      name: ['string', 'Its name.'],
      uid: ['?string', 'Its uid.'],
    },
  },
  Cause: {
    text: 'One thing that led to the state.',
    fields: {
      reason: ['string', 'The cause in one word, for programs.'],
      message: ['string', 'The cause in a sentence.'],
      source: ['?string', 'Who said or did it: a component, a user.'],
      since: ['?time', 'When it began.'],
      about: ['*?.Reference', 'The object it lies with, if that is another one.'],
    },
  },
  Placement: {
    text: 'What the scheduler makes of a pod now, or made of it when it was placed.',
    fields: {
      node: ['?string', 'The node it is on, or is promised.'],
      totalNodes: ['int32', 'How many nodes there are.'],
      fitting: ['int32', 'How many of them could have it.'],
      nodes: ['*?[].NodeFit', 'At most 100 nodes: those that could have it by their score, then those nearest to it.'],
      preemption: ['?string', 'What evicting pods of lower priority would do.'],
    },
  },
  NodeFit: {
    text: 'What the scheduler thinks of one node.',
    fields: {
      name: ['string', 'The node.'],
      zone: ['?string', 'Its zone.'],
      refusals: ['*?[].Refusal', 'Every plugin that refuses it; none: the pod fits.'],
      score: ['*?int64', 'The sum of the weighted scores, where nodes were compared.'],
      scores: ['*?{}int64', 'The weighted scores by plugin.'],
    },
  },
  Refusal: {
    text: 'Why a plugin of the scheduler refuses a node.',
    fields: {
      plugin: ['string', 'The plugin.'],
      reasons: ['*[]string', "Its reasons, in the scheduler's words."],
      detail: ['?string', 'The figures behind them: what is asked, what is free.'],
      unresolvable: ['?boolean', 'Evicting other pods would not lift it.'],
    },
  },
  DrainStep: {
    text: 'What a drain would do about one pod.',
    fields: {
      namespace: ['string', 'The namespace of the pod.'],
      name: ['string', 'The pod.'],
      outcome: ['string', 'Evicted, Waits, Blocked, Ignored, or Lost.'],
      message: ['string', 'Why.'],
      budget: ['?string', 'The PodDisruptionBudget that decides, if one does.'],
      to: ['?string', 'The node that its successor would run on.'],
    },
  },
  Remedy: {
    text: 'A change that would help.',
    fields: {
      change: ['string', 'What to change.'],
      effect: ['?string', 'What would come of it.'],
      command: ['?string', 'A command that makes the change, where one does.'],
    },
  },
};

/** The kinds of the group, by the resource they explain. */
export const explained = {
  pods: 'PodExplanation',
  nodes: 'NodeExplanation',
  services: 'ServiceExplanation',
  persistentvolumeclaims: 'PersistentVolumeClaimExplanation',
  deployments: 'DeploymentExplanation',
  replicasets: 'ReplicaSetExplanation',
  statefulsets: 'StatefulSetExplanation',
  daemonsets: 'DaemonSetExplanation',
  jobs: 'JobExplanation',
} as const;

const all: Readonly<Record<string, TypeText>> = {
  ...typeTexts,
  ...Object.fromEntries(
    Object.values(explained).map((kind) => [kind, { text: 'Why something is as it is.', fields: kindFields }]),
  ),
};

/** By the name of the table: `why.v1alpha1.Cause`. */
export const whyTypes: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(all).map(([name, { fields }]) => [
    `why.v1alpha1.${name}`,
    [fields === kindFields ? ';kind ?string;apiVersion ?string' : '', ...numbered(fields)].join(';'),
  ]),
);

function numbered(fields: TypeText['fields']): string[] {
  return Object.entries(fields).map(([name, [type]], i) => `${name} ${type} #${i + 1}`);
}

/** The package of the group in OpenAPI. */
export const whyPackage = 'dev.portolan.why';

/** The text of a type of the group (`dev.portolan.why.v1alpha1.Cause`) or of one of its fields; undefined for other types. */
export function describeWhy(type: string, field: string): string | undefined {
  const of = type.startsWith(`${whyPackage}.`) ? all[type.slice(type.lastIndexOf('.') + 1)] : undefined;
  return of && (field === '' ? of.text : of.fields[field]?.[1]);
}
