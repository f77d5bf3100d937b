// The whole decision of one look at a StatefulSet: which pods to make, mend or delete, in order or all at once.

import type { Duration, Instant } from '../../base/clock.ts';
import { scaledValue } from '../../base/int-or-string.ts';
import type { StatefulSet } from '../../kinds/apps/stateful-set.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { StatefulSetStatus } from '../../kinds/generated/types/apps-v1.ts';
import { isBeingDeleted, isFinished, isReady } from '../../kinds/core/pod-facts.ts';
import { availableIn } from '../pods.ts';
import { compact } from '../statuses.ts';
import { firstOrdinal, numberedPod, ordinalOf, revisionLabel, type Version } from './identity.ts';

export type Step =
  | { readonly act: 'create'; readonly pod: Pod }
  /** It is pending: its claims may be missing. */
  | { readonly act: 'claim'; readonly pod: Pod }
  /** Its labels, volumes or the owners of its claims may be wrong. */
  | { readonly act: 'mend'; readonly pod: Pod }
  /** It is beyond the set's size: its claims may have to go with it. */
  | { readonly act: 'condemn'; readonly pod: Pod }
  /** It ended, is one too many, or of an old template. */
  | { readonly act: 'delete'; readonly pod: Pod };

export interface StatefulSetView {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  readonly current: Version;
  readonly update: Version;
  readonly now: Instant;
}

export interface StatefulSetPlan {
  readonly steps: readonly Step[];
  readonly after: Duration | undefined;
}

const isRunningAndReady = (pod: Pod): boolean => pod.status?.phase === 'Running' && isReady(pod);

const isAvailable = (set: StatefulSet, pod: Pod, now: Instant): boolean =>
  !isBeingDeleted(pod) && isRunningAndReady(pod) && availableIn(pod, set.spec.minReadySeconds ?? 0, now) === 0;

export const revisionOf = (pod: Pod): string => pod.metadata.labels?.[revisionLabel] ?? '';

/** The pods by their numbers (undefined: missing), and those beyond, highest first. */
function slots(set: StatefulSet, pods: readonly Pod[]): { replicas: (Pod | undefined)[]; condemned: Pod[] } {
  const first = firstOrdinal(set);
  const replicas: (Pod | undefined)[] = Array.from({ length: set.spec.replicas ?? 1 });
  const condemned: { pod: Pod; ordinal: number }[] = [];
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod);
    if (ordinal === undefined) continue;
    const at = ordinal - first;
    if (at >= 0 && at < replicas.length) replicas[at] = pod;
    else condemned.push({ pod, ordinal });
  }
  return { replicas, condemned: condemned.sort((a, b) => b.ordinal - a.ordinal).map(({ pod }) => pod) };
}

export function planStatefulSet(view: StatefulSetView): StatefulSetPlan {
  const { set, pods, now } = view;
  const { replicas, condemned } = slots(set, pods);
  const steps: Step[] = [];
  if (!isBeingDeleted(set)) {
    const ordered = set.spec.podManagementPolicy !== 'Parallel';
    let done = keepReplicas(view, replicas, ordered, steps);
    if (done) {
      steps.push(...condemned.map((pod) => ({ act: 'condemn' as const, pod })));
      done = removeCondemned(view, replicas, condemned, ordered, steps);
    }
    if (done && set.spec.updateStrategy?.type !== 'OnDelete') replaceOutdated(view, replicas, steps);
  }
  return { steps, after: nextAvailable(set, pods, now) };
}

/** Makes what is missing; in order each pod waits for the one before. False when the rest has to wait. */
function keepReplicas(
  view: StatefulSetView,
  replicas: readonly (Pod | undefined)[],
  ordered: boolean,
  steps: Step[],
): boolean {
  const { set, now } = view;
  for (const [at, pod] of replicas.entries()) {
    if (!pod) {
      const ordinal = firstOrdinal(set) + at;
      steps.push({ act: 'create', pod: numberedPod(set, ordinal, versionFor(view, ordinal)) });
      if (ordered) return false;
      continue;
    }
    if (isFinished(pod)) {
      if (!isBeingDeleted(pod)) steps.push({ act: 'delete', pod });
      if (ordered) return false;
      continue;
    }
    if (pod.status?.phase === 'Pending') steps.push({ act: 'claim', pod });
    if (ordered && !isAvailable(set, pod, now)) return false;
    steps.push({ act: 'mend', pod });
  }
  return true;
}

