// What a load balancer's maker has to offer, after the LoadBalancer interface of cloud providers. Described in docs/load-balancers.md.

import type { Node } from '../../kinds/core/node.ts';
import type { Service } from '../../kinds/core/service.ts';
import type { LoadBalancerStatus } from '../../kinds/generated/types/core-v1.ts';

export interface Surroundings {
  /** The nodes that traffic may go to. */
  readonly nodes: readonly Node[];
  /** All Services of the cluster, as they are now: what others have been given shows in their status. */
  readonly services: readonly Service[];
}

/**
 * Called for one Service at a time, again and again: each method brings about a state, and finds it there the next time.
 * A method that cannot do so rejects with LoadBalancerFault, whose message the Service's events show; it is then tried again.
 */
export interface LoadBalancerProvider {
  /** Whether the Service has a load balancer. */
  exists(service: Service, around: Surroundings): Promise<boolean>;
  /** Makes the load balancer or changes it to what the Service says; resolves with what the Service's status is to show. */
  ensure(service: Service, around: Surroundings): Promise<LoadBalancerStatus>;
  /** The nodes have changed, the Service has not. */
  update(service: Service, around: Surroundings): Promise<void>;
  /** Resolves also when there was none. */
  ensureDeleted(service: Service): Promise<void>;
}

/** Why there is no load balancer, and what to do about it. */
export class LoadBalancerFault extends Error {
  override readonly name = 'LoadBalancerFault';
}
