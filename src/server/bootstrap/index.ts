// What a fresh cluster has before anybody asked: each line names something the API server itself keeps in being.

import type { Client } from '../../client/client.ts';
import { systemNamespaces } from './namespaces.ts';

export interface BootstrapFacts {
  /** The first address of the service range: what the `kubernetes` Service answers at. */
  readonly serviceAddress: string;
  /** Where the API server listens. */
  readonly host: string;
  readonly port: number;
  readonly caCertificate: string;
}

/** Makes what is missing. Called at every start, with a client of the server's own. */
export type BootstrapStep = (client: Client, facts: BootstrapFacts) => Promise<void>;

export const bootstrapSteps: readonly BootstrapStep[] = [systemNamespaces];
