// Cluster addresses and node ports of Services. What is taken is read off the Services there are, and the writes under way.

import { deepEqual } from '../../base/equal.ts';
import { cidrContains, type Cidr, formatIp, parseCidr, parseIp } from '../../base/ip.ts';
import { invalid, invalidObject, type Issue } from '../../api/issues.ts';
import { internalError } from '../../api/status.ts';
import { Service } from '../../kinds/core/service.ts';
import { serviceAddressIssues } from '../../kinds/core/service/validate.ts';
import type { Draft } from '../draft.ts';
import type { Server } from '../server.ts';
import type { Taken, WriteHook } from './hook.ts';
import { followAddresses } from './ip-addresses.ts';

export interface ServiceRanges {
  /** `10.96.0.0/16`. */
  readonly addresses: string;
  /** Both ends included. */
  readonly firstPort: number;
  readonly lastPort: number;
}

export const defaultRanges: ServiceRanges = { addresses: '10.96.0.0/16', firstPort: 30_000, lastPort: 32_767 };

/** Addresses given out by chance come from above this many, so that wishes for low ones seldom meet them (upstream keeps a band). */
const lowBand = 256;
const mostDraws = 200;

type ServiceDraft = Draft & Service;
type Port = NonNullable<Service['spec']['ports']>[number];

export function serviceAllocation(ranges: ServiceRanges = defaultRanges): WriteHook {
  const range = parseCidr(ranges.addresses) as Cidr;
  const addresses = new Set<string>();
  const ports = new Set<number>();
  return {
    async take(server, draft, previous) {
      const service = draft as ServiceDraft;
      const before = previous as Service | undefined;
      if (before) keepAllocated(service, before);
      completeAddresses(service, before);
      completeFamilies(service);
      const others = ((await server.caches.of(Service as never)).mirror.list() as readonly Service[]).filter(
        ({ metadata }) => metadata.uid !== before?.metadata.uid,
      );
      const own: Own = { addresses: [], ports: [] };
      const taken: Taken = {
        settle() {
          for (const address of own.addresses) addresses.delete(address);
          for (const port of own.ports) ports.delete(port);
        },
      };
      try {
        if (!before || !hasCluster(before)) takeAddress(server, service, { range, taken: addresses, others, own });
        takePorts(server, service, before, { ranges, taken: ports, others, own });
      } catch (error) {
        taken.settle();
        throw error;
      }
      return taken;
    },
    written: followAddresses,
  };
}

interface Own {
  readonly addresses: string[];
  readonly ports: number[];
}

const refused = (service: Service, issue: Issue) => invalidObject('Service', '', service.metadata.name ?? '', [issue]);

const hasCluster = ({ spec }: Service): boolean => spec.type !== 'ExternalName';

const hasAddress = ({ spec }: Service): boolean => spec.type !== 'ExternalName' && spec.clusterIP !== 'None';

const isHeadlessWithoutSelector = ({ spec }: Service): boolean =>
  spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;

/** What an update leaves out, and had been given before, it keeps: addresses, and the node ports of ports of the same name. */
function keepAllocated(service: ServiceDraft, before: Service): void {
  const { spec } = service;
  const old = before.spec;
  if (hasCluster(service) && hasCluster(before)) {
    if (!spec.clusterIP && old.clusterIP) spec.clusterIP = old.clusterIP;
    if (!spec.clusterIPs?.length && spec.clusterIP === old.clusterIP && old.clusterIPs)
      spec.clusterIPs = [...old.clusterIPs];
  }
  if (needsPorts(service) && needsPorts(before)) keepNodePorts(spec.ports ?? [], old.ports ?? []);
  if (needsHealthPort(service) && needsHealthPort(before) && !spec.healthCheckNodePort && old.healthCheckNodePort)
    spec.healthCheckNodePort = old.healthCheckNodePort;
}