/** Below the partition pods keep the present revision; all others are made of the newest. */
function versionFor({ set, current, update }: StatefulSetView, ordinal: number): Version {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type === 'OnDelete') return update;
  const kept = rollingUpdate ? (rollingUpdate.partition ?? 0) : (set.status?.currentReplicas ?? 0);
  return ordinal < firstOrdinal(set) + kept ? current : update;
}

/** Deletes pods beyond the size; in order the highest first, and only one, unless it is the one that ails. */
function removeCondemned(
  view: StatefulSetView,
  replicas: readonly (Pod | undefined)[],
  condemned: readonly Pod[],
  ordered: boolean,
  steps: Step[],
): boolean {
  const { set, now } = view;
  const lowestFirst = [...replicas.flatMap((pod) => pod ?? []), ...[...condemned].reverse()];
  const ailing = lowestFirst.find((pod) => !isAvailable(set, pod, now));
  for (const pod of condemned) {
    if (isBeingDeleted(pod)) {
      if (ordered) return false;
      continue;
    }
    if (ordered && !isAvailable(set, pod, now) && pod !== ailing) return false;
    steps.push({ act: 'delete', pod });
    if (ordered) return false;
  }
  return true;
}

const isOutdated = (pod: Pod, update: Version): boolean => revisionOf(pod) !== update.name && !isBeingDeleted(pod);

/** How many pods may be away during an update: one, unless the set says more. */
function maxUnavailable({ spec }: StatefulSet): number {
  const said = spec.updateStrategy?.rollingUpdate?.maxUnavailable;
  return Math.max(1, scaledValue(said ?? 1, spec.replicas ?? 1, 'down'));
}

/** Deletes the highest pod of an old template, once all above it are available; or as many as may be away. */
function replaceOutdated(
  { set, update, now }: StatefulSetView,
  replicas: readonly (Pod | undefined)[],
  steps: Step[],
): void {
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const allowed = maxUnavailable(set);
  if (allowed > 1) {
    const missing = replicas.filter((pod) => !pod || !isAvailable(set, pod, now)).length;
    const outdated = replicas.slice(partition).flatMap((pod) => (pod && isOutdated(pod, update) ? [pod] : []));
    const pods = outdated.reverse().slice(0, Math.max(0, allowed - missing));
    steps.push(...pods.map((pod) => ({ act: 'delete' as const, pod })));
    return;
  }
  for (let at = replicas.length - 1; at >= partition; at--) {
    const pod = replicas[at];
    if (pod && isOutdated(pod, update)) {
      if (!isFinished(pod)) steps.push({ act: 'delete', pod });
      return;
    }
    if (!pod || !isAvailable(set, pod, now)) return;
  }
}

function nextAvailable(set: StatefulSet, pods: readonly Pod[], now: Instant): Duration | undefined {
  const waits = pods.flatMap((pod) => availableIn(pod, set.spec.minReadySeconds ?? 0, now) || []);
  return waits.length > 0 ? Math.min(...waits) : undefined;
}

export interface StatefulSetCounts {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  readonly current: string;
  readonly update: string;
  readonly collisionCount: number;
  readonly now: Instant;
}

/** The status for these pods. Once all are new, the newest revision becomes the present one. */
export function statefulSetStatus({
  set,
  pods,
  current,
  update,
  collisionCount,
  now,
}: StatefulSetCounts): StatefulSetStatus {
  const members = pods.filter((pod) => ordinalOf(set, pod) !== undefined);
  const living = members.filter((pod) => !isBeingDeleted(pod));
  const count = (matches: (pod: Pod) => boolean, of: readonly Pod[] = members) => of.filter(matches).length;
  const updated = count((pod) => revisionOf(pod) === update, living);
  const ready = count(isRunningAndReady);
  const wanted = set.spec.replicas ?? 1;
  const rolled =
    set.spec.updateStrategy?.type !== 'OnDelete' && [updated, ready, members.length].every((each) => each === wanted);
  return {
    ...compact({
      observedGeneration: set.metadata.generation ?? 0,
      readyReplicas: ready,
      currentReplicas: rolled ? updated : count((pod) => revisionOf(pod) === current, living),
      updatedReplicas: updated,
      currentRevision: rolled ? update : current,
      updateRevision: update,
      conditions: set.status?.conditions ?? [],
    }),
    replicas: members.length,
    availableReplicas: count(
      (pod) => isRunningAndReady(pod) && availableIn(pod, set.spec.minReadySeconds ?? 0, now) === 0,
    ),
    collisionCount,
  };
}
