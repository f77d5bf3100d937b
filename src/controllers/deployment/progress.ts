// What a Deployment says about itself: counts, and whether it is available, progressing, stuck, paused or failing.

import type { Duration, Instant } from '../../base/clock.ts';
import { formatTime, parseTime } from '../../base/time.ts';
import type { Deployment } from '../../kinds/apps/deployment.ts';
import type { ReplicaSet } from '../../kinds/apps/replica-set.ts';
import type { DeploymentCondition, DeploymentStatus } from '../../kinds/generated/types/apps-v1.ts';
import { conditionOf } from '../../kinds/conditions.ts';
import { compact, withoutCondition } from '../statuses.ts';
import { hasProgressDeadline } from './revisions.ts';
import { availableOf, maxUnavailable, sum, wanted } from './sizes.ts';

export type Conditions = readonly DeploymentCondition[];

type News = Pick<DeploymentCondition, 'type' | 'status'> & { reason: string; message: string };

/** The conditions with this one; the same status and reason again change nothing. */
export function withCondition(conditions: Conditions, news: News, now: Instant): Conditions {
  const current = conditionOf(conditions, news.type);
  if (current?.status === news.status && current.reason === news.reason) return conditions;
  return [...withoutCondition(conditions, news.type), { ...dated(news, current, now) }];
}

const dated = (news: News, current: DeploymentCondition | undefined, now: Instant): DeploymentCondition => ({
  ...news,
  lastUpdateTime: formatTime(now),
  lastTransitionTime:
    current?.status === news.status && current.lastTransitionTime ? current.lastTransitionTime : formatTime(now),
});

export const progressing = (status: DeploymentCondition['status'], reason: string, message: string): News => ({
  type: 'Progressing',
  status,
  reason,
  message,
});

/** The conditions with what pausing and resuming say; both stop the deadline. */
export function withPause(deployment: Deployment, now: Instant): Conditions {
  const conditions = deployment.status?.conditions ?? [];
  const current = conditionOf(conditions, 'Progressing');
  if (!hasProgressDeadline(deployment) || current?.reason === 'ProgressDeadlineExceeded') return conditions;
  const knownAsPaused = current?.reason === 'DeploymentPaused';
  if (deployment.spec.paused && !knownAsPaused)
    return withCondition(conditions, progressing('Unknown', 'DeploymentPaused', 'Deployment is paused'), now);
  if (!deployment.spec.paused && knownAsPaused)
    return withCondition(conditions, progressing('Unknown', 'DeploymentResumed', 'Deployment is resumed'), now);
  return conditions;
}

