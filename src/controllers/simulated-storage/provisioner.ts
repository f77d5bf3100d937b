// Stands in for the provisioners of all storage classes: makes simulated volumes, from nothing, from another claim or from a snapshot.

import { minutes, seconds, type Duration, type Instant } from '../../base/clock.ts';
import { Node } from '../../kinds/core/node.ts';
import { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import { StorageClass } from '../../kinds/storage/storage-class.ts';
import { VolumeAttributesClass } from '../../kinds/storage/volume-attributes-class.ts';
import { type Context, type Controller, defineController, watching } from '../../reconcile/controller.ts';
import { annotationOf, annotations, classOf, requestOf } from '../persistent-volume/match.ts';
import { claimProvisionerOf, provisionerFinalizer, successorOf } from '../persistent-volume/migration.ts';
import { driverOf, finalizersPatch, mark, pacing, type VolumeContents } from './driver.ts';
import { type ContentSource, type DataSources, cloningFinalizer } from './source.ts';
import { affinityTo, placeFor, type Place } from './topology.ts';

/** What could not be made is tried again: after a second first, then after twice as long each time. */
const retries = { first: seconds(1), most: minutes(5) };

/** What is to be made of a claim, or why it cannot be. */
type Plan =
  | { readonly volume: PersistentVolume; readonly source?: ContentSource }
  | { readonly fault: string; readonly reschedule?: boolean }
  /** Somebody else fills it. */
  | 'populated';

interface Failure {
  readonly fault: string;
  readonly delay: Duration;
  readonly retryAt: Instant;
}

export function volumeProvisioner(contents: VolumeContents, sources: DataSources): Controller {
  const pace = pacing();
  const failures = new Map<string, Failure>();

  async function fail(claim: PersistentVolumeClaim, plan: { fault: string; reschedule?: boolean }, context: Context) {
    const { uid = '' } = claim.metadata;
    const now = context.clock.now();
    const before = failures.get(uid);
    if (before?.fault === plan.fault && now < before.retryAt) return { after: before.retryAt - now };
    context.event(claim, provisioning(claim));
    context.event(claim, { type: 'Warning', reason: 'ProvisioningFailed', message: plan.fault });
    if (plan.reschedule && annotationOf(claim, 'selectedNode') !== undefined) {
      const { [annotations.selectedNode]: _, ...kept } = claim.metadata.annotations ?? {};
      await context.update(PersistentVolumeClaim, { ...claim, metadata: { ...claim.metadata, annotations: kept } });
      return undefined;
    }
    const delay = before ? Math.min(before.delay * 2, retries.most) : retries.first;
    failures.set(uid, { fault: plan.fault, delay, retryAt: now + delay });
    return { after: delay };
  }

  /** Said once: whoever fills the volume also makes it. */
  function leave(claim: PersistentVolumeClaim, { event }: Context): void {
    const { uid = '' } = claim.metadata;
    if (failures.has(uid)) return;
    failures.set(uid, { fault: '', delay: retries.first, retryAt: Infinity });
    event(claim, {
      reason: 'Provisioning',
      message: 'Assuming an external populator will provision the volume',
    });
  }

  return defineController<PersistentVolumeClaim>({
    name: 'portolan-volume-provisioner',
    agent: 'portolan-volume-provisioner',
    for: PersistentVolumeClaim,
    watches: [
      watching(StorageClass, () => []),
      watching(Node, () => []),
      watching(VolumeAttributesClass, () => []),
      watching(PersistentVolume, ({ spec }) =>
        spec?.claimRef ? [{ name: spec.claimRef.name ?? '', namespace: spec.claimRef.namespace ?? '' }] : [],
      ),
    ],

    async reconcile(claim, context) {
      const { uid = '' } = claim.metadata;
      const storageClass = wantedBy(claim, context);
      if (!storageClass) {
        pace.forget(uid);
        return void failures.delete(uid);
      }
      const plan = await planVolume(claim, storageClass, { context, sources });
      if (plan === 'populated') return leave(claim, context);
      if ('fault' in plan) return fail(claim, plan, context);
      if (!pace.isUnderWay(uid)) context.event(claim, provisioning(claim));
      await protectSource(plan.source, context);
      const after = pace.remaining(uid, context);
      if (after > 0) return { after };
      await make(claim, plan, context);
    },
  });

  async function make(
    claim: PersistentVolumeClaim,
    { volume, source }: { volume: PersistentVolume; source?: ContentSource },
    context: Context,
  ): Promise<void> {
    const name = volume.metadata.name ?? '';
    if (source) contents.copy(source.handle, name);
    await context.create(PersistentVolume, volume);
    context.event(claim, { reason: 'ProvisioningSucceeded', message: `Successfully provisioned volume ${name}` });
  }
}

const provisioning = ({ metadata: { namespace, name } }: PersistentVolumeClaim) => ({
  reason: 'Provisioning',
  message: `External provisioner is provisioning volume for claim "${namespace}/${name}"`,
});

/** The class a volume of which is still to be made for the claim. */
function wantedBy(claim: PersistentVolumeClaim, { lister }: Context): StorageClass | undefined {
  if (claim.metadata.deletionTimestamp || claim.spec?.volumeName) return undefined;
  const storageClass = lister(StorageClass).get(classOf(claim));
  if (!storageClass || lister(PersistentVolume).get(`pvc-${claim.metadata.uid}`)) return undefined;
  const { provisioner, volumeBindingMode } = storageClass;
  if (claimProvisionerOf(claim) !== (successorOf(provisioner) ?? provisioner)) return undefined;
  if (volumeBindingMode === 'WaitForFirstConsumer' && annotationOf(claim, 'selectedNode') === undefined)
    return undefined;
  return storageClass;
}

async function planVolume(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  { context, sources }: { readonly context: Context; readonly sources: DataSources },
): Promise<Plan> {
  const { lister } = context;
  const driver = driverOf(successorOf(storageClass.provisioner) ?? storageClass.provisioner);
  const source = await sources.sourceOf(claim, driver, context);
  if (source === 'populated') return source;
  if (claim.spec?.selector) return { fault: 'claim Selector is not supported' };
  if (source && 'fault' in source) return source;
  const selected = annotationOf(claim, 'selectedNode');
  const node = selected === undefined ? undefined : lister(Node).get(selected);
  if (selected !== undefined && !node) return { fault: `node ${JSON.stringify(selected)} not found`, reschedule: true };
  const where = placeFor({
    claimName: claim.metadata.name ?? '',
    allowed: storageClass.allowedTopologies ?? [],
    node,
    nodes: lister(Node).list(),
  });
  if ('fault' in where) return where;
  const fault = attributesFault(claim, driver, context);
  if (fault !== undefined) return { fault };
  return {
    volume: volumeFor(claim, { storageClass, driver, place: where.place }),
    ...(source && { source }),
  };
}

function attributesFault({ spec }: PersistentVolumeClaim, driver: string, { lister }: Context): string | undefined {
  const name = spec?.volumeAttributesClassName;
  if (!name) return undefined;
  const attributes = lister(VolumeAttributesClass).get(name);
  if (!attributes) return `volumeattributesclass.storage.k8s.io ${JSON.stringify(name)} not found`;
  return attributes.driverName === driver
    ? undefined
    : `VAC ${name} referenced in PVC is for driver ${attributes.driverName} which does not match driver name ${driver}`;
}

/** A claim that is being copied stays until the copy is made. */
async function protectSource(source: ContentSource | undefined, { patch }: Context): Promise<void> {
  const wanted = source?.claim && finalizersPatch(source.claim, { add: cloningFinalizer });
  if (source?.claim && wanted) await patch(PersistentVolumeClaim, source.claim, wanted, { type: 'merge' });
}

interface Making {
  readonly storageClass: StorageClass;
  readonly driver: string;
  readonly place: Place | undefined;
}

/** The volume a class makes for a claim, within reach of where its consumer is. */
function volumeFor(claim: PersistentVolumeClaim, { storageClass, driver, place }: Making): PersistentVolume {
  const { name: claimName, namespace, uid, resourceVersion } = claim.metadata;
  const { accessModes = [], volumeMode = 'Filesystem', volumeAttributesClassName } = claim.spec ?? {};
  const volumeName = `pvc-${uid}`;
  const fsType = storageClass.parameters?.['csi.storage.k8s.io/fstype'] ?? storageClass.parameters?.fstype;
  return {
    metadata: {
      name: volumeName,
      labels: { [mark]: 'true' },
      annotations: {
        [annotations.provisionedBy]: storageClass.provisioner,
        'volume.kubernetes.io/provisioner-deletion-secret-name': '',
        'volume.kubernetes.io/provisioner-deletion-secret-namespace': '',
        [mark]:
          'There is no storage behind this volume: it was made by Portolan in place of the provisioner of its class.',
      },
      finalizers: [provisionerFinalizer],
    },
    spec: {
      capacity: { storage: requestOf(claim) },
      accessModes: [...accessModes],
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name ?? '',
      volumeMode,
      ...(storageClass.mountOptions && { mountOptions: [...storageClass.mountOptions] }),
      ...(volumeAttributesClassName && { volumeAttributesClassName }),
      claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', name: claimName, namespace, uid, resourceVersion },
      csi: { driver, volumeHandle: volumeName, ...(fsType && volumeMode === 'Filesystem' && { fsType }) },
      ...(place && { nodeAffinity: affinityTo(place) }),
    },
  } as PersistentVolume;
}
