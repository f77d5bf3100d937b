// What happened in the cluster, as far as a pod that waits could be glad of it.

import type { KubeObject } from '../api/object.ts';
import type { Node } from '../kinds/core/node.ts';
import type { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import type { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import type { ResourceClaim } from '../kinds/resource/resource-claim.ts';
import type { CSIDriver } from '../kinds/storage/csi-driver.ts';
import type { CSINode } from '../kinds/storage/csi-node.ts';
import type { CSIStorageCapacity } from '../kinds/storage/csi-storage-capacity.ts';
import type { StorageClass } from '../kinds/storage/storage-class.ts';
import type { PodInfo } from './pod-info.ts';

interface Came<T> {
  readonly object: T;
}

interface Changed<T> extends Came<T> {
  readonly previous: T;
}

interface PodPlace {
  readonly pod: PodInfo;
  readonly nodeName: string;
}

/** What is known of each event. */
export interface EventTypes {
  NodeAdded: { readonly node: Node };
  NodeChanged: { readonly node: Node; readonly previous: Node };
  NodeGone: { readonly node: Node };
  /** These three speak of pods that have a node. */
  PodPlaced: PodPlace;
  PodChanged: PodPlace & { readonly previous: PodInfo };
  PodGone: PodPlace;
  /** The waiting pod itself was changed. */
  OwnChange: { readonly previous: PodInfo };
  ClaimAdded: Came<PersistentVolumeClaim>;
  ClaimChanged: Changed<PersistentVolumeClaim>;
  VolumeAdded: Came<PersistentVolume>;
  VolumeChanged: Changed<PersistentVolume>;
  StorageClassAdded: Came<StorageClass>;
  StorageClassChanged: Changed<StorageClass>;
  CSINodeAdded: Came<CSINode>;
  CSINodeChanged: Changed<CSINode>;
  CSIDriverChanged: Changed<CSIDriver>;
  StorageCapacityAdded: Came<CSIStorageCapacity>;
  StorageCapacityChanged: Changed<CSIStorageCapacity>;
  AttachmentGone: Came<KubeObject>;
  ResourceClaimAdded: Came<ResourceClaim>;
  ResourceClaimChanged: Changed<ResourceClaim>;
  DevicesChanged: Came<KubeObject>;
}

export type EventName = keyof EventTypes;

export type ClusterEvent = { [N in EventName]: { readonly name: N } & EventTypes[N] }[EventName];

/** By event: whether a pod is worth another try after it; `true`: always. */
export type Wakes = { readonly [N in EventName]?: true | ((pod: PodInfo, event: EventTypes[N]) => boolean) };

export function isWokenBy(wakes: Wakes, pod: PodInfo, event: ClusterEvent): boolean {
  const wake = wakes[event.name] as true | ((pod: PodInfo, event: ClusterEvent) => boolean) | undefined;
  return wake === true || (wake?.(pod, event) ?? false);
}
