// PodDisruptionBudgets: counts how many pods are healthy, how many must be, and so how many may be evicted now.

import { type Instant, minutes } from '../base/clock.ts';
import { scaledValue } from '../base/int-or-string.ts';
import { type Selector, selectorOf } from '../base/selectors.ts';
import { formatTime, parseTime } from '../base/time.ts';
import { apiVersionOf, type Kind, resourceKey } from '../api/kind.ts';
import type { OwnerReference } from '../api/object.ts';
import { referenceTo } from '../client/client.ts';
import { Deployment } from '../kinds/apps/deployment.ts';
import { ReplicaSet } from '../kinds/apps/replica-set.ts';
import { StatefulSet } from '../kinds/apps/stateful-set.ts';
import { Pod } from '../kinds/core/pod.ts';
import { ReplicationController } from '../kinds/core/replication-controller.ts';
import type { Condition, LabelSelector } from '../kinds/generated/types/meta-v1.ts';
import type { PodDisruptionBudgetStatus } from '../kinds/generated/types/policy-v1.ts';
import { PodDisruptionBudget } from '../kinds/policy/pod-disruption-budget.ts';
import { type Context, type Controller, defineController, type EventText, watching } from '../reconcile/controller.ts';
import { restFor } from './batches.ts';
import { controllerOf, isReady } from '../kinds/core/pod-facts.ts';

/** An evicted pod that is still there after this long was not deleted after all. */
const deletionTimeout = minutes(2);

/** How many pods a controller wants. */
export interface Scale {
  readonly uid: string;
  readonly replicas: number;
}

/** The scale of a pod's controller, or why there is none; undefined for a pod nobody manages. */
export type ScaleOf = (pod: Pod) => Scale | Fault | undefined;

export interface Fault {
  readonly fault: string;
}

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
  /** Evicted pods that were not deleted in time. */
  readonly notDeleted: readonly Pod[];
  /** Until the next evicted pod should be gone. */
  readonly after: number | undefined;
}

const selects = ({ spec }: PodDisruptionBudget): Selector => selectorOf(spec?.selector, 'nothing');

export function planBudget(view: BudgetView): BudgetPlan {
  const { budget, pods, now } = view;
  const events: EventText[] = [];
  if (pods.length === 0) events.push({ reason: 'NoPods', message: 'No matching pods found' });
  const wanted = demand(view, events);
  if ('fault' in wanted) return failedSafe(budget, wanted, now);
  const { expected, desired } = wanted;
  const { disrupted, notDeleted } = stillDisrupted(view);
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
      conditions: withAllowed(budget, verdict(allowed > 0, generation), now),
    },
    events,
    notDeleted,
    after: dues.length > 0 ? Math.max(0, Math.min(...dues)) : undefined,
  };
}

interface Demand {
  readonly expected: number;
  readonly desired: number;
}

/** How many pods there should be, and how many of them healthy. A plain number of available ones needs no owners. */
function demand(view: BudgetView, events: EventText[]): Demand | Fault {
  const { minAvailable, maxUnavailable } = view.budget.spec ?? {};
  if (maxUnavailable === undefined) {
    if (minAvailable === undefined) return { expected: 0, desired: 0 };
    if (typeof minAvailable === 'number') return { expected: view.pods.length, desired: minAvailable };
  }
  const expected = expectedScale(view, events);
  if (typeof expected !== 'number') return expected;
  if (maxUnavailable === undefined) return { expected, desired: scaledValue(minAvailable ?? 0, expected, 'up') };
  return { expected, desired: Math.max(0, expected - scaledValue(maxUnavailable, expected, 'up')) };
}

