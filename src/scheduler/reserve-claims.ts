// Carries out what was decided about a pod's resource claims: writes down their devices, and that the pod uses them.

import type { Clock } from '../base/clock.ts';
import { formatTime } from '../base/time.ts';
import { type Client, referenceTo } from '../client/client.ts';
import type { Pod } from '../kinds/core/pod.ts';
import { ResourceClaim } from '../kinds/resource/resource-claim.ts';
import { type ClaimPlan, claimFinalizer, consumerOf } from './resource-claims.ts';

/** @throws ApiError when somebody else was faster */
export async function reserveClaims(
  pod: Pod,
  { reserve }: ClaimPlan,
  { client, clock }: { readonly client: Client; readonly clock: Clock },
): Promise<void> {
  for (const claim of reserve) {
    const current = await protect(claim, client);
    const { allocation, reservedFor = [] } = current.status ?? {};
    const given = { ...claim.status?.allocation, allocationTimestamp: formatTime(clock.now()) };
    await client.updateStatus(ResourceClaim, {
      ...current,
      status: { ...current.status, allocation: allocation ?? given, reservedFor: [...reservedFor, consumerOf(pod)] },
    });
  }
}

/** The claim as it is stored, kept from being deleted while it has devices. */
async function protect(claim: ResourceClaim, client: Client): Promise<ResourceClaim> {
  const { finalizers = [], resourceVersion } = claim.metadata;
  if (finalizers.includes(claimFinalizer))
    return client.get(ResourceClaim, claim.metadata.name ?? '', claim.metadata.namespace);
  return client.patch(ResourceClaim, referenceTo(claim), {
    metadata: { finalizers: [...finalizers, claimFinalizer], resourceVersion },
  });
}
