// From a service's name to one of the addresses behind it, as what stands in for a service network here.

import type { Random } from '../../base/random.ts';
import { Endpoints } from '../../kinds/core/endpoints.ts';
import { Service } from '../../kinds/core/service.ts';
import { EndpointSlice } from '../../kinds/discovery/endpoint-slice.ts';
import type { AdmissionWorld } from '../admission/plugin.ts';
import { type Address, addressText, Unreachable } from './outgoing.ts';

export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** What is known of services, and of what stands behind them. */
export interface ServiceNetwork {
  readonly mirror: AdmissionWorld['mirror'];
  readonly random: Random;
  /** Pods have addresses that lead nowhere. */
  readonly simulatesPods: boolean;
}

/** A pod of a simulated node has an address, and nobody listens at it. */
interface Endpoint extends Address {
  readonly simulated: boolean;
}

/** One of the ready addresses, by chance. @throws Unreachable in upstream's words */
export async function serviceAddress(network: ServiceNetwork, reference: ServiceReference): Promise<Address> {
  const { namespace, name, port } = reference;
  const service = (await network.mirror(Service)).get(name, namespace);
  if (!service) throw new Unreachable(`service ${JSON.stringify(name)} not found`);
  // Where a service is only a name for somebody else, the port is theirs.
  if (service.spec.type === 'ExternalName') return { host: service.spec.externalName ?? '', port };
  const portName = service.spec.ports?.find((each) => each.port === port)?.name;
  if (!service.spec.ports?.some((each) => each.port === port))
    throw new Unreachable(`no service port ${port} found for service ${JSON.stringify(name)}`);
  const endpoints = await endpointsOf(network, reference, portName ?? '');
  const chosen = endpoints.length > 0 ? network.random.pick(endpoints) : undefined;
  if (!chosen) throw new Unreachable(`no endpoints available for service ${JSON.stringify(name)}`);
  if (chosen.simulated) throw new Unreachable(`dial tcp ${addressText(chosen)}: connect: connection refused`);
  return chosen;
}

async function endpointsOf(
  network: ServiceNetwork,
  { namespace, name }: ServiceReference,
  portName: string,
): Promise<readonly Endpoint[]> {
  const slices = await slicesOf(network, namespace, name);
  if (slices.length > 0) return slices.flatMap((slice) => readyIn(network, slice, portName));
  // Where no controller makes slices of them, endpoints count as they are.
  const plain = (await network.mirror(Endpoints)).get(name, namespace);
  return (plain?.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports
      .filter((each) => (each.name ?? '') === portName)
      .flatMap(({ port }) =>
        addresses.map(({ ip, targetRef }) => ({ host: ip, port, simulated: isSimulated(network, targetRef) })),
      ),
  );
}

/** The slices of a service. */
export async function slicesOf(
  { mirror }: Pick<ServiceNetwork, 'mirror'>,
  namespace: string,
  name: string,
): Promise<readonly EndpointSlice[]> {
  const all = (await mirror(EndpointSlice)).list(namespace);
  return all.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name);
}

const readyIn = (network: ServiceNetwork, slice: EndpointSlice, portName: string): readonly Endpoint[] =>
  (slice.ports ?? []).flatMap(({ name, port }) =>
    (name ?? '') !== portName || port === undefined
      ? []
      : (slice.endpoints ?? [])
          .filter(({ conditions }) => conditions?.ready !== false)
          .flatMap(({ addresses, targetRef }) =>
            addresses.map((host) => ({ host, port, simulated: isSimulated(network, targetRef) })),
          ),
  );

const isSimulated = (network: ServiceNetwork, target: { readonly kind?: string } | undefined): boolean =>
  network.simulatesPods && target?.kind === 'Pod';
