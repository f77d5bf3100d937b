// Cluster addresses of Services: out of the ranges that the ServiceCIDRs say, one for each family.

import { type Cidr, cidrGives, cidrSize, formatIp, parseCidr, parseIp } from '../../base/ip.ts';
import type { Random } from '../../base/random.ts';
import { invalid, invalidObject } from '../../api/issues.ts';
import { internalError } from '../../api/status.ts';
import type { ServiceCIDR } from '../../kinds/networking/service-cidr.ts';
import { type BandRule, drawOffset, reservedOf } from './bands.ts';
import type { Family, ServiceDraft } from './families.ts';

const bandRule: BandRule = { least: 16, most: 256, share: 16 };
/** Of a range of IPv6 no more than this is drawn from. */
const mostDrawn = 2 ** 32;

export interface AddressStock {
  readonly random: Random;
  readonly ranges: readonly Cidr[];
  isUsed(address: string): boolean;
  keep(address: string): void;
}

/** The ranges of ServiceCIDRs that are ready and stay, in the order of their names. */
export const rangesOf = (cidrs: readonly ServiceCIDR[]): Cidr[] =>
  cidrs
    .filter(({ metadata, status }) => {
      const ready = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
      return ready && metadata.deletionTimestamp === undefined;
    })
    .flatMap(({ spec }) => spec?.cidrs ?? [])
    .flatMap((text) => parseCidr(text) ?? []);

const familyNumber = (family: string): 4 | 6 => (family === 'IPv6' ? 6 : 4);

/**
 * Gives the Service an address of each of its families from the `first` one on.
 * @throws ApiError where a wish cannot be fulfilled, or there is none left
 */
export function takeAddresses(service: ServiceDraft, first: number, stock: AddressStock): void {
  const { spec } = service;
  const families = (spec.ipFamilies ?? []) as Family[];
  const addresses = [...(spec.clusterIPs ?? [])];
  families.forEach((family, i) => {
    if (i < first) return;
    const wish = addresses[i];
    const address = wish ? wished(service, wish, stock) : drawn(service, family, stock);
    stock.keep(address);
    addresses[i] = address;
  });
  spec.clusterIPs = addresses;
  spec.clusterIP = addresses[0] ?? '';
}

function wished(service: ServiceDraft, address: string, { ranges, isUsed }: AddressStock): string {
  const ip = parseIp(address);
  if (!ip) throw internalError(`failed to parse service IP ${JSON.stringify(address)}`);
  const why = !ranges.some((range) => cidrGives(range, ip))
    ? 'the provided network does not match the current range'
    : isUsed(formatIp(ip))
      ? 'provided IP is already allocated'
      : undefined;
  if (why === undefined) return address;
  const { clusterIPs } = service.spec;
  const issue = invalid('spec.clusterIPs', clusterIPs ?? [address], `failed to allocate IP ${address}: ${why}`);
  throw invalidObject('Service', '', service.metadata.name ?? '', [issue]);
}

function drawn(service: ServiceDraft, family: Family, { random, ranges, isUsed }: AddressStock): string {
  for (const range of ranges.filter(({ ip }) => ip.family === familyNumber(family))) {
    const size = Number(cidrSize(range));
    const at = (offset: number) => formatIp({ family: range.ip.family, value: range.network + 1n + BigInt(offset) });
    // Offset 0 is the address after the network's own; of IPv4 the last one is left out as well.
    const bands = {
      size: Math.min(mostDrawn, size - (range.ip.family === 4 ? 2 : 1)),
      reserved: reservedOf(size, bandRule),
    };
    const offset = drawOffset(random, bands, (each) => isUsed(at(each)));
    if (offset !== undefined) return at(offset);
  }
  const name = JSON.stringify(service.metadata.name ?? '');
  throw internalError(`failed to allocate a serviceIP for Service ${name}: range is full`);
}
