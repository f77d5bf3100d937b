// The scheduler's view of the cluster, read from mirrors; what it has decided about volumes counts before the mirrors show it.

import type { Mirror, MirrorChange } from '../api/mirror.ts';
import type { KubeObject } from '../api/object.ts';
import type { Informers } from '../client/informers.ts';
import { ReplicaSet } from '../kinds/apps/replica-set.ts';
import { StatefulSet } from '../kinds/apps/stateful-set.ts';
import { Namespace } from '../kinds/core/namespace.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { ReplicationController } from '../kinds/core/replication-controller.ts';
import { Service } from '../kinds/core/service.ts';
import { PodDisruptionBudget } from '../kinds/policy/pod-disruption-budget.ts';
import { DeviceClass } from '../kinds/resource/device-class.ts';
import { DeviceTaintRule } from '../kinds/resource/device-taint-rule.ts';
import { withRuleTaints } from '../kinds/resource/device-taints.ts';
import { ResourceClaim } from '../kinds/resource/resource-claim.ts';
import { ResourceSlice } from '../kinds/resource/resource-slice.ts';
import { CSIDriver } from '../kinds/storage/csi-driver.ts';
import { CSINode } from '../kinds/storage/csi-node.ts';
import { CSIStorageCapacity } from '../kinds/storage/csi-storage-capacity.ts';
import { StorageClass } from '../kinds/storage/storage-class.ts';
import { VolumeAttachment } from '../kinds/storage/volume-attachment.ts';
import type { ClusterEvent, EventName } from './events.ts';
import type { ClaimPlan } from './resource-claims.ts';
import type { ClusterView } from './view.ts';
import { selectedNode, type VolumePlan } from './volumes.ts';

export interface ClusterMirror extends ClusterView {
  readonly claims: Mirror<PersistentVolumeClaim>;
  /** Volumes and claims count as given away until the returned function is called. */
  assume(plan: VolumePlan, node: string): () => void;
  /** Claims count as allocated until the returned function is called. */
  assumeClaims(plan: ClaimPlan): () => void;
  /** Calls with what happens to objects that waiting pods could be glad of. */
  subscribe(sink: (event: ClusterEvent) => void): () => void;
}

