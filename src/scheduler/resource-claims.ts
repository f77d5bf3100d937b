// The resource claims of a pod: which have their devices already, which are to get some, or why the pod cannot be placed yet.

import type { ResourceClaimConsumerReference } from '../kinds/generated/types/resource-v1.ts';
import type { Pod } from '../kinds/core/pod.ts';
import type { ResourceClaim } from '../kinds/resource/resource-claim.ts';
import { uidOf } from './pod-info.ts';
import type { ClusterView } from './view.ts';

/** Keeps a claim until nobody uses its devices any more. */
export const claimFinalizer = 'resource.kubernetes.io/delete-protection';

/** How many pods may use a claim at a time. */
const mostConsumers = 256;

export interface PodResourceClaims {
  readonly allocated: readonly ResourceClaim[];
  readonly waiting: readonly ResourceClaim[];
}

/** What a scheduler decides to do about them on some node. */
export interface ClaimPlan {
  /** Claims with the devices they are given. */
  readonly allocate: readonly ResourceClaim[];
  /** Claims whose devices the pod will use, those just allocated included. */
  readonly reserve: readonly ResourceClaim[];
}

export const noClaims: ClaimPlan = { allocate: [], reserve: [] };

/** The names of a pod's claims, in order; or what is not there yet. */
export function claimNamesOf({ metadata, spec, status }: Pod): readonly string[] | string {
  const names: string[] = [];
  for (const { name, resourceClaimName, resourceClaimTemplateName } of spec?.resourceClaims ?? []) {
    const made = status?.resourceClaimStatuses?.find((each) => each.name === name);
    if (resourceClaimName) names.push(resourceClaimName);
    else if (resourceClaimTemplateName && !made) {
      return `pod "${metadata.namespace}/${metadata.name}": ResourceClaim not created yet`;
    } else if (made?.resourceClaimName) names.push(made.resourceClaimName);
  }
  return names;
}

export const missingClaim = (namespace: string, name: string): string =>
  `could not find v1.ResourceClaim "${namespace}/${name}"`;

/** A pod's claims, or why it cannot be placed anywhere yet. */
export function resourceClaimsOf(pod: Pod, view: ClusterView): PodResourceClaims | string {
  const names = claimNamesOf(pod);
  if (typeof names === 'string') return names;
  const namespace = pod.metadata.namespace ?? '';
  const claims: ResourceClaim[] = [];
  for (const name of names) {
    const claim = view.resourceClaim(namespace, name);
    if (!claim) return missingClaim(namespace, name);
    if (claim.metadata.deletionTimestamp) return `resourceclaim "${name}" is being deleted`;
    if (claim.status?.allocation && !isUsedBy(claim, pod) && !mayBeUsed(claim)) return 'resourceclaim in use';
    claims.push(claim);
  }
  return {
    allocated: claims.filter(({ status }) => status?.allocation),
    waiting: claims.filter(({ status }) => !status?.allocation),
  };
}

export const isUsedBy = ({ status }: ResourceClaim, pod: Pod): boolean =>
  (status?.reservedFor ?? []).some(({ uid }) => uid === uidOf(pod));

const mayBeUsed = ({ status }: ResourceClaim): boolean => (status?.reservedFor ?? []).length < mostConsumers;

/** A pod as a claim names who uses it. */
export const consumerOf = (pod: Pod): ResourceClaimConsumerReference => ({
  resource: 'pods',
  name: pod.metadata.name ?? '',
  uid: uidOf(pod),
});
