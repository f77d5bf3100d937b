// PodDisruptionBudgets: counts how many pods are healthy, how many must be, and so how many may be evicted now.

import { type Instant, minutes } from '../base/clock.ts';
import { scaledValue } from '../base/int-or-string.ts';
import { printSelector, type Selector, selectorOf } from '../base/selectors.ts';
import { formatTime, parseTime } from '../base/time.ts';
import { referenceTo } from '../client/client.ts';
import { Deployment } from '../kinds/apps/deployment.ts';
import { ReplicaSet } from '../kinds/apps/replica-set.ts';
import { StatefulSet } from '../kinds/apps/stateful-set.ts';
import { Pod } from '../kinds/core/pod.ts';
import { ReplicationController } from '../kinds/core/replication-controller.ts';
import type { Condition } from '../kinds/generated/types/meta-v1.ts';
import type { PodDisruptionBudgetStatus } from '../kinds/generated/types/policy-v1.ts';
import { PodDisruptionBudget } from '../kinds/policy/pod-disruption-budget.ts';
import { type Context, defineController, type EventText, watching } from '../reconcile/controller.ts';
import { controllerOf, isReady } from './pods.ts';

/** An evicted pod that is still there after this long was not deleted after all. */
const deletionTimeout = minutes(2);

/** How many pods the controller of a pod wants, once per controller; undefined for a pod nobody manages. */
export type ScaleOf = (pod: Pod) => { readonly uid: string; readonly replicas: number } | undefined;

export interface BudgetView {
  readonly budget: PodDisruptionBudget;
  /** All that match, whatever their state. */
  readonly pods: readonly Pod[];
  readonly scaleOf: ScaleOf;
  readonly now: Instant;
}

export interface BudgetPlan {
  readonly status: PodDisruptionBudgetStatus;
  readonly events: readonly EventText[];
  /** Until the next evicted pod should be gone. */
  readonly after: number | undefined;
}

const selects = ({ spec }: PodDisruptionBudget): Selector => selectorOf(spec?.selector, 'nothing');

export function planBudget(view: BudgetView): BudgetPlan {
  const { budget, pods, now } = view;
  const events: EventText[] = [];
  if (pods.length === 0) events.push({ reason: 'NoPods', message: 'No matching pods found' });
  const { expected, desired } = demand(view, events);
  const disrupted = stillDisrupted(view, events);
  const healthy = pods.filter(({ metadata }) => !metadata.deletionTimestamp && !disrupted.has(metadata.name ?? ''));
  const current = healthy.filter(isReady).length;
  const allowed = expected <= 0 ? 0 : Math.max(0, current - desired);
  const { generation } = budget.metadata;
  const dues = [...disrupted.values()].map((time) => (parseTime(time) ?? now) + deletionTimeout - now);
  return {
    status: {
      ...(generation !== undefined && { observedGeneration: generation }),
      ...(disrupted.size > 0 && { disruptedPods: Object.fromEntries(disrupted) }),
      disruptionsAllowed: allowed,
      currentHealthy: current,
      desiredHealthy: desired,
      expectedPods: expected,
      conditions: conditions(budget, allowed > 0, now),
    },
    events,
    after: dues.length > 0 ? Math.max(0, Math.min(...dues)) : undefined,
  };
}

/** How many pods there should be, and how many of them healthy. A plain number of available ones needs no owners. */
function demand(view: BudgetView, events: EventText[]): { expected: number; desired: number } {
  const { minAvailable, maxUnavailable } = view.budget.spec ?? {};
  if (maxUnavailable !== undefined) {
    const expected = expectedScale(view, events);
    return { expected, desired: Math.max(0, expected - scaledValue(maxUnavailable, expected, 'up')) };
  }
  if (minAvailable === undefined) return { expected: 0, desired: 0 };
  if (typeof minAvailable === 'number') return { expected: view.pods.length, desired: minAvailable };
  const expected = expectedScale(view, events);
  return { expected, desired: scaledValue(minAvailable, expected, 'up') };
}

