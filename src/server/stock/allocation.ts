// Cluster addresses and node ports of Services. What is taken is read off the objects there are, and the writes under way.

import { deepEqual } from '../../base/equal.ts';
import { formatIp, parseCidr, parseIp } from '../../base/ip.ts';
import { invalidObject } from '../../api/issues.ts';
import type { Kind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { Service } from '../../kinds/core/service.ts';
import { serviceAddressIssues } from '../../kinds/core/service/validate.ts';
import { IPAddress } from '../../kinds/networking/ip-address.ts';
import { ServiceCIDR } from '../../kinds/networking/service-cidr.ts';
import type { Server } from '../server.ts';
import { type AddressStock, rangesOf, takeAddresses } from './addresses.ts';
import { completeFamilies, type Family, hasCluster, isWithoutAddress, type ServiceDraft } from './families.ts';
import type { Taken, WriteHook } from './hook.ts';
import { followAddresses } from './ip-addresses.ts';
import { keepNodePorts, type PortRange, portsOf, takeNodePorts } from './node-ports.ts';

export interface ServiceRanges extends PortRange {
  /** One range (`10.96.0.0/16`), or one for each family, the default one first. */
  readonly addresses: readonly string[];
}

export function serviceAllocation(ranges: ServiceRanges): WriteHook {
  const own = ranges.addresses.flatMap((text) => parseCidr(text) ?? []);
  const configured = own.map(({ ip }): Family => (ip.family === 6 ? 'IPv6' : 'IPv4'));
  const addresses = new Set<string>();
  const ports = new Set<number>();

  /** A server that has no ServiceCIDR yet gives from its own ranges. */
  async function addressStock(server: Server, mine: Set<string>): Promise<AddressStock> {
    const [cidrs, held] = await Promise.all([objectsOf(server, ServiceCIDR), mirrorOf(server, IPAddress)]);
    return {
      random: server.random,
      ranges: cidrs.length > 0 ? rangesOf(cidrs as readonly ServiceCIDR[]) : own,
      isUsed: (address) => addresses.has(address) || held?.get(address, '') !== undefined,
      keep: (address) => both(addresses, mine, canonical(address)),
    };
  }

  async function otherPorts(server: Server, before: Service | undefined): Promise<ReadonlySet<number>> {
    const services = (await objectsOf(server, Service)) as readonly Service[];
    return new Set(services.filter(({ metadata }) => metadata.uid !== before?.metadata.uid).flatMap(portsOf));
  }

  return {
    async take(server, draft, previous) {
      const service = draft as ServiceDraft;
      const before = previous as Service | undefined;
      if (before) keepAllocated(service, before);
      completeAddresses(service, before);
      completeFamilies(service, before, configured);
      const mine = { addresses: new Set<string>(), ports: new Set<number>() };
      const [stock, others] = await Promise.all([addressStock(server, mine.addresses), otherPorts(server, before)]);
      const taken: Taken = {
        settle() {
          for (const address of mine.addresses) addresses.delete(address);
          for (const port of mine.ports) ports.delete(port);
        },
      };
      try {
        const first = firstToTake(service, before);
        if (first !== undefined) takeAddresses(service, first, stock);
        takeNodePorts(service, before, {
          random: server.random,
          range: ranges,
          isUsed: (port) => others.has(port) || ports.has(port),
          keep: (port) => both(ports, mine.ports, port),
        });
      } catch (error) {
        taken.settle();
        throw error;
      }
      return taken;
    },
    written: followAddresses,
  };
}

function both<T>(all: Set<T>, mine: Set<T>, item: T): void {
  if (all.has(item)) return;
  all.add(item);
  mine.add(item);
}

const canonical = (address: string): string => {
  const ip = parseIp(address);
  return ip ? formatIp(ip) : address;
};

/** Undefined where the kind is not served. */
async function mirrorOf(server: Server, kind: { group: string; version: string; plural: string }) {
  const served = server.catalog.find(kind.group, kind.version, kind.plural);
  return served && (await server.caches.of(served.kind)).mirror;
}

const objectsOf = async (
  server: Server,
  kind: Pick<Kind, 'group' | 'version' | 'plural'>,
): Promise<readonly KubeObject[]> => (await mirrorOf(server, kind))?.list() ?? [];

/** Which of its families is the first to get an address now: all of a new one's, the second of one that was of a single family. */
function firstToTake(service: ServiceDraft, before: Service | undefined): number | undefined {
  if (!hasCluster(service) || isWithoutAddress(service)) return undefined;
  if (!before || !hasCluster(before)) return 0;
  if (isWithoutAddress(before)) return undefined;
  return before.spec.ipFamilies?.length === 1 && service.spec.ipFamilies?.length === 2 ? 1 : undefined;
}

/** What an update leaves out, and had been given before, it keeps. */
function keepAllocated(service: ServiceDraft, before: Service): void {
  const { spec } = service;
  const old = before.spec;
  if (hasCluster(service) && hasCluster(before)) {
    if (!spec.clusterIP && old.clusterIP) spec.clusterIP = old.clusterIP;
    if (!spec.clusterIPs?.length && spec.clusterIP === old.clusterIP && old.clusterIPs)
      spec.clusterIPs = [...old.clusterIPs];
  }
  keepNodePorts(service, before);
}

/** The one address and the list of them say the same, or the client is told that they do not. */
function completeAddresses(service: ServiceDraft, before: Service | undefined): void {
  const { spec } = service;
  const old = before?.spec;
  const changed = old !== undefined && spec.clusterIP !== old.clusterIP;
  const listKept = old !== undefined && deepEqual(spec.clusterIPs ?? [], old.clusterIPs ?? []);
  if (spec.clusterIP && (!spec.clusterIPs?.length || (changed && listKept))) spec.clusterIPs = [spec.clusterIP];
  const issues = serviceAddressIssues(spec);
  if (issues.length > 0) throw invalidObject('Service', '', service.metadata.name ?? '', issues);
}
