// What anybody asks about a pod: does it still count, is it ready, whose is it.

import type { OwnerReference } from '../../api/object.ts';
import type { PodCondition } from '../generated/types/core-v1.ts';
import type { Pod } from './pod.ts';

/** Ran to its end, well or badly. */
export const isFinished = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

export const isBeingDeleted = (object: { metadata: { deletionTimestamp?: string } }): boolean =>
  object.metadata.deletionTimestamp !== undefined;

/** Neither finished nor on its way out. */
export const isActive = (pod: Pod): boolean => !isFinished(pod) && !isBeingDeleted(pod);

/** Asked to stop and not yet stopped. */
export const isTerminating = (pod: Pod): boolean => isBeingDeleted(pod) && !isFinished(pod);

export const podCondition = (pod: Pod, type: string): PodCondition | undefined =>
  pod.status?.conditions?.find((condition) => condition.type === type);

export const isReady = (pod: Pod): boolean => podCondition(pod, 'Ready')?.status === 'True';

/** The owner reference that says who controls an object. */
export const controllerOf = (object: {
  metadata: { ownerReferences?: OwnerReference[] };
}): OwnerReference | undefined => object.metadata.ownerReferences?.find((reference) => reference.controller);

const none: readonly never[] = [];

/** The claims it mounts, by name, those made for its ephemeral volumes included. */
export function mountedClaims({ metadata, spec }: Pod): readonly string[] {
  const names: string[] = [];
  for (const { name, persistentVolumeClaim, ephemeral } of spec?.volumes ?? none) {
    if (persistentVolumeClaim) names.push(persistentVolumeClaim.claimName);
    else if (ephemeral) names.push(`${metadata.name}-${name}`);
  }
  return names.length > 0 ? names : none;
}