function expectedScale({ budget, pods, scaleOf }: BudgetView, events: EventText[]): number | Fault {
  const scales = new Map<string, number>();
  let unmanaged = false;
  for (const pod of pods) {
    const scale = scaleOf(pod);
    if (!scale) unmanaged = true;
    else if ('fault' in scale) return scale;
    else scales.set(scale.uid, scale.replicas);
  }
  if (unmanaged) {
    const message = `Pods selected by this PodDisruptionBudget (selector: ${printedSelector(budget.spec?.selector)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
    events.push({ type: 'Warning', reason: 'UnmanagedPods', message });
  }
  return [...scales.values()].reduce((total, replicas) => total + replicas, 0);
}

/** When it is not known how many pods there should be, none may be evicted. */
function failedSafe(budget: PodDisruptionBudget, { fault }: Fault, now: Instant): BudgetPlan {
  const message = `Failed to calculate the number of expected pods: ${fault}`;
  const { observedGeneration } = budget.status ?? {};
  const text: Verdict = {
    status: 'False',
    reason: 'SyncFailed',
    message: fault,
    ...(observedGeneration && { observedGeneration }),
  };
  return {
    status: {
      currentHealthy: 0,
      desiredHealthy: 0,
      expectedPods: 0,
      ...budget.status,
      disruptionsAllowed: 0,
      conditions: withAllowed(budget, text, now),
    },
    events: [{ type: 'Warning', reason: 'CalculateExpectedPodCountFailed', message }],
    notDeleted: [],
    after: undefined,
  };
}

/** Evicted pods that are about to go, with the time of their eviction; and those that should have gone. */
function stillDisrupted({ budget, pods, now }: BudgetView): { disrupted: Map<string, string>; notDeleted: Pod[] } {
  const known = budget.status?.disruptedPods ?? {};
  const disrupted = new Map<string, string>();
  const notDeleted: Pod[] = [];
  for (const pod of pods) {
    const name = pod.metadata.name ?? '';
    const time = known[name];
    if (time === undefined || pod.metadata.deletionTimestamp) continue;
    if ((parseTime(time) ?? now) + deletionTimeout >= now) disrupted.set(name, time);
    else notDeleted.push(pod);
  }
  return { disrupted, notDeleted };
}

/** Kubernetes names the budget's namespace twice, and not the budget. */
const tellNotDeleted = (pod: Pod, { event }: Context): void =>
  event(pod, {
    type: 'Warning',
    reason: 'NotDeleted',
    message: `Pod was expected by PDB ${pod.metadata.namespace}/${pod.metadata.namespace} to be deleted but it wasn't`,
  });

