// How many pods each ReplicaSet of a Deployment should have: surge, unavailability, and fair shares while it is scaled.

import { scaledValue } from '../../base/int-or-string.ts';
import type { Deployment } from '../../kinds/apps/deployment.ts';
import type { ReplicaSet } from '../../kinds/apps/replica-set.ts';

export const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxAnnotation = 'deployment.kubernetes.io/max-replicas';

/** spec.replicas with the default that every stored object has. */
export const wanted = (object: Deployment | ReplicaSet): number => object.spec.replicas ?? 1;

export const sum = (sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number =>
  sets.reduce((total, set) => total + count(set), 0);

export const availableOf = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0;

/** Replicas that may exist beyond and be missing from the wanted number. Both are never 0, or nothing could move. */
function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  const { type, rollingUpdate } = deployment.spec.strategy ?? {};
  if (type === 'Recreate') return { surge: 0, unavailable: 0 };
  const replicas = wanted(deployment);
  const surge = scaledValue(rollingUpdate?.maxSurge ?? '25%', replicas, 'up');
  const unavailable = scaledValue(rollingUpdate?.maxUnavailable ?? '25%', replicas, 'down');
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export const maxSurge = (deployment: Deployment): number => fenceposts(deployment).surge;

export const maxUnavailable = (deployment: Deployment): number =>
  wanted(deployment) === 0 ? 0 : Math.min(fenceposts(deployment).unavailable, wanted(deployment));

/** What the new ReplicaSet may have now, given all that exist. */
export function newReplicas(deployment: Deployment, all: readonly ReplicaSet[], current: number): number {
  const replicas = wanted(deployment);
  if (deployment.spec.strategy?.type === 'Recreate') return replicas;
  const room = replicas + maxSurge(deployment) - sum(all, wanted);
  return room <= 0 ? current : current + Math.min(room, replicas - current);
}

/** A ReplicaSet and the number of pods it should get. */
export interface Size {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

const createdBefore = (a: ReplicaSet, b: ReplicaSet): number => {
  const [at, bt] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  const [an, bn] = [a.metadata.name ?? '', b.metadata.name ?? ''];
  return at === bt ? (an < bn ? -1 : an > bn ? 1 : 0) : at < bt ? -1 : 1;
};

export const byCreation = (sets: readonly ReplicaSet[]): ReplicaSet[] => [...sets].sort(createdBefore);

/** How the old ReplicaSets shrink in a rolling update: first those pods that are not available anyway, then as many as availability allows. */
export function shrunkOldSets(deployment: Deployment, old: readonly ReplicaSet[], fresh: ReplicaSet): Size[] {
  const all = [...old, fresh];
  if (sum(old, wanted) === 0) return [];
  const minAvailable = wanted(deployment) - maxUnavailable(deployment);
  const mostRemoved = sum(all, wanted) - minAvailable - (wanted(fresh) - availableOf(fresh));
  if (mostRemoved <= 0) return [];
  const sizes = byCreation(old).map((set) => ({ set, replicas: wanted(set) }));
  take(sizes, mostRemoved, ({ set, replicas }) => replicas - availableOf(set));
  take(sizes, sum(all, availableOf) - minAvailable, ({ replicas }) => replicas);
  return sizes.filter(({ set, replicas }) => replicas !== wanted(set));
}

/** Takes up to `total` pods off the sizes, in order, at most so many from each as `atMost` says. */
function take(sizes: { set: ReplicaSet; replicas: number }[], total: number, atMost: (size: Size) => number): void {
  let left = total;
  for (const size of sizes) {
    const count = Math.max(0, Math.min(left, atMost(size)));
    size.replicas -= count;
    left -= count;
  }
}

/** The sizes of the active ReplicaSets when a Deployment is scaled in the middle of a rollout: in proportion, what is left over to the largest. */
export function proportionalSizes(deployment: Deployment, active: readonly ReplicaSet[]): Size[] {
  const allowed = wanted(deployment) > 0 ? wanted(deployment) + maxSurge(deployment) : 0;
  const toAdd = allowed - sum(active, wanted);
  const largestFirst = [...active].sort(
    (a, b) => wanted(b) - wanted(a) || (toAdd > 0 ? createdBefore(b, a) : createdBefore(a, b)),
  );
  let added = 0;
  const sizes = largestFirst.map((set) => {
    const share = shareOf(deployment, set, toAdd, toAdd - added);
    added += share;
    return { set, replicas: wanted(set) + share };
  });
  const [largest] = sizes;
  if (largest) largest.replicas = Math.max(0, largest.replicas + toAdd - added);
  return sizes;
}

function shareOf(deployment: Deployment, set: ReplicaSet, toAdd: number, left: number): number {
  if (wanted(set) === 0 || toAdd === 0 || left === 0) return 0;
  const share = fractionOf(deployment, set);
  return toAdd > 0 ? Math.min(share, left) : Math.max(share, left);
}

/** What a ReplicaSet would gain or lose if it kept its share of the Deployment as it was before it was scaled. */
function fractionOf(deployment: Deployment, set: ReplicaSet): number {
  if (wanted(deployment) === 0) return -wanted(set);
  const before = Number(set.metadata.annotations?.[maxAnnotation] ?? 0) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  return Math.round((wanted(set) * (wanted(deployment) + maxSurge(deployment))) / before) - wanted(set);
}
