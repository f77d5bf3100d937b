// Stands in for the provisioners of all storage classes: makes simulated volumes, deletes them, and lets them grow.

import { type Duration, type Instant, milliseconds } from '../base/clock.ts';
import { referenceTo } from '../client/client.ts';
import { Node } from '../kinds/core/node.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { StorageClass } from '../kinds/storage/storage-class.ts';
import { type Context, type Controller, defineController, watching } from '../reconcile/controller.ts';
import { annotationOf, annotations, classOf, requestOf } from './persistent-volume/match.ts';
import { writeStatus } from './statuses.ts';
import { asksForMore } from './volume-expand.ts';

/** Signs the events and the writes. */
const name = 'portolan-volume-provisioner';
/** Labels and annotates every volume that is only simulated. */
const simulated = 'portolan.dev/simulated';
/** The driver that simulated volumes are said to be of. */
const driver = 'simulated.portolan.dev';
const zoneLabel = 'topology.kubernetes.io/zone';
/** Making, or enlarging, a volume takes so long at least, and up to as much again by chance. */
const shortest: Duration = milliseconds(400);

/** Provisions and enlarges. */
export function volumeProvisioner(): Controller {
  /** When the work on a claim is done, by the claim's uid. */
  const due = new Map<string, Instant>();

  /** How long the work still takes; 0 once it is done. */
  function remaining({ metadata: { uid = '' } }: PersistentVolumeClaim, { clock, random }: Context): Duration {
    const now = clock.now();
    const at = due.get(uid) ?? now + shortest + random.below(shortest);
    due.set(uid, at);
    if (at <= now) due.delete(uid);
    return Math.max(0, at - now);
  }

  return defineController<PersistentVolumeClaim>({
    name,
    agent: name,
    for: PersistentVolumeClaim,
    watches: [
      watching(StorageClass, () => []),
      watching(Node, () => []),
      watching(PersistentVolume, ({ spec }) =>
        spec?.claimRef ? [{ name: spec.claimRef.name ?? '', namespace: spec.claimRef.namespace ?? '' }] : [],
      ),
    ],

    async reconcile(claim, context) {
      const work = workOn(claim, context);
      if (!work) return;
      const isNew = !due.has(claim.metadata.uid ?? '');
      if (isNew) context.event(claim, work.begins);
      const after = remaining(claim, context);
      if (after > 0) return { after };
      await work.finish();
    },

    async gone() {
      // Claims are remembered by uid, and only while they are worked on: forgetting all merely restarts a wait.
      if (due.size > 1000) due.clear();
    },
  });
}

interface Work {
  readonly begins: { readonly reason: string; readonly message: string };
  finish(): Promise<void>;
}

function workOn(claim: PersistentVolumeClaim, context: Context): Work | undefined {
  const { lister, event } = context;
  if (claim.metadata.deletionTimestamp) return undefined;
  if (claim.spec?.volumeName) return asksForMore(claim) ? expansion(claim, context) : undefined;
  const storageClass = lister(StorageClass).get(classOf(claim));
  if (!storageClass || annotationOf(claim, 'provisioner') !== storageClass.provisioner) return undefined;
  const volume = volumeFor(claim, storageClass, lister(Node).get(annotationOf(claim, 'selectedNode') ?? ''));
  const volumeName = volume.metadata.name ?? '';
  if (lister(PersistentVolume).get(volumeName)) return undefined;
  const { namespace, name: claimName } = claim.metadata;
  return {
    begins: {
      reason: 'Provisioning',
      message: `External provisioner is provisioning volume for claim "${namespace}/${claimName}"`,
    },
    async finish() {
      await context.create(PersistentVolume, volume);
      event(claim, { reason: 'ProvisioningSucceeded', message: `Successfully provisioned volume ${volumeName}` });
    },
  };
}

/** The volume a class makes for a claim, within reach of the zone its consumer is in. */
export function volumeFor(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  node: Node | undefined,
): PersistentVolume {
  const { name: claimName, namespace, uid, resourceVersion } = claim.metadata;
  const zone = node?.metadata.labels?.[zoneLabel];
  const volumeName = `pvc-${uid}`;
  return {
    metadata: {
      name: volumeName,
      labels: { [simulated]: 'true', ...(zone && { [zoneLabel]: zone }) },
      annotations: {
        [annotations.provisionedBy]: storageClass.provisioner,
        [simulated]:
          'There is no storage behind this volume: it was made by Portolan in place of the provisioner of its class.',
      },
    },
    spec: {
      capacity: { storage: requestOf(claim) },
      accessModes: [...(claim.spec?.accessModes ?? [])],
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name ?? '',
      volumeMode: claim.spec?.volumeMode ?? 'Filesystem',
      ...(storageClass.mountOptions && { mountOptions: [...storageClass.mountOptions] }),
      claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', name: claimName, namespace, uid, resourceVersion },
      csi: { driver, volumeHandle: volumeName },
      ...(zone && {
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: zoneLabel, operator: 'In', values: [zone] }] }],
          },
        },
      }),
    },
  } as PersistentVolume;
}

function expansion(claim: PersistentVolumeClaim, context: Context): Work | undefined {
  const volume = context.lister(PersistentVolume).get(claim.spec?.volumeName ?? '');
  if (!volume || !isSimulated(volume)) return undefined;
  const { namespace, name: claimName } = claim.metadata;
  return {
    begins: {
      reason: 'Resizing',
      message: `External resizer is resizing volume ${volume.metadata.name} of claim ${namespace}/${claimName}`,
    },
    finish: () => expand(volume, claim, context),
  };
}

async function expand(volume: PersistentVolume, claim: PersistentVolumeClaim, context: Context): Promise<void> {
  const capacity = { ...claim.status?.capacity, storage: requestOf(claim) };
  await context.update(PersistentVolume, { ...volume, spec: { ...volume.spec, capacity } });
  await writeStatus(context, PersistentVolumeClaim, claim, { ...claim.status, capacity });
  context.event(claim, { reason: 'FileSystemResizeSuccessful', message: 'MountVolume.NodeExpandVolume succeeded' });
}

const isSimulated = ({ metadata }: PersistentVolume): boolean => metadata.labels?.[simulated] === 'true';

/** Deletes what was provisioned once its claim is gone, if the class said so. */
export const volumeDeleter = defineController<PersistentVolume>({
  name: 'portolan-volume-deleter',
  agent: name,
  for: PersistentVolume,

  async reconcile(volume, context) {
    if (!isSimulated(volume) || volume.metadata.deletionTimestamp) return;
    const isDone = volume.status?.phase === 'Released' && volume.spec?.persistentVolumeReclaimPolicy === 'Delete';
    if (isDone) await context.delete(PersistentVolume, referenceTo(volume));
  },
});