/** A selector as Go prints it. */
export function printedSelector(selector: LabelSelector | undefined): string {
  if (!selector) return 'nil';
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const labels = Object.entries(matchLabels).sort(([a], [b]) => (a < b ? -1 : 1));
  const pairs = labels.map(([key, value]) => `${key}: ${value},`).join('');
  const requirements = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${pairs}},MatchExpressions:[]LabelSelectorRequirement{${requirements.join('')}},}`;
}

type Verdict = Pick<Condition, 'status' | 'reason' | 'message' | 'observedGeneration'>;

const verdict = (allowed: boolean, generation: number | undefined): Verdict => ({
  status: allowed ? 'True' : 'False',
  reason: allowed ? 'SufficientPods' : 'InsufficientPods',
  message: '',
  ...(generation !== undefined && { observedGeneration: generation }),
});

function withAllowed({ status }: PodDisruptionBudget, text: Verdict, now: Instant): Condition[] {
  const before = status?.conditions ?? [];
  const current = before.find(({ type }) => type === 'DisruptionAllowed');
  const news: Condition = {
    type: 'DisruptionAllowed',
    ...text,
    lastTransitionTime: current?.status === text.status ? current.lastTransitionTime : formatTime(now),
  };
  return [...before.filter(({ type }) => type !== 'DisruptionAllowed'), news];
}

/** Finds the number of pods wanted by a pod's controller, for a Deployment's through its ReplicaSet. */
function scaleFinder({ lister }: Context, others: ReadonlyMap<string, Scale | Fault>): ScaleOf {
  const scaled = (object: ReplicaSet | StatefulSet | ReplicationController | Deployment | undefined, uid: string) =>
    object?.metadata.uid === uid ? { uid, replicas: object.spec.replicas ?? 1 } : undefined;
  const builtIn = ({ kind, name, uid }: OwnerReference, namespace: string): Scale | undefined => {
    if (kind === 'StatefulSet') return scaled(lister(StatefulSet).get(name, namespace), uid);
    if (kind === 'ReplicationController') return scaled(lister(ReplicationController).get(name, namespace), uid);
    const set = lister(ReplicaSet).get(name, namespace);
    const above = set && controllerOf(set);
    if (above?.kind !== 'Deployment') return scaled(set, uid);
    return scaled(lister(Deployment).get(above.name, namespace), above.uid);
  };
  return (pod) => {
    const owner = controllerOf(pod);
    if (!owner) return undefined;
    const scale = isBuiltIn(owner) ? builtIn(owner, pod.metadata.namespace ?? '') : others.get(owner.uid);
    return scale ?? { fault: `found no controllers for pod ${JSON.stringify(pod.metadata.name)}` };
  };
}

const isBuiltIn = ({ apiVersion, kind }: OwnerReference): boolean =>
  (apiVersion === 'v1' && kind === 'ReplicationController') ||
  (apiVersion.startsWith('apps/') && (kind === 'ReplicaSet' || kind === 'StatefulSet'));

/** The scales of controllers of any other kind, asked of the server, by uid. */
async function otherScales(
  pods: readonly Pod[],
  kinds: readonly Kind[],
  { client }: Pick<Context, 'client'>,
): Promise<Map<string, Scale | Fault>> {
  const owners = new Map<string, { owner: OwnerReference; namespace: string }>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (owner && !isBuiltIn(owner)) owners.set(owner.uid, { owner, namespace: pod.metadata.namespace ?? '' });
  }
  const scales = new Map<string, Scale | Fault>();
  for (const { owner, namespace } of owners.values()) {
    const kind = kinds.find((each) => each.kind === owner.kind && servesVersion(each, owner.apiVersion));
    const { scale: paths } = kind?.behaviour ?? {};
    if (!kind)
      scales.set(owner.uid, {
        fault: `no matches for kind ${JSON.stringify(owner.kind)} in version ${JSON.stringify(owner.apiVersion)}`,
      });
    else if (!paths) scales.set(owner.uid, { fault: `${resourceKey(kind)} does not implement the scale subresource` });
    else {
      const object = await client.find(kind, owner.name, namespace);
      const replicas = object?.metadata.uid === owner.uid ? valueAt(object, paths.replicas) : undefined;
      if (object?.metadata.uid === owner.uid)
        scales.set(owner.uid, { uid: owner.uid, replicas: Number(replicas ?? 0) });
    }
  }
  return scales;
}

const servesVersion = ({ group, versions }: Kind, apiVersion: string): boolean =>
  versions.some(({ version }) => apiVersionOf({ group, version }) === apiVersion);

/** The value at a path of plain field names: `.spec.replicas`. */
const valueAt = (object: object, path: string): unknown =>
  path
    .split('.')
    .filter(Boolean)
    .reduce<unknown>((at, field) => (at as Readonly<Record<string, unknown>> | undefined)?.[field], object);

const unwatched = () => [];

export const disruptionController = (kinds: () => readonly Kind[]): Controller =>
  defineController<PodDisruptionBudget>({
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

    rest: ({ status }) => restFor(status?.expectedPods),

    async reconcile(budget, context) {
      const pods = context.lister(Pod).select(budget.metadata.namespace ?? '', selects(budget));
      const { status, events, notDeleted, after } = planBudget({
        budget,
        pods,
        scaleOf: scaleFinder(context, await otherScales(pods, kinds(), context)),
        now: context.clock.now(),
      });
      for (const event of events) context.event(budget, event);
      for (const pod of notDeleted) tellNotDeleted(pod, context);
      return { status, ...(after !== undefined && { after }) };
    },
  });
