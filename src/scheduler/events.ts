// What happened in the cluster, as far as a pod that waits could be glad of it.

import type { Node } from '../kinds/core/node.ts';
import type { PodInfo } from './pod-info.ts';

export type EventName =
  | 'NodeAdded'
  | 'NodeChanged'
  | 'PodPlaced'
  | 'PodChanged'
  | 'PodGone'
  | 'ClaimAdded'
  | 'ClaimChanged'
  | 'ClaimGone'
  | 'VolumeAdded'
  | 'VolumeChanged'
  | 'StorageClassAdded'
  | 'StorageClassChanged'
  | 'CSINodeAdded'
  | 'CSINodeChanged'
  | 'CSIDriverChanged'
  | 'StorageCapacityChanged'
  | 'NamespaceChanged'
  | 'ResourceClaimChanged'
  | 'DevicesChanged';

/** PodPlaced, PodChanged and PodGone speak of pods that have a node. */
export type ClusterEvent =
  | { readonly name: 'NodeAdded'; readonly node: Node }
  | { readonly name: 'NodeChanged'; readonly node: Node; readonly previous: Node }
  | { readonly name: 'PodPlaced' | 'PodGone'; readonly pod: PodInfo; readonly nodeName: string }
  | { readonly name: 'PodChanged'; readonly pod: PodInfo; readonly previous: PodInfo; readonly nodeName: string }
  | {
      readonly name: Exclude<EventName, 'NodeAdded' | 'NodeChanged' | 'PodPlaced' | 'PodGone' | 'PodChanged'>;
      readonly object: { readonly namespace: string; readonly name: string };
    };