export async function mirrorCluster(informers: Informers): Promise<ClusterMirror> {
  const claims = await informers.of(PersistentVolumeClaim);
  const volumes = await informers.of(PersistentVolume);
  const storageClasses = await informers.of(StorageClass);
  const csiNodes = await informers.of(CSINode);
  const csiDrivers = await informers.of(CSIDriver);
  const attachments = await informers.of(VolumeAttachment);
  const capacities = await informers.of(CSIStorageCapacity);
  const namespaces = await informers.of(Namespace);
  const budgets = await informers.of(PodDisruptionBudget);
  const services = await informers.of(Service);
  const replicaSets = await informers.of(ReplicaSet);
  const statefulSets = await informers.of(StatefulSet);
  const replicationControllers = await informers.of(ReplicationController);
  const resourceClaims = await informers.of(ResourceClaim);
  const resourceSlices = await informers.of(ResourceSlice);
  const deviceClasses = await informers.of(DeviceClass);
  const taintRules = await informers.of(DeviceTaintRule);
  const assumedResources = new Map<string, ResourceClaim>();
  const assumedVolumes = new Map<string, PersistentVolume>();
  const assumedClaims = new Map<string, PersistentVolumeClaim>();

  return {
    claims,
    namespaces: () => namespaces.list(),
    namespaceLabels: (name) => namespaces.get(name)?.metadata.labels,
    claim: (namespace, name) => assumedClaims.get(`${namespace}/${name}`) ?? claims.get(name, namespace),
    volume: (name) => assumedVolumes.get(name) ?? volumes.get(name),
    volumes: () =>
      assumedVolumes.size === 0
        ? volumes.list()
        : volumes.list().map((volume) => assumedVolumes.get(volume.metadata.name ?? '') ?? volume),
    storageClass: (name) => storageClasses.get(name),
    csiNode: (name) => csiNodes.get(name),
    csiDriver: (name) => csiDrivers.get(name),
    attachments: (node) => attachments.list().filter(({ spec }) => spec?.nodeName === node),
    storageCapacities: () => capacities.list(),
    resourceClaim: (namespace, name) =>
      assumedResources.get(`${namespace}/${name}`) ?? resourceClaims.get(name, namespace),
    resourceClaims: () =>
      assumedResources.size === 0
        ? resourceClaims.list()
        : resourceClaims.list().map((claim) => assumedResources.get(keyOf(claim)) ?? claim),
    resourceSlices: () => withRuleTaints(resourceSlices.list(), taintRules.list()),
    deviceClass: (name) => deviceClasses.get(name),
    budgets: () => budgets.list(),
    services: (namespace) => services.list(namespace),
    replicaSet: (namespace, name) => replicaSets.get(name, namespace),
    statefulSet: (namespace, name) => statefulSets.get(name, namespace),
    replicationController: (namespace, name) => replicationControllers.get(name, namespace),

    assume(plan, node) {
      for (const { claim, volume } of plan.bind) assumedVolumes.set(volume.metadata.name ?? '', claimed(volume, claim));
      for (const claim of plan.provision) assumedClaims.set(keyOf(claim), withNode(claim, node));
      return () => {
        for (const { volume } of plan.bind) assumedVolumes.delete(volume.metadata.name ?? '');
        for (const claim of plan.provision) assumedClaims.delete(keyOf(claim));
      };
    },

    assumeClaims({ allocate }) {
      for (const claim of allocate) assumedResources.set(keyOf(claim), claim);
      return () => {
        for (const claim of allocate) assumedResources.delete(keyOf(claim));
      };
    },

    subscribe(sink) {
      const stops = [
        claims.subscribe(forward('ClaimAdded', 'ClaimChanged', sink)),
        volumes.subscribe(forward('VolumeAdded', 'VolumeChanged', sink)),
        storageClasses.subscribe(forward('StorageClassAdded', 'StorageClassChanged', sink)),
        csiNodes.subscribe(forward('CSINodeAdded', 'CSINodeChanged', sink)),
        csiDrivers.subscribe(forward(undefined, 'CSIDriverChanged', sink)),
        capacities.subscribe(forward('StorageCapacityAdded', 'StorageCapacityChanged', sink)),
        resourceClaims.subscribe(forward('ResourceClaimAdded', 'ResourceClaimChanged', sink)),
        attachments.subscribe((changes) => {
          for (const { object, previous } of changes) {
            if (!object && previous) sink({ name: 'AttachmentGone', object: previous });
          }
        }),
        resourceSlices.subscribe(forward('DevicesChanged', 'DevicesChanged', sink)),
        deviceClasses.subscribe(forward('DevicesChanged', 'DevicesChanged', sink)),
        taintRules.subscribe(forward('DevicesChanged', 'DevicesChanged', sink)),
      ];
      return () => stops.forEach((stop) => stop());
    },
  };
}

/** Tells of what comes and what changes. */
function forward<T extends KubeObject>(
  added: EventName | undefined,
  changed: EventName,
  sink: (event: ClusterEvent) => void,
): (changes: readonly MirrorChange<T>[]) => void {
  return (changes) => {
    for (const { object, previous } of changes) {
      const name = previous ? changed : added;
      if (object && name) sink({ name, object, previous } as unknown as ClusterEvent);
    }
  };
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;

/** The volume as it is once the claim has it. */
export const claimed = (volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume => ({
  ...volume,
  spec: { ...volume.spec, claimRef: claimReference(claim) },
});

export const claimReference = ({ metadata }: PersistentVolumeClaim) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  namespace: metadata.namespace ?? '',
  name: metadata.name ?? '',
  uid: metadata.uid ?? '',
  ...(metadata.resourceVersion && { resourceVersion: metadata.resourceVersion }),
});

const withNode = (claim: PersistentVolumeClaim, node: string): PersistentVolumeClaim => ({
  ...claim,
  metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, [selectedNode]: node } },
});
