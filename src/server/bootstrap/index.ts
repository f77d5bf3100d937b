// What a fresh cluster has before anybody asked: each line names something the API server itself keeps in being.

import type { Client } from '../../client/client.ts';
import { localApiServices } from './api-services.ts';
import { authenticationConfig } from './authentication-config.ts';
import { defaultFlowControl } from './flow-control.ts';
import { kubernetesService } from './kubernetes-service.ts';
import { systemNamespaces } from './namespaces.ts';
import { defaultPolicy } from './policy.ts';
import { systemPriorityClasses } from './priority-classes.ts';
import type { BootstrapFacts, BootstrapStep } from './step.ts';

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
