// Gives claims their volumes: those that are there, or those that a provisioner is asked for.

import type { Reference } from '../api/object.ts';
import { referenceTo } from '../client/client.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { hasClass } from '../kinds/core/storage-text.ts';
import { Pod } from '../kinds/core/pod.ts';
import { StorageClass, defaultClassOf } from '../kinds/storage/storage-class.ts';
import { type Context, defineController, type EventText, type Lister, watching } from '../reconcile/controller.ts';
import { bind, unboundStatus, withAnnotations } from './persistent-volume/binding.ts';
import { podsByClaim, podsOfClaim } from './persistent-volume/claims.ts';
import { annotationOf, annotations, bestMatch, classOf, isReservedFor, mismatchOf } from './persistent-volume/match.ts';
import { claimProvisionerOf, successorOf, withMigration } from './persistent-volume/migration.ts';
import { provisioningFault } from './persistent-volume/plugins.ts';
import { isTerminated } from './pods.ts';
import { writeStatus } from './statuses.ts';

export const claimBinderController = defineController<PersistentVolumeClaim>({
  name: 'persistentvolume-controller',
  for: PersistentVolumeClaim,
  watches: [
    watching(PersistentVolume, (volume, _previous, { lister }) => affectedBy(volume, lister(PersistentVolumeClaim))),
    watching(StorageClass, ({ metadata: { name } }, _previous, { lister }) =>
      lister(PersistentVolumeClaim)
        .list()
        .filter((claim) => !isBindCompleted(claim) && (classOf(claim) === name || !hasClass(claim)))
        .map(referenceTo),
    ),
    // Who waits for a claim is read, but changes nothing about it.
    watching(Pod, () => []),
  ],
  indexes: [podsByClaim],

  async reconcile(claim, context) {
    const migrated = withMigration(claim, claimProvisionerOf(claim));
    if (migrated !== claim) return void (await context.update(PersistentVolumeClaim, migrated));
    const plan = isBindCompleted(claim) ? planBound(claim, context) : planUnbound(claim, context);
    if (plan.do === 'classify') return void (await context.update(PersistentVolumeClaim, classified(claim, plan.as)));
    if (plan.do === 'bind') return bind(plan.to, claim, context);
    if (plan.event) context.event(claim, plan.event);
    if (plan.do === 'provision') return ask(claim, plan.provisioner, context);
    if (plan.do === 'rest') return;
    await writeStatus(context, PersistentVolumeClaim, claim, unboundStatus(claim, plan.phase));
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

const classified = (claim: PersistentVolumeClaim, storageClassName: string): PersistentVolumeClaim => ({
  ...claim,
  spec: { ...claim.spec, storageClassName },
});

/** What is to be done about a claim. */
type Plan =
  | { readonly do: 'bind'; readonly to: PersistentVolume }
  /** It named no class, and there is a default one by now. */
  | { readonly do: 'classify'; readonly as: string }
  | { readonly do: 'provision'; readonly provisioner: string; readonly event: EventText }
  | { readonly do: 'mark'; readonly phase: 'Pending' | 'Lost'; readonly event?: EventText }
  | { readonly do: 'rest'; readonly event?: EventText };

type Present = Pick<Context, 'lister'>;

const pending = (event?: EventText): Plan => ({ do: 'mark', phase: 'Pending', ...(event && { event }) });

function planUnbound(claim: PersistentVolumeClaim, present: Present): Plan {
  if (claim.spec?.volumeName) return planNamed(claim, claim.spec.volumeName, present);
  const className = classOf(claim);
  const storageClass = present.lister(StorageClass).get(className);
  // The scheduler chooses for a claim that waits, but for a volume that is reserved for it.
  const waits = storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
  const volume = bestMatch(claim, present.lister(PersistentVolume).list(), { reservedOnly: waits });
  if (volume) return { do: 'bind', to: volume };
  const fallback = hasClass(claim) ? undefined : defaultClassOf(present.lister(StorageClass).list());
  if (fallback) return { do: 'classify', as: fallback.metadata.name ?? '' };
  if (waits && annotationOf(claim, 'selectedNode') === undefined) return pending(waiting(claim, present));
  if (className !== '') return planProvision(className, storageClass);
  return pending({
    reason: 'FailedBinding',
    message: 'no persistent volumes available for this claim and no storage class is set',
  });
}

function planProvision(className: string, storageClass: StorageClass | undefined): Plan {
  const failed = (message: string): Plan => ({
    do: 'rest',
    event: { type: 'Warning', reason: 'ProvisioningFailed', message },
  });
  if (!storageClass) return failed(`storageclass.storage.k8s.io ${JSON.stringify(className)} not found`);
  const fault = provisioningFault(storageClass);
  if (fault !== undefined) return failed(fault);
  const provisioner = successorOf(storageClass.provisioner) ?? storageClass.provisioner;
  return {
    do: 'provision',
    provisioner,
    event: {
      reason: 'ExternalProvisioning',
      message: `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
    },
  };
}

function waiting(claim: PersistentVolumeClaim, present: Present): EventText {
  const consumers = podsOfClaim(claim, present)
    .filter((pod) => !pod.spec.nodeName && !isTerminated(pod))
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
  if (isReservedFor(volume, claim)) return { do: 'bind', to: volume };
  if (volume.spec?.claimRef) {
    const message = `volume ${JSON.stringify(volumeName)} already bound to a different claim.`;
    const event = { type: 'Warning', reason: 'FailedBinding', message } as const;
    // Somebody took away the mark that the controller had bound it: nothing is done about that.
    return annotationOf(claim, 'boundByController') === undefined ? pending(event) : { do: 'rest', event };
  }
  const mismatch = mismatchOf(volume, claim);
  if (!mismatch) return { do: 'bind', to: volume };
  const message = `Cannot bind to requested volume ${JSON.stringify(volumeName)}: ${mismatch}`;
  return pending({ type: 'Warning', reason: 'VolumeMismatch', message });
}

/** A claim that was bound stays so, or is lost for ever. */
function planBound(claim: PersistentVolumeClaim, { lister }: Present): Plan {
  const lost = (reason: string, message: string): Plan =>
    claim.status?.phase === 'Lost'
      ? { do: 'rest' }
      : { do: 'mark', phase: 'Lost', event: { type: 'Warning', reason, message } };
  const name = claim.spec?.volumeName;
  if (!name)
    return lost('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!');
  const volume = lister(PersistentVolume).get(name);
  if (!volume) return lost('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  const owner = volume.spec?.claimRef;
  if (!owner || owner.uid === claim.metadata.uid) return { do: 'bind', to: volume };
  return lost('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
}

/** Tells the provisioner that a volume is wanted. */
async function ask(
  claim: PersistentVolumeClaim,
  provisioner: string,
  { update }: Pick<Context, 'update'>,
): Promise<void> {
  if (annotationOf(claim, 'provisioner') === provisioner) return;
  const added = { [annotations.betaProvisioner]: provisioner, [annotations.provisioner]: provisioner };
  await update(PersistentVolumeClaim, withMigration(withAnnotations(claim, added), provisioner));
}
