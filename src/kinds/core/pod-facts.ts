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
