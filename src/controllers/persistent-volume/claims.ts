// Which claims a pod mounts, and which pods mount a claim.

import type { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import { Pod } from '../../kinds/core/pod.ts';
import type { Volume } from '../../kinds/generated/types/core-v1.ts';
import { type Context, indexing } from '../../reconcile/controller.ts';
import { claimsOf } from '../../server/pod-references.ts';
import { controllerOf } from '../../kinds/core/pod-facts.ts';

/** The claim behind a pod's volume, also where it is made for this pod alone. */
export const claimNameOf = (pod: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): string | undefined =>
  persistentVolumeClaim ? persistentVolumeClaim.claimName : ephemeral && `${pod.metadata.name}-${name}`;

/** Pods by `namespace/name` of the claims they mount. */
export const podsByClaim = indexing({
  kind: Pod,
  name: 'spec.volumes/claims',
  keys: (pod) => claimsOf(pod).map((claim) => `${pod.metadata.namespace}/${claim}`),
});

/** The pods that mount a claim, for controllers that have `podsByClaim`. */
export const podsOfClaim = (
  { metadata }: Pick<PersistentVolumeClaim, 'metadata'>,
  { lister }: Pick<Context, 'lister'>,
): readonly Pod[] => lister(Pod).indexed(podsByClaim.name, `${metadata.namespace}/${metadata.name}`);

/** Why a claim cannot serve as the ephemeral volume of a pod, in upstream's words. */
export function foreignClaim(pod: Pod, claim: PersistentVolumeClaim): string | undefined {
  if (controllerOf(claim)?.uid === pod.metadata.uid) return undefined;
  const { namespace, name } = claim.metadata;
  return `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`;
}
