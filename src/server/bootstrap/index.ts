// What a fresh cluster has before anybody asked: each line names something the API server itself keeps in being.

import type { Instant } from '../../base/clock.ts';
import type { Client } from '../../client/client.ts';
import { localApiServices } from './api-services.ts';
import { authenticationConfig } from './authentication-config.ts';
import { defaultFlowControl } from './flow-control.ts';
import { kubernetesService } from './kubernetes-service.ts';
import { systemNamespaces } from './namespaces.ts';
import { defaultPolicy } from './policy.ts';
import { systemPriorityClasses } from './priority-classes.ts';

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
  /** What is served without custom kinds. */
  readonly groupVersions: readonly GroupVersion[];
  now(): Instant;
}

/** Makes what is missing. Called at every start, with a client of the server's own. */
export type BootstrapStep = (client: Client, facts: BootstrapFacts) => Promise<void>;

/** The first must be there before the others, which are made at once. */
export const firstStep: BootstrapStep = systemNamespaces;

export const bootstrapSteps: readonly BootstrapStep[] = [
  defaultPolicy,
  systemPriorityClasses,
  defaultFlowControl,
  localApiServices,
  kubernetesService,
  authenticationConfig,
];

export async function bootstrap(client: Client, facts: BootstrapFacts): Promise<void> {
  await firstStep(client, facts);
  await Promise.all(bootstrapSteps.map((step) => step(client, facts)));
}
