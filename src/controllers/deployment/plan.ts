// The whole decision of one look at a Deployment: which ReplicaSet to make, which to resize, which to forget, and what to say.

import type { Duration, Instant } from '../../base/clock.ts';
import type { Deployment } from '../../kinds/apps/deployment.ts';
import type { ReplicaSet } from '../../kinds/apps/replica-set.ts';
import type { DeploymentStatus } from '../../kinds/generated/types/apps-v1.ts';
import type { EventText } from '../../reconcile/controller.ts';
import { conditionOf } from '../../kinds/conditions.ts';
import {
  allOf,
  type Conditions,
  countedStatus,
  deadlineIn,
  isComplete,
  progressing,
  rolloutStatus,
  type Sets,
  withCondition,
  withPause,
} from './progress.ts';
import {
  annotatedSet,
  forgottenSets,
  freshSet,
  hasProgressDeadline,
  newestSet,
  replicasAnnotations,
  revisionAnnotation,
} from './revisions.ts';
import {
  availableOf,
  byCreation,
  desiredAnnotation,
  newReplicas,
  proportionalSizes,
  shrunkOldSets,
  type Size,
  sum,
  wanted,
} from './sizes.ts';

export interface DeploymentView {
  readonly deployment: Deployment;
  /** Those the Deployment controls. */
  readonly sets: readonly ReplicaSet[];
  /** Whether pods of any but the given ReplicaSet still run, or stop slowly: Recreate waits for them. */
  oldPodsRun(fresh: ReplicaSet | undefined): boolean;
  readonly now: Instant;
}

export interface DeploymentPlan {
  readonly create: ReplicaSet | undefined;
  /** In this order, with what is told about each. */
  readonly updates: readonly { readonly set: ReplicaSet; readonly event: EventText | undefined }[];
  readonly remove: readonly ReplicaSet[];
  /** The Deployment's annotation `revision`. */
  readonly revision: string | undefined;
  readonly status: DeploymentStatus;
  readonly after: Duration | undefined;
}

interface Draft {
  readonly deployment: Deployment;
  readonly now: Instant;
  conditions: Conditions;
  sets: Sets;
  create: ReplicaSet | undefined;
  revision: string | undefined;
  updates: { set: ReplicaSet; event: EventText | undefined }[];
  remove: readonly ReplicaSet[];
}

export function planDeployment(view: DeploymentView): DeploymentPlan {
  const draft = begin(view);
  const { deployment } = view;
  if (deployment.metadata.deletionTimestamp) return finish(draft, 'counts');
  if (deployment.spec.paused) {
    rescale(draft);
    draft.remove = forgottenSets(deployment, draft.sets.old);
    return finish(draft, 'counts');
  }
  if (isRescaled(deployment, allOf(draft.sets))) {
    rescale(draft);
    return finish(draft, 'counts');
  }
  if (deployment.spec.strategy?.type === 'Recreate') recreate(draft, view);
  else roll(draft);
  return finish(draft, 'progress');
}

/** Finds the newest ReplicaSet among those there are, and brings its annotations up to date. */
function begin({ deployment, sets, now }: DeploymentView): Draft {
  const leaving = deployment.metadata.deletionTimestamp !== undefined;
  const fresh = newestSet(deployment, sets);
  const draft: Draft = {
    deployment,
    now,
    conditions: leaving ? (deployment.status?.conditions ?? []) : withPause(deployment, now),
    sets: { fresh, old: sets.filter((set) => set !== fresh) },
    create: undefined,
    revision: deployment.metadata.annotations?.[revisionAnnotation],
    updates: [],
    remove: [],
  };
  if (!fresh) return draft;
  const annotated = annotatedSet(deployment, fresh, draft.sets.old);
  if (annotated !== fresh) replace(draft, annotated, undefined);
  draft.revision = annotated.metadata.annotations?.[revisionAnnotation] ?? draft.revision;
  if (hasProgressDeadline(deployment) && !conditionOf(draft.conditions, 'Progressing'))
    tell(draft, 'FoundNewReplicaSet', `Found new replica set "${fresh.metadata.name}"`);
  return draft;
}

const tell = (draft: Draft, reason: string, message: string): void => {
  draft.conditions = withCondition(draft.conditions, progressing('True', reason, message), draft.now);
};

function finish(draft: Draft, say: 'counts' | 'progress'): DeploymentPlan {
  const { deployment, conditions, sets, now, create, updates, remove, revision } = draft;
  const status = (say === 'counts' ? countedStatus : rolloutStatus)(deployment, conditions, sets, now);
  const after = say === 'progress' ? deadlineIn(deployment, status, now) : undefined;
  return { create, updates, remove, revision, status, after };
}

/** Puts a changed ReplicaSet in the place of the one it was; several changes of one are written at once. */
function replace(draft: Draft, set: ReplicaSet, event: EventText | undefined): void {
  const same = (other: ReplicaSet) => other.metadata.name === set.metadata.name;
  const { fresh, old } = draft.sets;
  draft.sets = { fresh: fresh && same(fresh) ? set : fresh, old: old.map((each) => (same(each) ? set : each)) };
  const before = draft.updates.findIndex((update) => same(update.set));
  if (before >= 0) draft.updates[before] = { set, event: event ?? draft.updates[before]?.event };
  else draft.updates.push({ set, event });
}

