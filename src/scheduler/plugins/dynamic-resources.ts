// Refuses nodes on which the pod's resource claims would get no devices, or from which those they have cannot be reached.

import { deepEqual } from '../../base/equal.ts';
import { allocate, requestsOf, SelectionError } from '../device-allocation.ts';
import type { EventTypes } from '../events.ts';
import type { NodeInfo } from '../node-info.ts';
import { nodeSelectorTest } from '../node-selection.ts';
import { impossible, type NodeFilter, type Plugin, type Refusal } from '../plugin.ts';
import {
  type ClaimPlan,
  claimNamesOf,
  isUsedBy,
  missingClaim,
  noClaims,
  resourceClaimsOf,
} from '../resource-claims.ts';
import type { PodInfo } from '../pod-info.ts';
import type { ClusterView } from '../view.ts';

function uses({ pod, namespace }: PodInfo, { object: { metadata } }: EventTypes['ResourceClaimAdded']): boolean {
  const names = claimNamesOf(pod);
  return typeof names !== 'string' && metadata.namespace === namespace && names.includes(metadata.name ?? '');
}

const isFreed = ({ object, previous }: EventTypes['ResourceClaimChanged']): boolean =>
  previous.status?.allocation !== undefined && object.status?.allocation === undefined;

const wantsClaims = ({ pod }: PodInfo): boolean => (pod.spec?.resourceClaims ?? []).length > 0;

export const dynamicResources: Plugin = {
  name: 'DynamicResources',

  /** A pod whose claims are not there yet does not queue. */
  gate(pod, view) {
    const names = claimNamesOf(pod);
    if (typeof names === 'string') return names;
    const namespace = pod.metadata.namespace ?? '';
    const missing = names.find((name) => !view.resourceClaim(namespace, name));
    return missing === undefined ? undefined : missingClaim(namespace, missing);
  },

  filter(pod, { view }): NodeFilter | Refusal | undefined {
    if (!wantsClaims(pod)) return undefined;
    const claims = resourceClaimsOf(pod.pod, view);
    if (typeof claims === 'string') return impossible(claims);
    const requests = requestsOf(claims.waiting, view);
    if (typeof requests === 'string') return impossible(requests);
    const reachable = claims.allocated
      .flatMap(({ status }) => status?.allocation?.nodeSelector ?? [])
      .map(nodeSelectorTest);
    return {
      check(node) {
        if (!reachable.every((test) => test(node))) return impossible('resourceclaim not available on the node');
        if (claims.waiting.length === 0) return undefined;
        try {
          const found = allocate(claims.waiting, requests, node, view);
          return found ? undefined : impossible('cannot allocate all claims');
        } catch (failure) {
          if (!(failure instanceof SelectionError)) throw failure;
          return impossible(failure.message);
        }
      },
    };
  },

  remedy({ refusedEverywhere }) {
    if (refusedEverywhere) return { message: 'not found', final: true };
    return { message: 'no new claims to deallocate' };
  },

  wakes: {
    ResourceClaimAdded: uses,
    ResourceClaimChanged: (pod, event) =>
      isFreed(event) || (uses(pod, event) && !deepEqual(event.object.status, event.previous.status)),
    OwnChange: ({ pod }, { previous }) =>
      !deepEqual(pod.status?.resourceClaimStatuses, previous.pod.status?.resourceClaimStatuses),
    DevicesChanged: true,
    NodeAdded: true,
    NodeChanged: (_, { node, previous }) =>
      !deepEqual(node.metadata.labels, previous.metadata.labels) ||
      !deepEqual(node.status?.allocatable, previous.status?.allocatable),
  },
};

/** What is to be done about a pod's claims on the node it was given. */
export function planClaims(pod: PodInfo, node: NodeInfo | undefined, view: ClusterView): ClaimPlan {
  const claims = wantsClaims(pod) && node ? resourceClaimsOf(pod.pod, view) : 'none';
  if (typeof claims === 'string' || !node) return noClaims;
  const requests = requestsOf(claims.waiting, view);
  const given = typeof requests === 'string' ? undefined : allocate(claims.waiting, requests, node, view);
  const unused = claims.allocated.filter((claim) => !isUsedBy(claim, pod.pod));
  return { allocate: given ?? [], reserve: [...unused, ...(given ?? [])] };
}
