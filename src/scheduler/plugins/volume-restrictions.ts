// Refuses nodes on which a volume may not be used once more: ReadWriteOncePod claims, and disks that only one pod may write.

import type { Volume } from '../../kinds/generated/types/core-v1.ts';
import { type NodeFilter, type Plugin, refused } from '../plugin.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';

const claimInUse = refused(
  'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode',
);
const diskInUse = refused('node(s) had no available disk');

export const volumeRestrictions: Plugin = {
  name: 'VolumeRestrictions',
  filter(pod, snapshot) {
    const disks = disksOf(pod);
    const single = singleClaims(pod, snapshot);
    if (disks.length === 0 && single.size === 0) return undefined;
    return filterOf(pod, disks, { single, users: countUsers(single, pod, snapshot) });
  },
  wakes: {
    PodGone: (pod, event) =>
      event.name === 'PodGone' &&
      ((event.pod.namespace === pod.namespace && event.pod.claims.some((name) => pod.claims.includes(name))) ||
        disksOf(event.pod).some(({ id }) => disksOf(pod).some((disk) => disk.id === id))),
    ClaimAdded: (pod, event) => event.name === 'ClaimAdded' && pod.claims.includes(event.object.name),
    ClaimChanged: (pod, event) => event.name === 'ClaimChanged' && pod.claims.includes(event.object.name),
    NodeAdded: true,
  },
};

const singleClaims = (pod: PodInfo, { view }: Snapshot): ReadonlySet<string> =>
  new Set(
    pod.claims.filter((name) => view.claim(pod.namespace, name)?.spec?.accessModes?.includes('ReadWriteOncePod')),
  );

const countUsers = (single: ReadonlySet<string>, { namespace }: PodInfo, snapshot: Snapshot): number =>
  [...single].reduce((sum, name) => sum + snapshot.usersOf(namespace, name), 0);

function filterOf(
  pod: PodInfo,
  disks: readonly Disk[],
  { single, users }: { single: ReadonlySet<string>; users: number },
): NodeFilter {
  let inUse = users;
  return {
    shift(other, _, by) {
      if (other.namespace === pod.namespace) inUse += by * other.claims.filter((name) => single.has(name)).length;
    },
    check(node) {
      if (inUse > 0) return claimInUse;
      for (const other of disks.length > 0 ? node.pods.values() : []) {
        if (disksOf(other).some((theirs) => disks.some((ours) => excludes(ours, theirs)))) return diskInUse;
      }
      return undefined;
    },
  };
}

interface Disk {
  readonly id: string;
  /** Several readers are fine. */
  readonly readOnly: boolean;
}

const excludes = (a: Disk, b: Disk): boolean => a.id === b.id && !(a.readOnly && b.readOnly);

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
