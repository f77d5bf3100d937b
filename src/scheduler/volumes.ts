// Which volumes a pod's claims would get on a node: those they have, free ones that fit, or new ones made there.

import { bytesOf } from '../base/quantity.ts';
import { selectorOf } from '../base/selectors.ts';
import type { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import type { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import type { StorageClass } from '../kinds/storage/storage-class.ts';
import { nodeSelectorTest } from './node-selection.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { ClusterView } from './view.ts';

export const selectedNode = 'volume.kubernetes.io/selected-node';
const bindCompleted = 'pv.kubernetes.io/bind-completed';
const noProvisioner = 'kubernetes.io/no-provisioner';

/** The claims of a pod by what is left to do about them, or why the pod cannot be placed anywhere yet. */
export interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[];
  /** These wait for their first consumer, the smallest first. */
  readonly waiting: readonly PersistentVolumeClaim[];
}

/** What has to be done on a node before the pod may go there. */
export interface VolumePlan {
  readonly bind: readonly { readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }[];
  /** Claims whose provisioner is told the node. */
  readonly provision: readonly PersistentVolumeClaim[];
}

export const conflicts = {
  node: "node(s) didn't match PersistentVolume's node affinity",
  bind: "node(s) didn't find available persistent volumes to bind",
  space: 'node(s) did not have enough free storage',
  missing: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
} as const;

export function claimsOf(pod: PodInfo, view: ClusterView): PodClaims | string {
  const bound: PersistentVolumeClaim[] = [];
  const waiting: PersistentVolumeClaim[] = [];
  let unbound = false;
  for (const [i, name] of pod.claims.entries()) {
    const claim = view.claim(pod.namespace, name);
    const problem = claim ? problemWith(claim, pod, i) : missingClaim(pod, i, name);
    if (problem !== undefined || !claim) return problem ?? missingClaim(pod, i, name);
    if (isBound(claim)) bound.push(claim);
    else if (waitsForConsumer(claim, view)) waiting.push(claim);
    else unbound = true;
  }
  if (unbound) return 'pod has unbound immediate PersistentVolumeClaims';
  return { bound, waiting: waiting.sort((a, b) => requestOf(a) - requestOf(b)) };
}

/** The pod volume that the i-th claim is for. */
const volumeOf = ({ pod }: PodInfo, i: number) =>
  (pod.spec?.volumes ?? []).filter(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral)[i];

function missingClaim(pod: PodInfo, i: number, name: string): string {
  return volumeOf(pod, i)?.ephemeral
    ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
    : `persistentvolumeclaim "${name}" not found`;
}

function problemWith(claim: PersistentVolumeClaim, pod: PodInfo, i: number): string | undefined {
  const { name, deletionTimestamp, ownerReferences } = claim.metadata;
  if (claim.status?.phase === 'Lost') {
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`;
  }
  if (deletionTimestamp) return `persistentvolumeclaim "${name}" is being deleted`;
  if (volumeOf(pod, i)?.ephemeral && !ownerReferences?.some(({ controller, uid }) => controller && uid === pod.uid)) {
    return `PVC ${pod.namespace}/${name} was not created for pod ${pod.namespace}/${pod.name} (pod is not owner)`;
  }
  return undefined;
}

export const isBound = ({ metadata, spec }: PersistentVolumeClaim): boolean =>
  !!spec?.volumeName && metadata.annotations?.[bindCompleted] !== undefined;

const classOf = (claim: PersistentVolumeClaim, view: ClusterView): StorageClass | undefined =>
  view.storageClass(claim.spec?.storageClassName ?? '');

/** A claim tied to a volume by name is the volume controller's to bind. */
const waitsForConsumer = (claim: PersistentVolumeClaim, view: ClusterView): boolean =>
  !claim.spec?.volumeName && classOf(claim, view)?.volumeBindingMode === 'WaitForFirstConsumer';

const requestOf = (claim: PersistentVolumeClaim): number =>
  bytesOf(claim.spec?.resources?.requests?.['storage'] ?? '0');

/** What to do on this node, or everything that speaks against it. */
export function planVolumes(claims: PodClaims, node: NodeInfo, view: ClusterView): VolumePlan | readonly string[] {
  const reasons: string[] = [];
  const missing = claims.bound.some(({ spec }) => !view.volume(spec?.volumeName ?? ''));
  if (!claims.bound.every((claim) => isReachable(view.volume(claim.spec?.volumeName ?? ''), node))) {
    reasons.push(conflicts.node);
  }
  const bind: { claim: PersistentVolumeClaim; volume: PersistentVolume }[] = [];
  const provision: PersistentVolumeClaim[] = [];
  for (const claim of claims.waiting) {
    const chosen = claim.metadata.annotations?.[selectedNode];
    const taken = new Set(bind.map(({ volume }) => volume.metadata.name));
    const volume = chosen === undefined ? smallestFit(claim, node, view, taken) : undefined;
    if (volume) bind.push({ claim, volume });
    else if (chosen === undefined || chosen === node.name) provision.push(claim);
    else return [...reasons, conflicts.bind];
  }
  const obstacles = provision.map((claim) => obstacleToProvision(claim, node, view));
  for (const reason of [conflicts.bind, conflicts.space]) if (obstacles.includes(reason)) reasons.push(reason);
  if (missing) reasons.push(conflicts.missing);
  return reasons.length > 0 ? reasons : { bind, provision };
}

function isReachable(volume: PersistentVolume | undefined, node: NodeInfo): boolean {
  const required = volume?.spec?.nodeAffinity?.required;
  return !required || nodeSelectorTest(required)(node);
}

function smallestFit(
  claim: PersistentVolumeClaim,
  node: NodeInfo,
  view: ClusterView,
  taken: ReadonlySet<string | undefined>,
): PersistentVolume | undefined {
  let best: PersistentVolume | undefined;
  for (const volume of view.volumes()) {
    if (taken.has(volume.metadata.name) || !fits(volume, claim) || !isReachable(volume, node)) continue;
    if (isReservedFor(volume, claim)) return volume;
    if (!best || sizeOf(volume) < sizeOf(best)) best = volume;
  }
  return best;
}

const sizeOf = (volume: PersistentVolume): number => bytesOf(volume.spec?.capacity?.['storage'] ?? '0');

function isReservedFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = volume.spec?.claimRef;
  return (
    reference !== undefined &&
    reference.name === claim.metadata.name &&
    reference.namespace === claim.metadata.namespace &&
    (!reference.uid || reference.uid === claim.metadata.uid)
  );
}

function fits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const [has, wants] = [volume.spec, claim.spec];
  if (volume.metadata.deletionTimestamp || sizeOf(volume) < requestOf(claim)) return false;
  if ((has?.volumeMode ?? 'Filesystem') !== (wants?.volumeMode ?? 'Filesystem')) return false;
  if (isReservedFor(volume, claim)) return true;
  return (
    has?.claimRef === undefined &&
    volume.status?.phase === 'Available' &&
    (has?.storageClassName ?? '') === (wants?.storageClassName ?? '') &&
    (has?.volumeAttributesClassName ?? '') === (wants?.volumeAttributesClassName ?? '') &&
    (wants?.accessModes ?? []).every((mode) => has?.accessModes?.includes(mode)) &&
    selectorOf(wants?.selector, 'everything').matches(volume.metadata.labels)
  );
}

function obstacleToProvision(claim: PersistentVolumeClaim, node: NodeInfo, view: ClusterView): string | undefined {
  const storageClass = classOf(claim, view);
  if (!storageClass?.provisioner || storageClass.provisioner === noProvisioner) return conflicts.bind;
  const { allowedTopologies = [] } = storageClass;
  const allowed = allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(node.labels[key] ?? '')),
  );
  if (allowedTopologies.length > 0 && !allowed) return conflicts.bind;
  return hasCapacity(claim, storageClass, node, view) ? undefined : conflicts.space;
}

/** Only drivers that publish their capacity are asked. */
function hasCapacity(claim: PersistentVolumeClaim, of: StorageClass, node: NodeInfo, view: ClusterView): boolean {
  if (!view.csiDriver(of.provisioner)?.spec?.storageCapacity) return true;
  return view.storageCapacities().some(({ storageClassName, capacity, maximumVolumeSize, nodeTopology }) => {
    const most = maximumVolumeSize ?? capacity;
    return (
      storageClassName === of.metadata.name &&
      most !== undefined &&
      bytesOf(most) >= requestOf(claim) &&
      selectorOf(nodeTopology, 'nothing').matches(node.labels)
    );
  });
}
