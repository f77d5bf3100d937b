// Refuses nodes on which a claim of the pod would get no volume.

import { deepEqual } from '../../base/equal.ts';
import { bytesOf } from '../../base/quantity.ts';
import type { CSINode } from '../../kinds/storage/csi-node.ts';
import type { CSIStorageCapacity } from '../../kinds/storage/csi-storage-capacity.ts';
import { impossible, type Plugin, type Refusal } from '../plugin.ts';
import { mounts } from '../pod-info.ts';
import { claimsOf, planVolumes } from '../volumes.ts';

export const volumeBinding: Plugin = {
  name: 'VolumeBinding',
  filter(pod, { view }) {
    if (pod.claims.length === 0) return undefined;
    const claims = claimsOf(pod, view);
    if (typeof claims === 'string') return impossible(claims);
    return {
      check(node): Refusal | undefined {
        const plan = planVolumes(claims, node, view);
        return 'bind' in plan ? undefined : { reasons: plan, unresolvable: true };
      },
    };
  },
  wakes: {
    ClaimAdded: (pod, { object }) => mounts(pod, object),
    ClaimChanged: (pod, { object }) => mounts(pod, object),
    VolumeAdded: true,
    VolumeChanged: true,
    StorageClassAdded: true,
    StorageClassChanged: (_, { object, previous }) => !deepEqual(object.allowedTopologies, previous.allowedTopologies),
    CSINodeAdded: true,
    CSINodeChanged: (_, { object, previous }) => migratedOf(object) !== migratedOf(previous),
    CSIDriverChanged: ({ pod }, { object, previous }) =>
      (pod.spec?.volumes ?? []).some(({ csi }) => csi?.driver === object.metadata.name) &&
      previous.spec?.storageCapacity === true &&
      !object.spec?.storageCapacity,
    StorageCapacityAdded: true,
    StorageCapacityChanged: (_, { object, previous }) => largestOf(object) > largestOf(previous),
    NodeAdded: true,
    NodeChanged: (_, { node, previous }) => !deepEqual(node.metadata.labels, previous.metadata.labels),
  },
};

const migratedOf = ({ metadata }: CSINode): string | undefined =>
  metadata.annotations?.['storage.alpha.kubernetes.io/migrated-plugins'];

/** The largest volume that may be had, in bytes; less than nothing where none is named. */
function largestOf({ maximumVolumeSize, capacity }: CSIStorageCapacity): number {
  const largest = maximumVolumeSize ?? capacity;
  return largest === undefined ? -1 : bytesOf(largest);
}
