// Refuses nodes to which a CSI driver can attach no further volume.

import type { NodeInfo } from '../node-info.ts';
import { type Plugin, refused } from '../plugin.ts';
import type { PodInfo } from '../pod-info.ts';
import type { ClusterView } from '../view.ts';

const refusal = refused('node(s) exceed max volume count');

/** A driver's volumes, by the driver's name. */
type Attached = Map<string, Set<string>>;

export const nodeVolumeLimits: Plugin = {
  name: 'NodeVolumeLimits',
  filter(pod, { view }) {
    const wanted: Attached = new Map();
    collect(wanted, pod, view);
    if (wanted.size === 0) return undefined;
    return {
      check(node) {
        const limits = limitsOf(node, view);
        if (limits.size === 0) return undefined;
        const attached: Attached = new Map();
        for (const other of node.pods.values()) collect(attached, other, view);
        return [...limits].some(([driver, limit]) => exceeds(limit, attached.get(driver), wanted.get(driver)))
          ? refusal
          : undefined;
      },
    };
  },
  wakes: {
    PodGone: true,
    CSINodeAdded: true,
    CSINodeChanged: true,
    ClaimAdded: true,
    ClaimChanged: true,
    NodeAdded: true,
  },
};

function exceeds(limit: number, attached: ReadonlySet<string> = new Set(), wanted?: ReadonlySet<string>): boolean {
  const fresh = [...(wanted ?? [])].filter((volume) => !attached.has(volume)).length;
  return fresh > 0 && attached.size + fresh > limit;
}

function limitsOf({ name }: NodeInfo, view: ClusterView): Map<string, number> {
  const limits = new Map<string, number>();
  for (const { name: driver, allocatable } of view.csiNode(name)?.spec?.drivers ?? []) {
    if (allocatable?.count !== undefined) limits.set(driver, allocatable.count);
  }
  return limits;
}

function collect(into: Attached, pod: PodInfo, view: ClusterView): void {
  for (const name of pod.claims) {
    const volume = volumeOf(pod.namespace, name, view);
    if (!volume) continue;
    const volumes = into.get(volume.driver);
    if (volumes) volumes.add(volume.id);
    else into.set(volume.driver, new Set([volume.id]));
  }
}

/** A claim without a volume yet will get one from its class's driver. */
function volumeOf(namespace: string, name: string, view: ClusterView): { driver: string; id: string } | undefined {
  const claim = view.claim(namespace, name);
  if (!claim) return undefined;
  const volume = view.volume(claim.spec?.volumeName ?? '');
  if (volume) return volume.spec?.csi && { driver: volume.spec.csi.driver, id: volume.spec.csi.volumeHandle };
  const driver = view.storageClass(claim.spec?.storageClassName ?? '')?.provisioner;
  return driver === undefined ? undefined : { driver, id: `${namespace}/${name}` };
}
