// Which ReplicaSet is a Deployment's newest, what the others are called in its history, and which of them are to be forgotten.

import { semanticEqual } from '../../base/equal.ts';
import { ReplicaSet } from '../../kinds/apps/replica-set.ts';
import type { Deployment } from '../../kinds/apps/deployment.ts';
import type { PodTemplateSpec } from '../../kinds/generated/types/core-v1.ts';
import { podTemplateHash } from '../pod-template-hash.ts';
import { byCreation, desiredAnnotation, maxAnnotation, maxSurge, wanted } from './sizes.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const historyAnnotation = 'deployment.kubernetes.io/revision-history';
const hashLabel = 'pod-template-hash';
const longestHistory = 2000;
const longestName = 253;
/** The value with which a limit or deadline counts as absent. */
const noLimit = 2_147_483_647;

/** Annotations of a Deployment that its ReplicaSets do not get. */
const ownAnnotations: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
]);

type Annotations = Readonly<Record<string, string>>;

export const revisionOf = (set: ReplicaSet): number => {
  const text = set.metadata.annotations?.[revisionAnnotation] ?? '';
  return /^\d+$/.test(text) ? Number(text) : 0;
};

/** The oldest ReplicaSet that has the Deployment's template. */
export const newestSet = (deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined =>
  byCreation(sets).find((set) => sameTemplate(set.spec.template ?? {}, deployment.spec.template));

/** Same but for the hash label. */
export const sameTemplate = (a: PodTemplateSpec, b: PodTemplateSpec): boolean =>
  semanticEqual(withoutHash(a), withoutHash(b));

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  if (template.metadata?.labels?.[hashLabel] === undefined) return template;
  const { [hashLabel]: _, ...labels } = template.metadata.labels;
  return { ...template, metadata: { ...template.metadata, labels } };
}

const nextRevision = (old: readonly ReplicaSet[]): number => Math.max(0, ...old.map(revisionOf)) + 1;

/** The ReplicaSet to create for a template that has none. */
export function freshSet(deployment: Deployment, old: readonly ReplicaSet[], replicas: number): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = podTemplateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name?.slice(0, longestName - hash.length - 1)}-${hash}`,
      namespace: deployment.metadata.namespace ?? '',
      labels,
      annotations: {
        ...inherited(deployment),
        [revisionAnnotation]: String(nextRevision(old)),
        ...replicasAnnotations(deployment),
      },
    },
    spec: {
      replicas,
      ...(minReadySeconds && { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** The newest ReplicaSet as it should be annotated: as the Deployment is, and with a new revision if it is an older one taken up again. */
export function annotatedSet(deployment: Deployment, set: ReplicaSet, old: readonly ReplicaSet[]): ReplicaSet {
  const before: Annotations = set.metadata.annotations ?? {};
  const [current, next] = [revisionOf(set), nextRevision(old)];
  const annotations = { ...before, ...inherited(deployment), ...(current < next && renumbered(before, next)) };
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  if (semanticEqual(annotations, before) && minReadySeconds === (set.spec.minReadySeconds ?? 0)) return set;
  const { minReadySeconds: _, ...spec } = set.spec;
  return {
    ...set,
    metadata: { ...set.metadata, annotations },
    spec: { ...spec, ...(minReadySeconds > 0 && { minReadySeconds }) },
  };
}

/** The new revision, and the one it had among the history, of which the oldest is dropped when it grows too long. */
function renumbered(annotations: Annotations, next: number): Annotations {
  const current = annotations[revisionAnnotation];
  const revision = { [revisionAnnotation]: String(next) };
  if (current === undefined) return revision;
  const history = [...(annotations[historyAnnotation]?.split(',').filter(Boolean) ?? []), current];
  while (history.join(',').length > longestHistory) history.shift();
  return { ...revision, [historyAnnotation]: history.join(',') };
}

function inherited(deployment: Deployment): Annotations {
  const all = Object.entries(deployment.metadata.annotations ?? {});
  return Object.fromEntries(all.filter(([key]) => !ownAnnotations.has(key)));
}

/** What a ReplicaSet remembers of the Deployment's size, to notice when that is changed. */
export const replicasAnnotations = (deployment: Deployment): Annotations => ({
  [desiredAnnotation]: String(wanted(deployment)),
  [maxAnnotation]: String(wanted(deployment) + maxSurge(deployment)),
});

/** Old ReplicaSets beyond the history limit that nothing is left of, oldest revision first. */
export function forgottenSets(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit ?? noLimit;
  if (limit === noLimit) return [];
  const alive = byCreation(old.filter((set) => !set.metadata.deletionTimestamp));
  const oldestFirst = alive.sort((a, b) => revisionOf(a) - revisionOf(b));
  return oldestFirst.slice(0, Math.max(0, alive.length - limit)).filter(isSpent);
}

const isSpent = (set: ReplicaSet): boolean =>
  wanted(set) === 0 &&
  (set.status?.replicas ?? 0) === 0 &&
  (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0);

export const hasProgressDeadline = (deployment: Deployment): boolean =>
  (deployment.spec.progressDeadlineSeconds ?? noLimit) !== noLimit;