function keepNodePorts(ports: readonly Port[], before: readonly Port[]): void {
  const byName = new Map(before.map(({ name = '', nodePort }) => [name, nodePort]));
  const used = new Set(ports.map(({ nodePort }) => nodePort));
  for (const port of ports) {
    const old = byName.get(port.name ?? '');
    if (!port.nodePort && old && !used.has(old)) port.nodePort = old;
  }
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

/** Families and policy as a cluster of one family completes them. */
function completeFamilies(service: ServiceDraft): void {
  const { spec } = service;
  if (!hasCluster(service)) return;
  if (isHeadlessWithoutSelector(service)) return completeHeadless(spec);
  spec.ipFamilyPolicy ??= 'SingleStack';
  if (spec.ipFamilyPolicy === 'SingleStack') requireOne(service);
  const foreign = (spec.ipFamilies ?? []).indexOf('IPv6');
  if (foreign >= 0)
    throw refused(service, invalid(`spec.ipFamilies[${foreign}]`, 'IPv6', 'not configured on this cluster'));
  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    const why = 'this cluster is not configured for dual-stack services';
    throw refused(service, invalid('spec.ipFamilyPolicy', 'RequireDualStack', why));
  }
  spec.ipFamilies ??= ['IPv4'];
}

function requireOne(service: ServiceDraft): void {
  const { clusterIPs = [], ipFamilies = [] } = service.spec;
  const many = clusterIPs.length > 1 ? 'cluster IPs' : ipFamilies.length > 1 ? 'IP families' : undefined;
  if (!many) return;
  const why = `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${many} are specified`;
  throw refused(service, invalid('spec.ipFamilyPolicy', 'SingleStack', why));
}

/** Without an address and without a selector, a service may be of families that the cluster does not have. */
function completeHeadless(spec: Service['spec']): void {
  spec.ipFamilyPolicy ??= 'RequireDualStack';
  const [first = 'IPv4', second] = spec.ipFamilies ?? [];
  if (spec.ipFamilyPolicy === 'SingleStack') spec.ipFamilies ??= ['IPv4'];
  else if (second === undefined) spec.ipFamilies = [first, first === 'IPv4' ? 'IPv6' : 'IPv4'];
}

interface AddressStock {
  readonly range: Cidr;
  readonly taken: Set<string>;
  readonly others: readonly Service[];
  readonly own: Own;
}

function takeAddress(server: Server, service: ServiceDraft, stock: AddressStock): void {
  if (!hasAddress(service)) return;
  const { spec } = service;
  const used = (address: string) =>
    stock.taken.has(address) || stock.others.some((other) => other.spec.clusterIPs?.includes(address));
  const wish = spec.clusterIP;
  if (wish) {
    const ip = parseIp(wish);
    if (!ip) return;
    const refuse = (why: string) =>
      refused(service, invalid('spec.clusterIPs', spec.clusterIPs ?? [wish], `failed to allocate IP ${wish}: ${why}`));
    if (!cidrContains(stock.range, ip)) throw refuse(`the provided network does not match the current range`);
    if (used(wish)) throw refuse('provided IP is already allocated');
    keep(wish);
    return;
  }
  const free = drawAddress(server, stock.range, used);
  if (!free) throw internalError('failed to allocate a serviceIP: range is full');
  keep(free);

  function keep(address: string): void {
    stock.taken.add(address);
    stock.own.addresses.push(address);
    spec.clusterIP = address;
    spec.clusterIPs = [address];
  }
}

function drawAddress(server: Server, range: Cidr, used: (address: string) => boolean): string | undefined {
  const size = Number(1n << BigInt(32 - range.length));
  const at = (offset: number) => formatIp({ family: range.ip.family, value: range.ip.value + BigInt(offset) });
  const low = Math.min(lowBand, Math.floor(size / 4));
  for (let draw = 0; draw < mostDraws; draw++) {
    const address = at(low + server.random.below(size - low - 1));
    if (!used(address)) return address;
  }
  for (let offset = 1; offset < size - 1; offset++) if (!used(at(offset))) return at(offset);
  return undefined;
}

