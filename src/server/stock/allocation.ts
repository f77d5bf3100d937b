// Cluster addresses and node ports of Services. What is taken is read off the Services there are, and the writes under way.

import { cidrContains, type Cidr, formatIp, parseCidr, parseIp } from '../../base/ip.ts';
import { invalid, invalidObject, type Issue } from '../../api/issues.ts';
import { internalError } from '../../api/status.ts';
import { Service } from '../../kinds/core/service.ts';
import type { Draft } from '../draft.ts';
import type { Server } from '../server.ts';
import type { Taken, WriteHook } from './hook.ts';

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
        takeAddress(server, service, { range, ranges, taken: addresses, others, own });
        takePorts(server, service, before, { ranges, taken: ports, others, own });
      } catch (error) {
        taken.settle();
        throw error;
      }
      return taken;
    },
  };
}

interface Own {
  readonly addresses: string[];
  readonly ports: number[];
}

const refused = (service: Service, issue: Issue) => invalidObject('Service', '', service.metadata.name ?? '', [issue]);

const hasAddress = ({ spec }: Service): boolean => spec.type !== 'ExternalName' && spec.clusterIP !== 'None';

/** Families and policy as a cluster of one family completes them. */
function completeFamilies(service: ServiceDraft): void {
  const { spec } = service;
  if (spec.type === 'ExternalName') {
    for (const field of ['ipFamilies', 'ipFamilyPolicy', 'clusterIPs'] as const) delete spec[field];
    delete spec.clusterIP;
    return;
  }
  if (spec.clusterIP !== undefined && spec.clusterIP !== '' && !spec.clusterIPs?.length)
    spec.clusterIPs = [spec.clusterIP];
  const headlessWithoutSelector = spec.clusterIP === 'None' && !Object.keys(spec.selector ?? {}).length;
  if (headlessWithoutSelector) {
    spec.ipFamilyPolicy ??= 'RequireDualStack';
    const first = spec.ipFamilies?.[0] ?? 'IPv4';
    if (spec.ipFamilyPolicy === 'SingleStack') spec.ipFamilies ??= ['IPv4'];
    else
      spec.ipFamilies =
        spec.ipFamilies && spec.ipFamilies.length > 1 ? spec.ipFamilies : [first, first === 'IPv4' ? 'IPv6' : 'IPv4'];
    return;
  }
  spec.ipFamilyPolicy ??= 'SingleStack';
  const foreign = (spec.ipFamilies ?? []).indexOf('IPv6');
  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    throw refused(
      service,
      invalid('spec.ipFamilyPolicy', 'RequireDualStack', 'this cluster is not configured for dual-stack services'),
    );
  }
  if (foreign >= 0 && (spec.ipFamilyPolicy !== 'SingleStack' || spec.ipFamilies?.length === 1)) {
    throw refused(service, invalid(`spec.ipFamilies[${foreign}]`, 'IPv6', 'not configured on this cluster'));
  }
  spec.ipFamilies ??= ['IPv4'];
}

interface AddressStock {
  readonly range: Cidr;
  readonly ranges: ServiceRanges;
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
