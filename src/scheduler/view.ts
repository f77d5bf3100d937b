// What the scheduler may look up besides nodes and pods: namespaces, volumes, devices, budgets, and the owners of pods.

import type { Labels } from '../base/selectors.ts';
import type { Namespace } from '../kinds/core/namespace.ts';
import type { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import type { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import type { ReplicationController } from '../kinds/core/replication-controller.ts';
import type { Service } from '../kinds/core/service.ts';
import type { ReplicaSet } from '../kinds/apps/replica-set.ts';
import type { StatefulSet } from '../kinds/apps/stateful-set.ts';
import type { PodDisruptionBudget } from '../kinds/policy/pod-disruption-budget.ts';
import type { DeviceClass } from '../kinds/resource/device-class.ts';
import type { ResourceClaim } from '../kinds/resource/resource-claim.ts';
import type { ResourceSlice } from '../kinds/resource/resource-slice.ts';
import type { CSIDriver } from '../kinds/storage/csi-driver.ts';
import type { CSINode } from '../kinds/storage/csi-node.ts';
import type { CSIStorageCapacity } from '../kinds/storage/csi-storage-capacity.ts';
import type { VolumeAttachment } from '../kinds/storage/volume-attachment.ts';
import type { StorageClass } from '../kinds/storage/storage-class.ts';

export interface ClusterView {
  namespaces(): readonly Namespace[];
  namespaceLabels(name: string): Labels | undefined;
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  volumes(): readonly PersistentVolume[];
  storageClass(name: string): StorageClass | undefined;
  csiNode(name: string): CSINode | undefined;
  csiDriver(name: string): CSIDriver | undefined;
  /** What is attached to a node. */
  attachments(node: string): readonly VolumeAttachment[];
  storageCapacities(): readonly CSIStorageCapacity[];
  resourceClaim(namespace: string, name: string): ResourceClaim | undefined;
  resourceClaims(): readonly ResourceClaim[];
  resourceSlices(): readonly ResourceSlice[];
  deviceClass(name: string): DeviceClass | undefined;
  budgets(): readonly PodDisruptionBudget[];
  services(namespace: string): readonly Service[];
  replicaSet(namespace: string, name: string): ReplicaSet | undefined;
  statefulSet(namespace: string, name: string): StatefulSet | undefined;
  replicationController(namespace: string, name: string): ReplicationController | undefined;
}

/** A cluster in which there is nothing but nodes and pods. */
export const emptyView: ClusterView = {
  namespaces: () => [],
  namespaceLabels: () => undefined,
  claim: () => undefined,
  volume: () => undefined,
  volumes: () => [],
  storageClass: () => undefined,
  csiNode: () => undefined,
  csiDriver: () => undefined,
  attachments: () => [],
  storageCapacities: () => [],
  resourceClaim: () => undefined,
  resourceClaims: () => [],
  resourceSlices: () => [],
  deviceClass: () => undefined,
  budgets: () => [],
  services: () => [],
  replicaSet: () => undefined,
  statefulSet: () => undefined,
  replicationController: () => undefined,
};