interface PortStock {
  readonly ranges: ServiceRanges;
  readonly taken: Set<number>;
  readonly others: readonly Service[];
  readonly own: Own;
}

const needsPorts = ({ spec }: Service): boolean =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);

function takePorts(server: Server, service: ServiceDraft, before: Service | undefined, stock: PortStock): void {
  const { spec } = service;
  const portsOf = (each: Service): number[] => [
    ...(each.spec.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : [])),
    ...(each.spec.healthCheckNodePort ? [each.spec.healthCheckNodePort] : []),
  ];
  const used = new Set([...stock.others.flatMap(portsOf), ...stock.taken]);
  const kept = new Set(before ? portsOf(before) : []);
  const keep = (port: number): void => {
    stock.taken.add(port);
    stock.own.ports.push(port);
    used.add(port);
  };
  const mayHave = needsPorts(service) || spec.type === 'LoadBalancer';
  const given: { port: Port; number: number }[] = [];
  (spec.ports ?? []).forEach((port, at) => {
    if (!mayHave || !port.nodePort) return;
    requirePort(service, port, at, stock.ranges, used, given);
    given.push({ port, number: port.nodePort });
    if (!kept.has(port.nodePort)) keep(port.nodePort);
  });
  if (needsPorts(service))
    for (const port of spec.ports ?? []) if (!port.nodePort) port.nodePort = twin(port, given) ?? draw(port);
  if (needsHealthPort(service)) takeHealthPort();

  function draw(port: Port): number {
    const number = drawPort(server, stock.ranges, used);
    given.push({ port, number });
    keep(number);
    return number;
  }

  function takeHealthPort(): void {
    const wish = spec.healthCheckNodePort;
    if (!wish) {
      spec.healthCheckNodePort = drawPort(server, stock.ranges, used);
      keep(spec.healthCheckNodePort);
      return;
    }
    if (wish < stock.ranges.firstPort || wish > stock.ranges.lastPort) {
      throw internalError(`failed to allocate requested HealthCheck NodePort ${wish}: ${outOfRange(stock.ranges)}`);
    }
    if (used.has(wish) && !kept.has(wish))
      throw internalError(
        `failed to allocate requested HealthCheck NodePort ${wish}: provided port is already allocated`,
      );
    if (!kept.has(wish)) keep(wish);
  }
}

const needsHealthPort = ({ spec }: Service): boolean =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';

const outOfRange = ({ firstPort, lastPort }: ServiceRanges): string =>
  `provided port is not in the valid range. The range of valid ports is ${firstPort}-${lastPort}`;

/** One number may serve two protocols of one service, and no two ports of one. */
function requirePort(
  service: Service,
  port: Port,
  at: number,
  ranges: ServiceRanges,
  used: ReadonlySet<number>,
  given: readonly { port: Port; number: number }[],
): void {
  const number = port.nodePort as number;
  const refuse = (why: string) => refused(service, invalid(`spec.ports[${at}].nodePort`, number, why));
  if (number < ranges.firstPort || number > ranges.lastPort) throw refuse(outOfRange(ranges));
  const siblings = given.filter((each) => each.number === number);
  if (siblings.some((each) => each.port.protocol === port.protocol)) throw refuse('provided port is already allocated');
  if (siblings.length === 0 && used.has(number)) throw refuse('provided port is already allocated');
}

/** The number already given to the same port of another protocol. */
const twin = (port: Port, given: readonly { port: Port; number: number }[]): number | undefined =>
  given.find((each) => each.port.port === port.port && each.port.protocol !== port.protocol)?.number;

function drawPort(server: Server, { firstPort, lastPort }: ServiceRanges, used: ReadonlySet<number>): number {
  const size = lastPort - firstPort + 1;
  const start = server.random.below(size);
  for (let step = 0; step < size; step++) {
    const port = firstPort + ((start + step) % size);
    if (!used.has(port)) return port;
  }
  throw internalError('failed to allocate a nodePort: range is full');
}
