// Why a PersistentVolumeClaim is not bound: which volumes there are, and what each lacks.

import { compareQuantities, parseQuantity } from '../base/quantity.ts';
import { selectorOf } from '../base/selectors.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { Pod } from '../kinds/core/pod.ts';
import { mountedClaims } from '../kinds/core/pod-facts.ts';
import type { Cause, Why } from '../kinds/why/explanation.ts';
import { StorageClass } from '../kinds/storage/storage-class.ts';
import { counted, sentence, sinceOf, someOf } from './facts.ts';
import { causeOf, newest, referenceOf, type WhyView } from './view.ts';

/** So many volumes are told of. */
const volumesTold = 10;

export function explainClaim(claim: PersistentVolumeClaim, view: WhyView): Why {
  const { metadata, spec, status } = claim;
  const since = sinceOf(metadata.creationTimestamp);
  if (metadata.deletionTimestamp !== undefined) return leaving(claim, view);
  if (status?.phase === 'Lost') {
    return { state: 'Lost', ...since, verdict: `Its volume ${spec?.volumeName} is gone, and its data with it.` };
  }
  if (status?.phase === 'Bound') return bound(claim, view);
  const event = newest(view, claim, 'ProvisioningFailed', 'FailedBinding', 'VolumeMismatch');
  const said = event && event.type === 'Warning' ? [causeOf(event)] : [];
  const reading = pending(claim, view);
  return {
    state: 'Pending',
    ...since,
    ...reading,
    verdict: reading.decisive || said.length === 0 ? reading.verdict : sentence(said[0]?.message ?? ''),
    causes: [...(reading.causes ?? []), ...said],
  };
}

/** What is said of a claim that waits. `decisive`: no event knows better. */
interface Pending extends Pick<Why, 'verdict' | 'causes' | 'remedies'> {
  readonly decisive?: boolean;
}

function pending(claim: PersistentVolumeClaim, view: WhyView): Pending {
  const { spec } = claim;
  if (spec?.volumeName) {
    const volume = view.of(PersistentVolume).get(spec.volumeName);
    if (!volume) return { decisive: true, verdict: `It asks for the volume ${spec.volumeName}, which does not exist.` };
    return {
      verdict: `It asks for the volume ${spec.volumeName}: ${lacking(volume, claim) ?? 'which is about to be bound'}.`,
    };
  }
  const wanted = spec?.storageClassName ?? '';
  const volumes = volumeCauses(claim, view);
  if (wanted === '') {
    const verdict =
      spec?.storageClassName === ''
        ? 'It wants a volume without a class, made by hand, and none fits.'
        : 'It names no StorageClass and there is no default one: only a volume made by hand can be its own.';
    return { verdict, causes: volumes };
  }
  const storageClass = view.of(StorageClass).get(wanted);
  if (!storageClass) return unclassed(wanted, view, volumes);
  if (storageClass.volumeBindingMode === 'WaitForFirstConsumer') return firstConsumer(claim, view);
  if (storageClass.provisioner === 'kubernetes.io/no-provisioner') {
    return {
      decisive: true,
      verdict: `Class ${wanted} makes no volumes, and no volume made by hand fits.`,
      causes: volumes,
    };
  }
  return {
    verdict: `It waits for ${storageClass.provisioner} to make a volume of class ${wanted}.`,
    causes: volumes,
  };
}

function unclassed(wanted: string, view: WhyView, causes: readonly Cause[]): Pending {
  const known = view
    .of(StorageClass)
    .list()
    .map(({ metadata }) => metadata.name ?? '');
  const others = known.length > 0 ? `There are: ${someOf(known)}.` : 'There is none at all.';
  const remedy = {
    change: `make the claim anew with the class ${known[0]}`,
    effect: 'a claim keeps its class for life',
  };
  return {
    decisive: true,
    verdict: `There is no StorageClass ${wanted}. ${others}`,
    causes,
    ...(known.length > 0 && { remedies: [remedy] }),
  };
}

/** A claim that is bound where its first pod goes. */
function firstConsumer(claim: PersistentVolumeClaim, view: WhyView): Pending {
  const users = view
    .of(Pod)
    .list(claim.metadata.namespace)
    .filter((pod) => mountedClaims(pod).includes(claim.metadata.name ?? ''));
  const [user] = users;
  const node = claim.metadata.annotations?.['volume.kubernetes.io/selected-node'];
  if (node) return { verdict: `Its pod goes to ${node}; the volume is being made there.` };
  if (!user)
    return { verdict: 'It waits for a pod that uses it: its class binds where that pod goes.', decisive: true };
  const name = user.metadata.name ?? '';
  return {
    decisive: true,
    verdict: `It waits for pod ${name} to find a node: its class binds where that pod goes.`,
    causes: [
      { reason: 'WaitForPodScheduled', message: `pod ${name} has no node yet`, about: referenceOf(Pod as never, user) },
    ],
  };
}