export interface Sets {
  readonly fresh: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

export const allOf = ({ fresh, old }: Sets): readonly ReplicaSet[] => (fresh ? [...old, fresh] : old);

/** The counts over all ReplicaSets, and whether that is enough to be called available. */
export function countedStatus(
  deployment: Deployment,
  conditions: Conditions,
  sets: Sets,
  now: Instant,
): DeploymentStatus {
  const all = allOf(sets);
  const replicas = sum(all, (set) => set.status?.replicas ?? 0);
  const available = sum(all, availableOf);
  const enough = available >= wanted(deployment) - maxUnavailable(deployment);
  const terminating = all.every((set) => set.status?.terminatingReplicas !== undefined)
    ? sum(all, (set) => set.status?.terminatingReplicas ?? 0)
    : undefined;
  const { collisionCount } = deployment.status ?? {};
  return {
    ...compact({
      observedGeneration: deployment.metadata.generation ?? 0,
      replicas,
      updatedReplicas: sets.fresh?.status?.replicas ?? 0,
      readyReplicas: sum(all, (set) => set.status?.readyReplicas ?? 0),
      availableReplicas: available,
      unavailableReplicas: Math.max(0, sum(all, wanted) - available),
    }),
    ...(terminating !== undefined && { terminatingReplicas: terminating }),
    ...(collisionCount !== undefined && { collisionCount }),
    conditions: [...withCondition(conditions, availability(enough), now)],
  };
}

const availability = (enough: boolean): News => ({
  type: 'Available',
  status: enough ? 'True' : 'False',
  reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
  message: enough ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
});

/** All wanted pods are of the newest template and available, and no other pods are left. */
export const isComplete = (deployment: Deployment, status: DeploymentStatus | undefined): boolean =>
  (status?.updatedReplicas ?? 0) === wanted(deployment) &&
  (status?.replicas ?? 0) === wanted(deployment) &&
  (status?.availableReplicas ?? 0) === wanted(deployment) &&
  (status?.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0);

/** The status during a rollout: counts, and the condition Progressing as far as something moved since the last status. */
export function rolloutStatus(
  deployment: Deployment,
  conditions: Conditions,
  sets: Sets,
  now: Instant,
): DeploymentStatus {
  const status = countedStatus(deployment, conditions, sets, now);
  const current = conditionOf(conditions, 'Progressing');
  const settled =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable';
  let next: Conditions = status.conditions ?? [];
  if (!hasProgressDeadline(deployment)) next = withoutCondition(next, 'Progressing');
  else if (!settled) next = withProgress(deployment, { ...status, conditions: [...next] }, sets.fresh, now);
  return { ...status, conditions: [...withReplicaFailure(next, sets, now)] };
}

function withProgress(
  deployment: Deployment,
  status: DeploymentStatus,
  fresh: ReplicaSet | undefined,
  now: Instant,
): Conditions {
  const conditions = status.conditions ?? [];
  const subject = fresh ? `ReplicaSet "${fresh.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return withCondition(conditions, progressing('True', 'NewReplicaSetAvailable', message), now);
  }
  if (hasMoved(deployment.status ?? {}, status)) {
    // Written anew each time: lastUpdateTime is what the deadline counts from.
    const news = progressing('True', 'ReplicaSetUpdated', `${subject} is progressing.`);
    const current = conditionOf(conditions, 'Progressing');
    return [...withoutCondition(conditions, 'Progressing'), dated(news, current, now)];
  }
  const late = lateBy(deployment, conditionOf(conditions, 'Progressing'), now);
  if (late === undefined || late <= 0) return conditions;
  const message = `${subject} has timed out progressing.`;
  return withCondition(conditions, progressing('False', 'ProgressDeadlineExceeded', message), now);
}

function hasMoved(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus) => replicas - updatedReplicas;
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

/** How far the deadline is past; negative while it is not. Undefined when none is running. */
function lateBy(deployment: Deployment, current: DeploymentCondition | undefined, now: Instant): Duration | undefined {
  if (!current || current.reason === 'NewReplicaSetAvailable') return undefined;
  if (current.reason === 'ProgressDeadlineExceeded') return 1;
  const since = parseTime(current.lastUpdateTime ?? '') ?? now;
  return now - since - (deployment.spec.progressDeadlineSeconds ?? 0) * 1000;
}

/** When to look again, whether the deadline has passed then: a second later, for times are kept in whole seconds. */
export function deadlineIn(deployment: Deployment, status: DeploymentStatus, now: Instant): Duration | undefined {
  const current = conditionOf(status.conditions, 'Progressing');
  if (!hasProgressDeadline(deployment) || current?.reason === 'ProgressDeadlineExceeded') return undefined;
  if (isComplete(deployment, status)) return undefined;
  const late = lateBy(deployment, current, now);
  return late === undefined ? undefined : Math.max(0, -late) + 1000;
}

/** Why pods cannot be made, taken over from the ReplicaSets, the newest first. */
function withReplicaFailure(conditions: Conditions, { fresh, old }: Sets, now: Instant): Conditions {
  const failure = [fresh, ...old].map((set) => conditionOf(set?.status?.conditions, 'ReplicaFailure')).find(Boolean);
  if (!failure) return withoutCondition(conditions, 'ReplicaFailure');
  const current = conditionOf(conditions, 'ReplicaFailure');
  if (current?.status === failure.status && current.reason === failure.reason) return conditions;
  const { type, status, reason = '', message = '', lastTransitionTime } = failure;
  const news: DeploymentCondition = {
    type,
    status,
    lastUpdateTime: formatTime(now),
    ...(lastTransitionTime && { lastTransitionTime }),
    reason,
    message,
  };
  return [...withoutCondition(conditions, 'ReplicaFailure'), news];
}
