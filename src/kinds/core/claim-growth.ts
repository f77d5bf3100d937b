// How a claim's status tells that its volume grows: what the resizer of the driver and the kubelet of the node write in turn.

import type { PersistentVolumeClaimCondition, PersistentVolumeClaimStatus } from '../generated/types/core-v1.ts';

const conditions: readonly string[] = [
  'Resizing',
  'FileSystemResizePending',
  'ControllerResizeError',
  'NodeResizeError',
];

export const otherConditions = (status: PersistentVolumeClaimStatus): PersistentVolumeClaimCondition[] =>
  (status.conditions ?? []).filter(({ type }) => !conditions.includes(type));

/** Nothing is left to do: for the resizer of a block volume, for the kubelet of a file system. */
export function resized(status: PersistentVolumeClaimStatus, size: string): PersistentVolumeClaimStatus {
  const { allocatedResourceStatuses: { storage: _, ...others } = {}, conditions: __, ...kept } = status;
  const left = otherConditions(status);
  return {
    ...kept,
    capacity: { ...status.capacity, storage: size },
    ...(left.length > 0 && { conditions: left }),
    ...(Object.keys(others).length > 0 && { allocatedResourceStatuses: others }),
  };
}
