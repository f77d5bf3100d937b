// What a snapshot's status tells of its content's.

import { formatTime } from '../../base/time.ts';
import { quantityOfNumber } from '../../base/quantity.ts';
import type { VolumeSnapshot, VolumeSnapshotContent } from './kinds.ts';

const nanosPerMs = 1_000_000;

/** What was told once stays, but whether it is ready and what went wrong. */
export function statusFrom(
  { status }: VolumeSnapshot,
  content: VolumeSnapshotContent,
): NonNullable<VolumeSnapshot['status']> {
  const { creationTime, restoreSize, readyToUse = false, error } = content.status ?? {};
  const { error: _, ...before } = status ?? {};
  return {
    boundVolumeSnapshotContentName: content.metadata.name ?? '',
    ...(creationTime !== undefined && { creationTime: formatTime(creationTime / nanosPerMs) }),
    ...(restoreSize !== undefined && { restoreSize: quantityOfNumber(restoreSize, 'BinarySI').text }),
    ...before,
    readyToUse,
    ...(error && { error }),
  };
}
