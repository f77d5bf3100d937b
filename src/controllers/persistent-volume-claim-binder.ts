// Gives claims their volumes: those that are there, or those that a provisioner is asked for.

import type { Reference } from '../api/object.ts';
import { referenceTo } from '../client/client.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { Pod } from '../kinds/core/pod.ts';
import { StorageClass } from '../kinds/storage/storage-class.ts';
import { type Context, defineController, type EventText, type Lister, watching } from '../reconcile/controller.ts';
import { bind, withAnnotations } from './persistent-volume/binding.ts';
import { annotationOf, annotations, bestMatch, classOf, isReservedFor, mismatchOf } from './persistent-volume/match.ts';
import { isFinished } from './pods.ts';
import { writeStatus } from './statuses.ts';
import { claimsOf } from './volume-protection.ts';

const noProvisioner = 'kubernetes.io/no-provisioner';

export const claimBinderController = defineController<PersistentVolumeClaim>({
  name: 'persistentvolume-controller',
  for: PersistentVolumeClaim,
  watches: [
    watching(PersistentVolume, (volume, _previous, { lister }) => affectedBy(volume, lister(PersistentVolumeClaim))),
    watching(StorageClass, ({ metadata: { name } }, _previous, { lister }) =>
      lister(PersistentVolumeClaim)
        .list()
        .filter((claim) => !isBindCompleted(claim) && classOf(claim) === name)
        .map(referenceTo),
    ),
    // Who waits for a claim is read, but changes nothing about it.
    watching(Pod, () => []),
  ],

  async reconcile(claim, context) {
    const plan = isBindCompleted(claim) ? planBound(claim, context) : planUnbound(claim, context);
    if (plan.event) context.event(claim, plan.event);
    if (plan.bind) return bind(plan.bind, claim, context);
    const asked = plan.provisioner ? await ask(claim, plan.provisioner, context) : claim;
    await writeStatus(context, PersistentVolumeClaim, asked, { ...asked.status, phase: plan.phase });
  },
});

/** The claims that might be bound, or lost, by a change of the volume. */
function affectedBy(volume: PersistentVolume, claims: Lister<PersistentVolumeClaim>): Reference[] {
  const { name } = volume.metadata;
  return claims
    .list()
    .filter((claim) => (isBindCompleted(claim) || claim.spec?.volumeName ? claim.spec?.volumeName === name : true))
    .map(referenceTo);
}

const isBindCompleted = (claim: PersistentVolumeClaim): boolean => annotationOf(claim, 'bindCompleted') !== undefined;

/** What is to be done about a claim. */
interface Plan {
  readonly bind?: PersistentVolume;
  /** Who is asked to make a volume. */
  readonly provisioner?: string;
  /** The claim's phase when it is not to be bound. */
  readonly phase: 'Pending' | 'Lost';
  readonly event?: EventText;
}

type Present = Pick<Context, 'lister'>;

const pending = (event?: EventText): Plan => ({ phase: 'Pending', ...(event && { event }) });

function planUnbound(claim: PersistentVolumeClaim, present: Present): Plan {
  if (claim.spec?.volumeName) return planNamed(claim, claim.spec.volumeName, present);
  const className = classOf(claim);
  const storageClass = present.lister(StorageClass).get(className);
  const waits = storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && !annotationOf(claim, 'selectedNode');
  // The scheduler chooses for a claim that waits, but for a volume that is reserved for it.
  const volumes = present.lister(PersistentVolume).list();
  const volume = bestMatch(claim, waits ? volumes.filter((each) => isReservedFor(each, claim)) : volumes);
  if (volume) return { bind: volume, phase: 'Pending' };
  if (waits) return pending(waiting(claim, present));
  if (className === '') {
    return pending({
      reason: 'FailedBinding',
      message: 'no persistent volumes available for this claim and no storage class is set',
    });
  }
  if (!storageClass) return pending(failed(`storageclass.storage.k8s.io ${JSON.stringify(className)} not found`));
  const { provisioner } = storageClass;
  if (provisioner === noProvisioner) return pending(failed(`no volume plugin matched name: ${provisioner}`));
  return {
    phase: 'Pending',
    provisioner,
    event: {
      reason: 'ExternalProvisioning',
      message: `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
    },
  };
}

const failed = (message: string): EventText => ({ type: 'Warning', reason: 'ProvisioningFailed', message });

function waiting(claim: PersistentVolumeClaim, { lister }: Present): EventText {
  const { name = '', namespace } = claim.metadata;
  const consumers = lister(Pod)
    .list(namespace)
    .filter((pod) => !isFinished(pod) && claimsOf(pod).includes(name))
    .map((pod) => pod.metadata.name ?? '');
  if (consumers.length === 0) {
    const message = 'waiting for first consumer to be created before binding';
    return { reason: 'WaitForFirstConsumer', message };
  }
  const pods = consumers.length === 1 ? 'pod' : 'pods';
  return { reason: 'WaitForPodScheduled', message: `waiting for ${pods} ${consumers.join(',')} to be scheduled` };
}

/** For a claim that says itself which volume it wants. */
function planNamed(claim: PersistentVolumeClaim, volumeName: string, { lister }: Present): Plan {
  const volume = lister(PersistentVolume).get(volumeName);
  if (!volume) return pending();
  if (isReservedFor(volume, claim)) return { bind: volume, phase: 'Pending' };
  if (volume.spec?.claimRef) {
    const message = `volume ${JSON.stringify(volumeName)} already bound to a different claim.`;
    return pending({ type: 'Warning', reason: 'FailedBinding', message });
  }
  const mismatch = mismatchOf(volume, claim);
  if (!mismatch) return { bind: volume, phase: 'Pending' };
  const message = `Cannot bind to requested volume ${JSON.stringify(volumeName)}: ${mismatch}`;
  return pending({ type: 'Warning', reason: 'VolumeMismatch', message });
}

/** A claim that was bound stays so, or is lost for ever. */
function planBound(claim: PersistentVolumeClaim, { lister }: Present): Plan {
  const lost = (reason: string, message: string): Plan => ({
    phase: 'Lost',
    ...(claim.status?.phase !== 'Lost' && { event: { type: 'Warning', reason, message } }),
  });
  const name = claim.spec?.volumeName;
  if (!name)
    return lost('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!');
  const volume = lister(PersistentVolume).get(name);
  if (!volume) return lost('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  const owner = volume.spec?.claimRef;
  if (!owner || owner.uid === claim.metadata.uid) return { bind: volume, phase: 'Pending' };
  return lost('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
}

/** Tells the provisioner that a volume is wanted. */
async function ask(
  claim: PersistentVolumeClaim,
  provisioner: string,
  { update }: Pick<Context, 'update'>,
): Promise<PersistentVolumeClaim> {
  if (annotationOf(claim, 'provisioner') === provisioner) return claim;
  const added = { [annotations.betaProvisioner]: provisioner, [annotations.provisioner]: provisioner };
  return update(PersistentVolumeClaim, withAnnotations(claim, added));
}
