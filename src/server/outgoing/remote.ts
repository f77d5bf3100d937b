// Others as the server knows them: services by name, and a way to ask them something.

import type { Address, Outgoing } from './outgoing.ts';
import { serviceAddress, type ServiceNetwork, type ServiceReference } from './service-endpoint.ts';

export interface Remote extends Outgoing {
  /** One of the addresses behind a service. @throws Unreachable */
  locate(service: ServiceReference): Promise<Address>;
}

export const remoteOver = (outgoing: Outgoing, network: ServiceNetwork): Remote => ({
  send: (request) => outgoing.send(request),
  locate: (service) => serviceAddress(network, service),
});

/** The name by which a service's certificate is known. */
export const serviceHost = ({ namespace, name }: Pick<ServiceReference, 'namespace' | 'name'>): string =>
  `${name}.${namespace}.svc`;
