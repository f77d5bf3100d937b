// Refuses nodes on which a volume may not be used once more: ReadWriteOncePod claims, and disks that only one pod may write.

import type { Volume } from '../../kinds/generated/types/core-v1.ts';
import { impossible, type NodeFilter, type Plugin, refused } from '../plugin.ts';
import { mounts, type PodInfo } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';

const claimInUse = refused(
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
);
const diskInUse = refused('node(s) had no available disk');

export const volumeRestrictions: Plugin = {
  name: 'VolumeRestrictions',
  filter(pod, snapshot) {
    const disks = disksOf(pod);
    const missing = mountedOf(pod).find((name) => !snapshot.view.claim(pod.namespace, name));
    if (missing !== undefined) return impossible(`persistentvolumeclaim "${missing}" not found`);
    const single = singleClaims(pod, snapshot);
    const users = single.filter((name) => snapshot.usersOf(pod.namespace, name) > 0).length;
    return disks.length === 0 && users === 0 ? undefined : filterOf(disks, single, users);
  },
  wakes: {
    PodGone: (pod, { pod: gone }) =>
      gone.namespace === pod.namespace &&
      (exclude(disksOf(pod), disksOf(gone)) || gone.claims.some((name) => pod.claims.includes(name))),
    ClaimAdded: (pod, { object }) => mounts(pod, object),
    NodeAdded: true,
  },
};

/** Claims it names, those of ephemeral volumes aside. */
const mountedOf = ({ pod }: PodInfo): readonly string[] =>
  (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);

const singleClaims = (pod: PodInfo, { view }: Snapshot): readonly string[] =>
  [...new Set(mountedOf(pod))].filter((name) =>
    view.claim(pod.namespace, name)?.spec?.accessModes?.includes('ReadWriteOncePod'),
  );

function filterOf(disks: readonly Disk[], single: readonly string[], users: number): NodeFilter {
  let inUse = users;
  return {
    // By the name alone, whatever the namespace, as Kubernetes does.
    shift(other, _, by) {
      inUse += by * mountedOf(other).filter((name) => single.includes(name)).length;
    },
    check(node) {
      for (const other of disks.length > 0 ? node.pods.values() : []) {
        if (exclude(disks, disksOf(other))) return diskInUse;
      }
      return inUse > 0 ? claimInUse : undefined;
    },
  };
}

interface Disk {
  readonly id: string;
  /** Several readers are fine. */
  readonly readOnly: boolean;
}

const exclude = (some: readonly Disk[], others: readonly Disk[]): boolean =>
  some.some((a) => others.some((b) => a.id === b.id && !(a.readOnly && b.readOnly)));

const disksOf = ({ pod }: PodInfo): readonly Disk[] => (pod.spec?.volumes ?? []).flatMap(diskOf);

function diskOf({ gcePersistentDisk, awsElasticBlockStore, iscsi, rbd }: Volume): readonly Disk[] {
  if (gcePersistentDisk) {
    return [{ id: `gce ${gcePersistentDisk.pdName}`, readOnly: gcePersistentDisk.readOnly ?? false }];
  }
  if (awsElasticBlockStore) return [{ id: `aws ${awsElasticBlockStore.volumeID}`, readOnly: false }];
  if (iscsi) return [{ id: `iscsi ${iscsi.iqn}`, readOnly: iscsi.readOnly ?? false }];
  if (!rbd) return [];
  return rbd.monitors.map((monitor) => ({
    id: `rbd ${monitor} ${rbd.pool ?? 'rbd'} ${rbd.image}`,
    readOnly: rbd.readOnly ?? false,
  }));
}
