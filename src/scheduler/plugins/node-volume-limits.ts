// Refuses nodes to which a CSI driver can attach no further volume.

import type { CSINode } from '../../kinds/storage/csi-node.ts';
import type { VolumeAttachment } from '../../kinds/storage/volume-attachment.ts';
import { type Plugin, refused } from '../plugin.ts';
import { mounts, type PodInfo } from '../pod-info.ts';
import type { ClusterView } from '../view.ts';

const refusal = refused('node(s) exceed max volume count');

/** A driver's volumes, by the driver's name. */
type Attached = Map<string, Set<string>>;

interface AttachedVolume {
  readonly driver: string;
  readonly id: string;
}

export const nodeVolumeLimits: Plugin = {
  name: 'NodeVolumeLimits',
  filter(pod, { view }) {
    const wanted: Attached = new Map();
    collect(wanted, pod, view);
    if (wanted.size === 0) return undefined;
    return {
      check(node) {
        const limits = limitsOf(view.csiNode(node.name));
        if (limits.size === 0) return undefined;
        const attached: Attached = new Map();
        for (const other of node.pods.values()) collect(attached, other, view);
        // Also those that the pods of the node have left, but that are not detached yet.
        const leftovers: Attached = new Map();
        for (const attachment of view.attachments(node.name)) collectAttached(leftovers, attachment, view);
        return [...limits].some(([driver, limit]) =>
          exceeds(limit, { used: attached.get(driver), attached: leftovers.get(driver), wanted: wanted.get(driver) }),
        )
          ? refusal
          : undefined;
      },
    };
  },
  wakes: {
    PodGone: (_, { pod }) => pod.claims.length > 0,
    CSINodeAdded: true,
    CSINodeChanged: (_, { object, previous }) => {
      const before = limitsOf(previous);
      return [...limitsOf(object)].some(([driver, limit]) => limit > (before.get(driver) ?? 0));
    },
    ClaimAdded: (pod, { object }) => mounts(pod, object),
    AttachmentGone: (pod) => pod.claims.length > 0,
  },
};

interface Volumes {
  readonly used: ReadonlySet<string> | undefined;
  readonly attached: ReadonlySet<string> | undefined;
  readonly wanted: ReadonlySet<string> | undefined;
}

const none: ReadonlySet<string> = new Set();

function exceeds(limit: number, { used = none, attached = none, wanted = none }: Volumes): boolean {
  const fresh = [...wanted].filter((volume) => !used.has(volume)).length;
  return fresh > 0 && new Set([...used, ...attached]).size + fresh > limit;
}

function limitsOf(csiNode: CSINode | undefined): Map<string, number> {
  const limits = new Map<string, number>();
  for (const { name, allocatable } of csiNode?.spec?.drivers ?? []) {
    if (allocatable?.count !== undefined) limits.set(name, allocatable.count);
  }
  return limits;
}

function collectAttached(into: Attached, { spec }: VolumeAttachment, view: ClusterView): void {
  const csi = view.volume(spec?.source?.persistentVolumeName ?? '')?.spec?.csi;
  if (csi && spec?.attacher) addVolume(into, { driver: spec.attacher, id: csi.volumeHandle });
}

function collect(into: Attached, pod: PodInfo, view: ClusterView): void {
  for (const name of pod.claims) {
    const volume = volumeOf(pod.namespace, name, view);
    if (volume) addVolume(into, volume);
  }
}

function addVolume(into: Attached, { driver, id }: AttachedVolume): void {
  const volumes = into.get(driver);
  if (volumes) volumes.add(id);
  else into.set(driver, new Set([id]));
}

/** A claim without a volume yet will get one from its class's driver. */
function volumeOf(namespace: string, name: string, view: ClusterView): AttachedVolume | undefined {
  const claim = view.claim(namespace, name);
  if (!claim) return undefined;
  const volume = view.volume(claim.spec?.volumeName ?? '');
  if (volume) return volume.spec?.csi && { driver: volume.spec.csi.driver, id: volume.spec.csi.volumeHandle };
  const driver = view.storageClass(claim.spec?.storageClassName ?? '')?.provisioner;
  return driver === undefined ? undefined : { driver, id: `${namespace}/${name}` };
}
