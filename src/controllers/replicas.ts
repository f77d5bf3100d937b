// Keeps a number of identical pods running: what ReplicaSets and ReplicationControllers have in common.

import type { Duration, Instant } from '../base/clock.ts';
import { selectorFromSet, type Selector } from '../base/selectors.ts';
import { formatTime } from '../base/time.ts';
import type { Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import type { ApiError } from '../api/status.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { ReplicaSetCondition, ReplicaSetStatus } from '../kinds/generated/types/apps-v1.ts';
import type { PodTemplateSpec } from '../kinds/generated/types/core-v1.ts';
import type { Context, Result } from '../reconcile/controller.ts';
import { allAtOnce, burst, isNamespaceTerminating, slowStart, told } from './batches.ts';
import { claimable, planClaim, settleClaim } from './ownership.ts';
import { isActive, isBeingDeleted, isFinished, isTerminating } from '../kinds/core/pod-facts.ts';
import { availableIn, inDeletionOrder, podFromTemplate } from './pods.ts';
import { conditionOf } from '../kinds/conditions.ts';
import { compact, withoutCondition, writeStatus } from './statuses.ts';

/** What both kinds say about themselves. */
export interface Replicated {
  readonly replicas: number;
  readonly minReadySeconds: number;
  readonly selector: Selector;
  readonly template: PodTemplateSpec;
}

/** Either kind, as this file reads and writes it. */
export interface ReplicatedObject extends KubeObject {
  status?: ReplicaSetStatus;
}

export interface ReplicasPlan {
  readonly create: number;
  readonly remove: readonly Pod[];
  readonly status: ReplicaSetStatus;
  /** Until the next ready pod has been so for long enough. */
  readonly nextAvailableIn: Duration | undefined;
}

export interface ReplicasView {
  readonly owner: ReplicatedObject;
  readonly want: Replicated;
  /** The owner's own, terminating ones included. */
  readonly pods: readonly Pod[];
  readonly now: Instant;
  /** How many active pods of this owner and its siblings are on a node. */
  siblingsOn?(node: string): number;
}

/** The whole decision: how many pods to make, which to delete, and the status as the pods are now. */
export function planReplicas({ owner, want, pods, now, siblingsOn }: ReplicasView): ReplicasPlan {
  const { active, status, nextAvailableIn } = count(owner, want, { pods, now });
  const missing = isBeingDeleted(owner) ? 0 : want.replicas - active.length;
  const tooMany = Math.min(-missing, burst);
  return {
    create: Math.max(0, Math.min(missing, burst)),
    // The order is of no consequence when all have to go.
    remove:
      tooMany <= 0 ? [] : tooMany < active.length ? inDeletionOrder(active, now, siblingsOn).slice(0, tooMany) : active,
    status,
    nextAvailableIn,
  };
}

function count(owner: ReplicatedObject, want: Replicated, { pods, now }: Pick<ReplicasView, 'pods' | 'now'>) {
  const template = selectorFromSet(want.template.metadata?.labels);
  const active: Pod[] = [];
  let [terminating, labeled, ready, available] = [0, 0, 0, 0];
  let nextAvailableIn: Duration | undefined;
  for (const pod of pods) {
    if (isTerminating(pod)) terminating++;
    if (!isActive(pod)) continue;
    active.push(pod);
    if (template.matches(pod.metadata.labels)) labeled++;
    const wait = availableIn(pod, want.minReadySeconds, now);
    if (wait !== undefined) ready++;
    if (wait === 0) available++;
    else if (wait !== undefined) nextAvailableIn = Math.min(nextAvailableIn ?? wait, wait);
  }
  const status: ReplicaSetStatus = {
    ...compact({
      fullyLabeledReplicas: labeled,
      readyReplicas: ready,
      availableReplicas: available,
      observedGeneration: owner.metadata.generation ?? 0,
      conditions: owner.status?.conditions ?? [],
    }),
    replicas: active.length,
    terminatingReplicas: terminating,
  };
  return { active, status, nextAvailableIn };
}

/** The status with the condition ReplicaFailure as the last writes went. A failure that is known already is not reworded. */
export function withFailure(
  status: ReplicaSetStatus,
  error: ApiError | undefined,
  plan: ReplicasPlan,
  now: Instant,
): ReplicaSetStatus {
  const { conditions, ...rest } = status;
  if (error && conditionOf(conditions, 'ReplicaFailure')) return status;
  const failure: ReplicaSetCondition[] = error
    ? [
        {
          type: 'ReplicaFailure',
          status: 'True',
          lastTransitionTime: formatTime(now),
          reason: plan.create > 0 ? 'FailedCreate' : 'FailedDelete',
          message: error.message,
        },
      ]
    : [];
  const all = [...withoutCondition(conditions, 'ReplicaFailure'), ...failure];
  return all.length > 0 ? { ...rest, conditions: all } : rest;
}

/** Claims the owner's pods, makes or deletes what the plan says, and returns the status. */
export async function reconcileReplicas<T extends ReplicatedObject>(
  context: Context,
  {
    kind,
    owner,
    want,
    siblingsOn,
  }: { kind: Kind<T>; owner: T; want: Replicated; siblingsOn?: (node: string) => number },
): Promise<{ status: ReplicaSetStatus; after: Duration | undefined }> {
  const { controlled, orphans } = claimable(context.lister(Pod), owner);
  const candidates = { controlled: controlled.filter((pod) => !isFinished(pod)), orphans: orphans.filter(isActive) };
  const claim = planClaim(owner, candidates, (pod) => want.selector.matches(pod.metadata.labels));
  const pods = await settleClaim(context, { ownerKind: kind, owner, kind: Pod }, claim);

  const plan = planReplicas({ owner, want, pods, now: context.clock.now(), ...(siblingsOn && { siblingsOn }) });
  const error = await carryOut(context, owner, want, plan);
  const status = withFailure(plan.status, error, plan, context.clock.now());
  // More is missing, or too much, than one look deals with.
  if (!error) return { status, after: Math.max(plan.create, plan.remove.length) === burst ? 0 : plan.nextAvailableIn };
  await writeStatus(context, kind, owner, status);
  throw error;
}

async function carryOut(
  context: Context,
  owner: KubeObject,
  want: Replicated,
  plan: ReplicasPlan,
): Promise<ApiError | undefined> {
  const event = (text: Parameters<Context['event']>[1]) => context.event(owner, text);
  const identity = { name: owner.metadata.name ?? '', namespace: owner.metadata.namespace ?? '' };
  const created = await slowStart(plan.create, () =>
    told(event, { verb: 'create' }, () => context.create(Pod, podFromTemplate(want.template, identity), owner)),
  );
  if (created.error) return isNamespaceTerminating(created.error) ? undefined : created.error;
  const removed = await allAtOnce(plan.remove.length, (i) => {
    const pod = plan.remove[i] as Pod;
    return told(event, { verb: 'delete', name: pod.metadata.name ?? '' }, () => context.delete(Pod, pod));
  });
  return removed.error;
}

/** A status and the time to look again, as a reconcile returns them. */
export const resultOf = <T extends KubeObject>(status: T['status'], after: Duration | undefined): Result<T> => ({
  status,
  ...(after !== undefined && { after }),
});
