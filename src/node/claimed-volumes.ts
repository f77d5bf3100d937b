// From a pod's volume over its claim to the persistent volume, and what the kubelet says where that does not lead to one.

import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../kinds/generated/types/core-v1.ts';
import type { CSIDriver } from '../kinds/generated/types/storage-v1.ts';
import { isAttachable, uniqueNameOf } from '../kinds/storage/attachment.ts';

export interface Finders {
  claim(name: string, namespace: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  driver(name: string): CSIDriver | undefined;
}

export interface ClaimedVolume {
  /** As the pod calls it. */
  readonly name: string;
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
  readonly readOnly: boolean;
  /** What its contents are known by. */
  readonly handle: string;
  /** Its name in the node's status, where it has to be attached. */
  readonly attach: string | undefined;
}

export interface Fault {
  readonly name: string;
  readonly fault: string;
  /** The claim has its volume, and its status is about to say so. */
  readonly isPassing?: boolean;
}

/** The volumes with claims that a container of the pod mounts; nobody asks for the others. */
export function usedClaims({ spec }: Pod): readonly Volume[] {
  const claimed = (spec.volumes ?? []).filter(
    ({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral,
  );
  if (claimed.length === 0) return claimed;
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const used = new Set(
    containers.flatMap(({ volumeMounts = [], volumeDevices = [] }) =>
      [...volumeMounts, ...volumeDevices].map(({ name }) => name),
    ),
  );
  return claimed.filter(({ name }) => used.has(name));
}

export function volumeBehind(pod: Pod, volume: Volume, finders: Finders): ClaimedVolume | Fault {
  const { name, persistentVolumeClaim, ephemeral } = volume;
  const { namespace = '' } = pod.metadata;
  const claimName = persistentVolumeClaim?.claimName ?? `${pod.metadata.name}-${name}`;
  const fault = (why: string): Fault => ({ name, fault: why });
  const processing = (why: string): Fault => fault(`error processing PVC ${namespace}/${claimName}: ${why}`);
  const claim = finders.claim(claimName, namespace);
  const broken = claimFault(claim, claimName);
  if (!claim || broken) return { ...processing(broken ?? ''), isPassing: claim !== undefined && isBinding(claim) };
  const isOwn = claim.metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === pod.metadata.uid);
  if (ephemeral && !isOwn)
    return fault(
      `PVC ${namespace}/${claimName} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`,
    );
  const volumeName = claim.spec?.volumeName ?? '';
  const found = finders.volume(volumeName);
  if (!found)
    return processing(
      `failed to fetch PV ${volumeName} from API server: persistentvolumes ${JSON.stringify(volumeName)} not found`,
    );
  const owner = found.spec?.claimRef;
  if (!owner)
    return processing(
      `found PV object ${volumeName} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim`,
    );
  if (owner.uid !== claim.metadata.uid)
    return processing(
      `found PV object ${volumeName} but its pv.Spec.ClaimRef.UID ${owner.uid} does not point to claim.UID ${claim.metadata.uid}`,
    );
  const misuse = misuseOf(pod, name, found.spec?.volumeMode ?? 'Filesystem');
  if (misuse) return fault(misuse);
  const attach = isAttachable(found, finders.driver) ? uniqueNameOf(found) : undefined;
  const readOnly = persistentVolumeClaim?.readOnly ?? false;
  return { name, claim, volume: found, readOnly, handle: found.spec?.csi?.volumeHandle ?? volumeName, attach };
}

function claimFault(claim: PersistentVolumeClaim | undefined, name: string): string | undefined {
  if (!claim) return `failed to fetch PVC from API server: persistentvolumeclaims ${JSON.stringify(name)} not found`;
  const isProtected = claim.metadata.finalizers?.includes('kubernetes.io/pvc-protection');
  if (claim.metadata.deletionTimestamp && !isProtected) return 'PVC is being deleted';
  if (claim.status?.phase !== 'Bound') return 'PVC is not bound';
  return claim.spec?.volumeName ? undefined : 'PVC has empty pvc.Spec.VolumeName';
}

const isBinding = ({ metadata, spec, status }: PersistentVolumeClaim): boolean =>
  status?.phase === 'Pending' &&
  spec?.volumeName !== undefined &&
  metadata.annotations?.['pv.kubernetes.io/bind-completed'] !== undefined;

/** File systems are mounted, block devices are not. */
function misuseOf({ spec }: Pod, name: string, mode: string): string | undefined {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const names = (list: 'volumeMounts' | 'volumeDevices') =>
    containers.some((container) => container[list]?.some((each) => each.name === name));
  const told = (field: string) => `volume ${name} has volumeMode ${mode}, but is specified in ${field}`;
  if (mode !== 'Filesystem' && names('volumeMounts')) return told('volumeMounts');
  if (mode !== 'Block' && names('volumeDevices')) return told('volumeDevices');
  return undefined;
}

/** The event of a pod some of whose volumes lead nowhere. */
export function failureText(faults: readonly Fault[]): string {
  const names = faults
    .map(({ name }) => name)
    .sort()
    .join(' ');
  const why = faults.map(({ fault }) => fault).join('; ');
  return `Unable to attach or mount volumes: unmounted volumes=[${names}], unattached volumes=[], failed to process volumes=[${names}]: ${why}`;
}
