// The one layout of Endpoints' subsets: every address once, with all the ports it has together with the same others.

import { canonicalJson } from '../../base/equal.ts';
import type { EndpointAddress, EndpointPort, EndpointSubset } from '../../kinds/generated/types/core-v1.ts';
import { inHashOrder } from './hash-order.ts';

/** Addresses are the same when address and pod are. */
const identityOf = ({ ip, targetRef }: EndpointAddress): string => `${ip} ${targetRef?.uid ?? ''}`;

interface Served {
  readonly port: EndpointPort | undefined;
  /** Whether each address is ready on it. */
  readonly addresses: Map<string, boolean>;
}

export function repacked(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  const known = new Map<string, EndpointAddress>();
  const byPort = new Map<string, Served>();
  for (const subset of subsets)
    for (const port of subset.ports?.length ? subset.ports : [undefined]) {
      const key = port ? canonicalJson(port) : '';
      const served = byPort.get(key) ?? { port, addresses: new Map<string, boolean>() };
      byPort.set(key, served);
      serve(served, subset.addresses, true, known);
      serve(served, subset.notReadyAddresses, false, known);
    }
  const groups = Map.groupBy(byPort.values(), ({ addresses }) => [...addresses].map(String).sort().join());
  const all = [...groups.values()].map((group) => subsetOf(group, known));
  return inHashOrder('io.k8s.api.core.v1.EndpointSubset', all);
}

/** Not ready counts more than ready. */
function serve(
  { addresses }: Served,
  added: readonly EndpointAddress[] | undefined,
  ready: boolean,
  known: Map<string, EndpointAddress>,
): void {
  for (const address of added ?? []) {
    const identity = identityOf(address);
    if (!known.has(identity)) known.set(identity, address);
    addresses.set(identity, (addresses.get(identity) ?? true) && ready);
  }
}

const byAddress = (a: EndpointAddress, b: EndpointAddress): number =>
  identityOf(a) < identityOf(b) ? -1 : identityOf(a) > identityOf(b) ? 1 : 0;

function subsetOf(group: readonly Served[], known: ReadonlyMap<string, EndpointAddress>): EndpointSubset {
  const of = (ready: boolean) =>
    [...(group[0]?.addresses ?? [])]
      .filter(([, is]) => is === ready)
      .flatMap(([identity]) => known.get(identity) ?? [])
      .sort(byAddress);
  const ports = group.flatMap(({ port }) => port ?? []);
  return printed(of(true), of(false), inHashOrder('io.k8s.api.core.v1.EndpointPort', ports));
}

/** Empty lists are left out. */
export const printed = (
  addresses: readonly EndpointAddress[],
  notReadyAddresses: readonly EndpointAddress[],
  ports: readonly EndpointPort[],
): EndpointSubset => ({
  ...(addresses.length > 0 && { addresses: [...addresses] }),
  ...(notReadyAddresses.length > 0 && { notReadyAddresses: [...notReadyAddresses] }),
  ...(ports.length > 0 && { ports: [...ports] }),
});