/** Gives a ReplicaSet its size; also its note of the Deployment's size, when that is out of date. True if the size is new. */
function resize(draft: Draft, { set, replicas }: Size): boolean {
  const notes = replicasAnnotations(draft.deployment);
  const stale = Object.entries(notes).some(([key, value]) => set.metadata.annotations?.[key] !== value);
  const before = wanted(set);
  if (before === replicas && !stale) return false;
  const annotations = { ...set.metadata.annotations, ...notes };
  const next = { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas } };
  const name = set.metadata.name ?? '';
  replace(draft, next, before === replicas ? undefined : scaled(name, before, replicas));
  return before !== replicas;
}

export const scaled = (name: string, from: number, to: number): EventText => ({
  reason: 'ScalingReplicaSet',
  message: `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`,
});

const isActive = (set: ReplicaSet): boolean => wanted(set) > 0;

/** Somebody changed the Deployment's size since the ReplicaSets noted it. */
const isRescaled = (deployment: Deployment, sets: readonly ReplicaSet[]): boolean =>
  sets.some((set) => {
    const note = set.metadata.annotations?.[desiredAnnotation];
    return isActive(set) && note !== undefined && Number(note) !== wanted(deployment);
  });

/** Follows a change of size without going on with the rollout. */
function rescale(draft: Draft): void {
  const { deployment, sets } = draft;
  const single = activeOrLatest(sets);
  if (single) {
    if (wanted(single) !== wanted(deployment)) resize(draft, { set: single, replicas: wanted(deployment) });
  } else if (isSaturated(deployment, sets.fresh)) {
    for (const set of sets.old.filter(isActive)) resize(draft, { set, replicas: 0 });
  } else if (deployment.spec.strategy?.type !== 'Recreate') {
    for (const size of proportionalSizes(deployment, allOf(sets).filter(isActive))) resize(draft, size);
  }
}

/** The only active ReplicaSet, or the latest if none is. Undefined when several are. */
function activeOrLatest(sets: Sets): ReplicaSet | undefined {
  const active = allOf(sets).filter(isActive);
  if (active.length > 1) return undefined;
  return active[0] ?? sets.fresh ?? byCreation(sets.old).at(-1);
}

const isSaturated = (deployment: Deployment, fresh: ReplicaSet | undefined): boolean =>
  fresh !== undefined &&
  Number(fresh.metadata.annotations?.[desiredAnnotation]) === wanted(deployment) &&
  wanted(fresh) === wanted(deployment) &&
  availableOf(fresh) === wanted(deployment);

/** The newest ReplicaSet, planned now if there is none. */
function ensureFresh(draft: Draft): ReplicaSet {
  const { deployment, sets } = draft;
  if (sets.fresh) return sets.fresh;
  const created = freshSet(deployment, sets.old, newReplicas(deployment, sets.old, 0));
  draft.create = created;
  draft.sets = { ...sets, fresh: { ...created, status: { replicas: 0 } } };
  draft.revision = created.metadata.annotations?.[revisionAnnotation];
  if (hasProgressDeadline(deployment))
    tell(draft, 'NewReplicaSetCreated', `Created new replica set "${created.metadata.name}"`);
  return draft.sets.fresh as ReplicaSet;
}

/** One step of a rolling update: the newest grows or the old ones shrink, never both at one look. */
function roll(draft: Draft): void {
  const { deployment } = draft;
  const fresh = ensureFresh(draft);
  const target =
    wanted(fresh) > wanted(deployment) ? wanted(deployment) : newReplicas(deployment, allOf(draft.sets), wanted(fresh));
  if (wanted(fresh) !== wanted(deployment) && resize(draft, { set: fresh, replicas: target })) return;
  const sizes = shrunkOldSets(deployment, draft.sets.old.filter(isActive), draft.sets.fresh ?? fresh);
  for (const size of sizes) resize(draft, size);
  if (sizes.length === 0) forget(draft);
}

/** One step of Recreate: all old pods go, and are gone, before the first new one is made. */
function recreate(draft: Draft, view: DeploymentView): void {
  const active = draft.sets.old.filter(isActive);
  for (const set of active) resize(draft, { set, replicas: 0 });
  const lingering = sum(draft.sets.old, (set) => set.status?.replicas ?? 0) > 0;
  if (active.length > 0 || lingering || view.oldPodsRun(draft.sets.fresh)) return;
  const fresh = ensureFresh(draft);
  if (wanted(fresh) !== wanted(draft.deployment)) resize(draft, { set: fresh, replicas: wanted(draft.deployment) });
  forget(draft);
}

function forget(draft: Draft): void {
  const { deployment, sets } = draft;
  if (isComplete(deployment, deployment.status)) draft.remove = forgottenSets(deployment, sets.old);
}
