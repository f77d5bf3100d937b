// Node ports of Services: as wished for, as they were before, or drawn from the range.

import type { Random } from '../../base/random.ts';
import { invalid, invalidObject } from '../../api/issues.ts';
import { internalError } from '../../api/status.ts';
import type { Service } from '../../kinds/core/service.ts';
import { needsHealthCheck } from '../../kinds/core/service/rules.ts';
import { type BandRule, drawOffset, reservedOf } from './bands.ts';
import type { ServiceDraft } from './families.ts';

/** Both ends included. */
export interface PortRange {
  readonly firstPort: number;
  readonly lastPort: number;
}

const bandRule: BandRule = { least: 16, most: 128, share: 32 };

type Port = NonNullable<Service['spec']['ports']>[number];

export const needsNodePorts = ({ spec }: Service): boolean =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);

const mayHaveNodePorts = ({ spec }: Service): boolean => spec.type === 'NodePort' || spec.type === 'LoadBalancer';

/** What an update leaves out, and had been given before, it keeps: ports of the same name. */
export function keepNodePorts(service: ServiceDraft, before: Service): void {
  const { spec } = service;
  if (needsNodePorts(service) && needsNodePorts(before)) {
    const byName = new Map((before.spec.ports ?? []).map(({ name = '', nodePort }) => [name, nodePort]));
    const used = new Set((spec.ports ?? []).map(({ nodePort }) => nodePort));
    for (const port of spec.ports ?? []) {
      const old = byName.get(port.name ?? '');
      if (port.nodePort || !old || used.has(old)) continue;
      port.nodePort = old;
      used.add(old);
    }
  }
  const { healthCheckNodePort } = before.spec;
  if (needsHealthCheck(spec) && needsHealthCheck(before.spec) && !spec.healthCheckNodePort && healthCheckNodePort)
    spec.healthCheckNodePort = healthCheckNodePort;
}

export interface PortStock {
  readonly random: Random;
  readonly range: PortRange;
  /** Of other Services, and of writes under way. */
  isUsed(port: number): boolean;
  keep(port: number): void;
}

export const portsOf = ({ spec }: Service): number[] => [
  ...(spec.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : [])),
  ...(spec.healthCheckNodePort ? [spec.healthCheckNodePort] : []),
];

/** @throws ApiError where a wish cannot be fulfilled, or there is none left */
export function takeNodePorts(service: ServiceDraft, before: Service | undefined, stock: PortStock): void {
  const { spec } = service;
  const kept = new Set(before ? portsOf(before) : []);
  const given: { port: Port; number: number }[] = [];
  const isUsed = (number: number) =>
    stock.isUsed(number) || kept.has(number) || given.some((each) => each.number === number);
  const draw = (fault: string) => drawPort(stock, isUsed, fault);

  (spec.ports ?? []).forEach((port, at) => {
    if (!mayHaveNodePorts(service) || !port.nodePort) return;
    requirePort(service, { port, at, number: port.nodePort }, stock, { kept, given });
    given.push({ port, number: port.nodePort });
    if (!kept.has(port.nodePort)) stock.keep(port.nodePort);
  });
  if (needsNodePorts(service))
    for (const port of spec.ports ?? []) {
      if (port.nodePort) continue;
      // A new Service that speaks two protocols at one port has one node port for both.
      const twin = before ? undefined : given.find((each) => each.port.port === port.port)?.number;
      const number = twin ?? draw('failed to allocate a nodePort');
      port.nodePort = number;
      given.push({ port, number });
      stock.keep(number);
    }
  if (needsHealthCheck(spec)) takeHealthPort();

  function takeHealthPort(): void {
    const wish = spec.healthCheckNodePort;
    if (!wish) {
      spec.healthCheckNodePort = draw('failed to allocate a HealthCheck NodePort 0');
      stock.keep(spec.healthCheckNodePort);
      return;
    }
    if (kept.has(wish)) return;
    const why = outside(wish, stock.range) ?? (isUsed(wish) ? taken : undefined);
    if (why !== undefined) throw internalError(`failed to allocate requested HealthCheck NodePort ${wish}: ${why}`);
    stock.keep(wish);
  }
}

const taken = 'provided port is already allocated';

const outside = (port: number, { firstPort, lastPort }: PortRange): string | undefined =>
  port < firstPort || port > lastPort
    ? `provided port is not in the valid range. The range of valid ports is ${firstPort}-${lastPort}`
    : undefined;

interface Given {
  readonly kept: ReadonlySet<number>;
  readonly given: readonly { readonly port: Port; readonly number: number }[];
}

/** One number may serve two protocols of one Service, and no two ports of one. */
function requirePort(
  service: Service,
  { port, at, number }: { readonly port: Port; readonly at: number; readonly number: number },
  { range, isUsed }: PortStock,
  { kept, given }: Given,
): void {
  const siblings = given.filter((each) => each.number === number);
  const isTaken =
    siblings.length > 0
      ? siblings.some((each) => each.port.protocol === port.protocol)
      : isUsed(number) && !kept.has(number);
  const why = outside(number, range) ?? (isTaken ? taken : undefined);
  if (why === undefined) return;
  const issue = invalid(`spec.ports[${at}].nodePort`, number, why);
  throw invalidObject('Service', '', service.metadata.name ?? '', [issue]);
}

function drawPort({ random, range }: PortStock, isUsed: (port: number) => boolean, fault: string): number {
  const size = range.lastPort - range.firstPort + 1;
  const bands = { size, reserved: reservedOf(size, bandRule) };
  const offset = drawOffset(random, bands, (each) => isUsed(range.firstPort + each));
  if (offset === undefined) throw internalError(`${fault}: range is full`);
  return range.firstPort + offset;
}
