// What attaching a volume to a node asks of it: whether it can be attached at all, what it is called then, and whether it can be in two places.

import type { PersistentVolume } from '../generated/types/core-v1.ts';
import type { CSIDriver } from '../generated/types/storage-v1.ts';

/** Nodes name an attached volume so in their status. */
export const uniqueNameOf = ({ spec }: PersistentVolume): string =>
  `kubernetes.io/csi/${spec?.csi?.driver}^${spec?.csi?.volumeHandle}`;

/** Volumes of CSI drivers are attached, but of those that say that it is not needed. */
export const isAttachable = ({ spec }: PersistentVolume, driver: (name: string) => CSIDriver | undefined): boolean =>
  spec?.csi !== undefined && driver(spec.csi.driver)?.spec.attachRequired !== false;

/** Whether it may be attached to several nodes at once. */
export function isSharable({ spec }: PersistentVolume): boolean {
  const modes = spec?.accessModes ?? [];
  return modes.length === 0 || modes.includes('ReadWriteMany') || modes.includes('ReadOnlyMany');
}
