// Load balancers where nodes are simulated: an address out of a pool for each family of the Service. No traffic passes through.

import { cidrSize, formatIp, type Ip, parseCidr, parseIp } from '../../base/ip.ts';
import { ParseError } from '../../base/parse-error.ts';
import type { Service } from '../../kinds/core/service.ts';
import type { LoadBalancerIngress } from '../../kinds/generated/types/core-v1.ts';
import { LoadBalancerFault, type LoadBalancerProvider, type Surroundings } from './provider.ts';

/** Both ends included. */
interface Span {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

export interface Pool {
  readonly text: string;
  readonly spans: readonly Span[];
}

export const defaultPool = '172.18.255.200-172.18.255.250';

/**
 * `10.0.0.10-10.0.0.99`, `10.0.1.0/28`, or several with commas between.
 * @throws ParseError saying which part is none, and how to write it
 */
export const parsePool = (text: string): Pool => ({ text, spans: text.split(',').map((part) => spanOf(part.trim())) });

function spanOf(part: string): Span {
  const cidr = parseCidr(part);
  if (cidr) return { family: cidr.ip.family, first: cidr.network, last: cidr.network + cidrSize(cidr) - 1n };
  const [from, to, ...rest] = part.split('-').map(parseIp);
  if (!from || !to || rest.length > 0 || from.family !== to.family || from.value > to.value)
    throw new ParseError(`${JSON.stringify(part)} is no range of addresses: write 10.0.0.10-10.0.0.99 or 10.0.1.0/28`);
  return { family: from.family, first: from.value, last: to.value };
}

const isIn = ({ spans }: Pool, ip: Ip): boolean =>
  spans.some(({ family, first, last }) => family === ip.family && first <= ip.value && ip.value <= last);

const givenTo = ({ status }: Service): string[] => (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);

export function addressPool(pool: Pool): LoadBalancerProvider {
  return {
    exists: async (service) => givenTo(service).length > 0,
    async ensure(service, around) {
      const holders = holdersOf(service, around);
      const families = (service.spec.ipFamilies ?? ['IPv4']).filter((family) => spansFor(pool, family).length > 0);
      if (families.length === 0)
        throw new LoadBalancerFault(
          `the load balancer pool ${pool.text} has no addresses of family ${(service.spec.ipFamilies ?? ['IPv4']).join(', ')}`,
        );
      return { ingress: families.map((family) => ingress(addressFor(service, family, pool, holders))) };
    },
    update: async () => {},
    // An address is free as soon as the Service's status does not show it any more.
    ensureDeleted: async () => {},
  };
}

const ingress = (ip: string): LoadBalancerIngress => ({ ip, ipMode: 'VIP' });

const spansFor = ({ spans }: Pool, family: string): readonly Span[] =>
  spans.filter((span) => span.family === (family === 'IPv6' ? 6 : 4));

/** Who else has which address. */
function holdersOf(service: Service, { services }: Surroundings): ReadonlyMap<string, string> {
  const others = services.filter(({ metadata }) => metadata.uid !== service.metadata.uid);
  return new Map(
    others.flatMap((other) =>
      givenTo(other).map((ip) => [ip, `${other.metadata.namespace}/${other.metadata.name}`] as const),
    ),
  );
}

/** The one wished for, the one it has, or the lowest that is free. */
function addressFor(service: Service, family: string, pool: Pool, holders: ReadonlyMap<string, string>): string {
  const isOfFamily = (text: string): boolean => parseIp(text)?.family === (family === 'IPv6' ? 6 : 4);
  const wish = service.spec.loadBalancerIP ?? '';
  if (isOfFamily(wish)) return wished(wish, pool, holders);
  const before = givenTo(service).find((each) => isOfFamily(each) && !holders.has(each));
  const ip = before === undefined ? undefined : parseIp(before);
  if (before !== undefined && ip && isIn(pool, ip)) return before;
  for (const span of spansFor(pool, family))
    for (let value = span.first; value <= span.last; value++) {
      const address = formatIp({ family: span.family, value });
      if (!holders.has(address)) return address;
    }
  throw new LoadBalancerFault(
    `every address of the load balancer pool ${pool.text} is in use: delete a Service of type LoadBalancer, or start the cluster with a larger --load-balancer-pool`,
  );
}

function wished(wish: string, pool: Pool, holders: ReadonlyMap<string, string>): string {
  const ip = parseIp(wish);
  if (!ip || !isIn(pool, ip))
    throw new LoadBalancerFault(`loadBalancerIP ${wish} is not in the load balancer pool ${pool.text}`);
  const holder = holders.get(formatIp(ip));
  if (holder !== undefined) throw new LoadBalancerFault(`loadBalancerIP ${wish} is in use by Service ${holder}`);
  return formatIp(ip);
}