function expectedScale({ budget, pods, scaleOf }: BudgetView, events: EventText[]): number {
  const scales = new Map<string, number>();
  let unmanaged = false;
  for (const pod of pods) {
    const scale = scaleOf(pod);
    if (scale) scales.set(scale.uid, scale.replicas);
    else unmanaged = true;
  }
  if (unmanaged) {
    const message = `Pods selected by this PodDisruptionBudget (selector: ${printSelector(selects(budget))}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
    events.push({ type: 'Warning', reason: 'UnmanagedPods', message });
  }
  return [...scales.values()].reduce((total, replicas) => total + replicas, 0);
}

/** Evicted pods that are about to go, with the time of their eviction. */
function stillDisrupted({ budget, pods, now }: BudgetView, events: EventText[]): Map<string, string> {
  const known = budget.status?.disruptedPods ?? {};
  const left = new Map<string, string>();
  for (const { metadata } of pods) {
    const name = metadata.name ?? '';
    const time = known[name];
    if (time === undefined || metadata.deletionTimestamp) continue;
    if ((parseTime(time) ?? now) + deletionTimeout >= now) left.set(name, time);
    else
      events.push({
        type: 'Warning',
        reason: 'NotDeleted',
        message: `Pod was expected by PDB ${budget.metadata.namespace}/${budget.metadata.name} to be deleted but it wasn't`,
      });
  }
  return left;
}

function conditions({ status, metadata }: PodDisruptionBudget, allowed: boolean, now: Instant): Condition[] {
  const before = status?.conditions ?? [];
  const current = before.find(({ type }) => type === 'DisruptionAllowed');
  const news: Condition = {
    type: 'DisruptionAllowed',
    status: allowed ? 'True' : 'False',
    reason: allowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    lastTransitionTime: formatTime(now),
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
  };
  const same = current?.status === news.status;
  const dated = same ? { ...news, lastTransitionTime: current.lastTransitionTime } : news;
  return [...before.filter(({ type }) => type !== 'DisruptionAllowed'), dated];
}

/** Finds the number of pods wanted by a pod's controller, for a Deployment's through its ReplicaSet. */
const scaleFinder =
  ({ lister }: Context): ScaleOf =>
  (pod) => {
    const owner = controllerOf(pod);
    const namespace = pod.metadata.namespace ?? '';
    if (!owner) return undefined;
    const scaled = (object: ReplicaSet | StatefulSet | ReplicationController | Deployment | undefined, uid: string) =>
      object?.metadata.uid === uid ? { uid, replicas: object.spec.replicas ?? 1 } : undefined;
    if (owner.kind === 'StatefulSet') return scaled(lister(StatefulSet).get(owner.name, namespace), owner.uid);
    if (owner.kind === 'ReplicationController')
      return scaled(lister(ReplicationController).get(owner.name, namespace), owner.uid);
    if (owner.kind !== 'ReplicaSet') return undefined;
    const set = lister(ReplicaSet).get(owner.name, namespace);
    const above = set && controllerOf(set);
    if (above?.kind !== 'Deployment') return scaled(set, owner.uid);
    return scaled(lister(Deployment).get(above.name, namespace), above.uid);
  };

const unwatched = () => [];

export const disruptionController = defineController<PodDisruptionBudget>({
  // The name under which kube-controller-manager records these events.
  name: 'controllermanager',
  for: PodDisruptionBudget,
  watches: [
    watching(Pod, (pod, previous, { lister }) =>
      lister(PodDisruptionBudget)
        .list(pod.metadata.namespace)
        .filter((budget) => [pod, previous].some((each) => each && selects(budget).matches(each.metadata.labels)))
        .map(referenceTo),
    ),
    watching(ReplicaSet, unwatched),
    watching(Deployment, unwatched),
    watching(StatefulSet, unwatched),
    watching(ReplicationController, unwatched),
  ],

  async reconcile(budget, context) {
    const pods = context.lister(Pod).select(budget.metadata.namespace ?? '', selects(budget));
    const { status, events, after } = planBudget({
      budget,
      pods,
      scaleOf: scaleFinder(context),
      now: context.clock.now(),
    });
    for (const event of events) context.event(budget, event);
    return { status, ...(after !== undefined && { after }) };
  },
});
