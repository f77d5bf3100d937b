// What a step of the bootstrap is told, and is.

import type { Instant } from '../../base/clock.ts';
import type { Client } from '../../client/client.ts';

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

export interface BootstrapFacts {
  /** The first address of the service range: what the `kubernetes` Service answers at. */
  readonly serviceAddress: string;
  /** The service range, as in `10.96.0.0/16`; a second one for the other family of addresses. */
  readonly serviceCidrs: readonly string[];
  /** Where the API server listens. */
  readonly host: string;
  readonly port: number;
  readonly caCertificate: string;
  readonly proxyCaCertificate?: string;
  /** What is served without custom kinds. */
  readonly groupVersions: readonly GroupVersion[];
  enabled(featureGate: string): boolean;
  now(): Instant;
}

/** Makes what is missing. Called at every start, with a client of the server's own. */
export type BootstrapStep = (client: Client, facts: BootstrapFacts) => Promise<void>;