function volumeCauses(claim: PersistentVolumeClaim, view: WhyView): readonly Cause[] {
  return view
    .of(PersistentVolume)
    .list()
    .slice(0, volumesTold)
    .flatMap((volume): Cause[] => {
      const lack = lacking(volume, claim);
      const about = referenceOf(PersistentVolume as never, volume);
      return lack ? [{ reason: 'VolumeUnfit', message: `volume ${volume.metadata.name} ${lack}`, about }] : [];
    });
}

/** Why a volume cannot be the claim's; undefined where it could. */
function lacking({ metadata, spec, status }: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  const reference = spec?.claimRef;
  const { name, namespace, uid } = claim.metadata;
  if (reference && (reference.name !== name || reference.namespace !== namespace))
    return `belongs to claim ${reference.namespace}/${reference.name}`;
  if (reference?.uid && reference.uid !== uid) return 'was bound to an earlier claim of this name: it is Released';
  if (status?.phase === 'Released' || status?.phase === 'Failed') return `is ${status.phase}`;
  const wanted = claim.spec;
  if ((spec?.storageClassName ?? '') !== (wanted?.storageClassName ?? ''))
    return `is of class ${spec?.storageClassName || '""'}, not ${wanted?.storageClassName || '""'}`;
  if ((spec?.volumeMode ?? 'Filesystem') !== (wanted?.volumeMode ?? 'Filesystem')) return `is a ${spec?.volumeMode}`;
  const missing = (wanted?.accessModes ?? []).filter((mode) => !(spec?.accessModes ?? []).includes(mode));
  if (missing.length > 0) return `does not offer ${missing.join(', ')}`;
  if (!selectorOf(wanted?.selector, 'everything').matches(metadata.labels)) return 'does not match the selector';
  const [has, asks] = [spec?.capacity?.['storage'] ?? '0', wanted?.resources?.requests?.['storage'] ?? '0'];
  if (compareQuantities(parseQuantity(has), parseQuantity(asks)) < 0) return `has ${has}, and ${asks} is asked for`;
  return undefined;
}

function bound(claim: PersistentVolumeClaim, view: WhyView): Why {
  const { spec, status, metadata } = claim;
  const resize = status?.conditions?.find(({ status: is }) => is === 'True');
  return {
    state: 'Bound',
    ...sinceOf(metadata.creationTimestamp),
    verdict: `Bound to volume ${spec?.volumeName} (${status?.capacity?.['storage'] ?? 'size unknown'}).`,
    causes: [
      ...(resize ? [{ reason: resize.type, message: resize.message || resize.type }] : []),
      ...usersOf(claim, view).map((name) => ({ reason: 'Used', message: `used by pod ${name}` })),
    ],
  };
}

const usersOf = (claim: PersistentVolumeClaim, view: WhyView): readonly string[] =>
  view
    .of(Pod)
    .list(claim.metadata.namespace)
    .filter((pod) => mountedClaims(pod).includes(claim.metadata.name ?? ''))
    .map(({ metadata }) => metadata.name ?? '');

function leaving(claim: PersistentVolumeClaim, view: WhyView): Why {
  const users = usersOf(claim, view);
  const { finalizers = [], deletionTimestamp } = claim.metadata;
  return {
    state: 'Terminating',
    ...sinceOf(deletionTimestamp),
    verdict:
      users.length > 0
        ? `It stays until ${counted(users.length, 'pod')} that ${users.length === 1 ? 'uses' : 'use'} it ${users.length === 1 ? 'is' : 'are'} gone: ${someOf(users)}.`
        : `It stays until ${finalizers.join(', ')} ${finalizers.length === 1 ? 'is' : 'are'} taken away.`,
  };
}

/** The claims of a pod that are not bound, each with its own why. */
export function claimCauses(pod: Pod, view: WhyView): readonly Cause[] {
  return mountedClaims(pod).flatMap((claim): Cause[] => {
    const found = view.of(PersistentVolumeClaim).get(claim, pod.metadata.namespace);
    if (!found) return [{ reason: 'ClaimMissing', message: `there is no PersistentVolumeClaim ${claim}` }];
    if (found.status?.phase === 'Bound') return [];
    const why = explainClaim(found, view);
    const about = referenceOf(PersistentVolumeClaim as never, found);
    return [{ reason: 'ClaimNotBound', message: `PersistentVolumeClaim ${claim}: ${why.verdict}`, about }];
  });
}
