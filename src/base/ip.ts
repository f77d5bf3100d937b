// IP addresses and ranges: reading them as Kubernetes does (leading zeros tolerated), writing them in canonical form, and membership.

export interface Ip {
  readonly family: 4 | 6;
  readonly value: bigint;
  /** It was written like 192.0.2.01. */
  readonly leadingZeros: boolean;
}

export interface Cidr {
  /** The address as written, bits beyond the prefix included. */
  readonly ip: Ip;
  readonly length: number;
  /** The first address of the range. */
  readonly network: bigint;
}

/** Undefined when the text is no address. IPv4 in IPv6 (`::ffff:1.2.3.4`) is IPv4, as in Go. */
export function parseIp(text: string): Ip | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Ip | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^\d+$/.test(octet) && Number(octet) < 256)) return undefined;
  const value = octets.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
  return { family: 4, value, leadingZeros: octets.some((octet) => octet.length > 1 && octet.startsWith('0')) };
}

function parseIpv6(text: string): Ip | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = dotted ? parseIpv4(dotted[2] ?? '') : undefined;
  if (dotted && !tail) return undefined;
  const hex = tail ? `${dotted?.[1]}${(tail.value >> 16n).toString(16)}:${(tail.value & 0xffffn).toString(16)}` : text;
  const value = valueOfGroups(hex);
  if (value === undefined) return undefined;
  const leadingZeros = tail?.leadingZeros ?? false;
  return value >> 32n === 0xffffn
    ? { family: 4, value: value & 0xffff_ffffn, leadingZeros }
    : { family: 6, value, leadingZeros };
}

function valueOfGroups(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - (head?.length ?? 0) - (tail?.length ?? 0);
  if (tail ? missing < 1 : missing !== 0) return undefined;
  const groups = [...(head ?? []), ...Array<string>(missing).fill('0'), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

/** Whether an address (or range) is written as IPv4 inside IPv6. */
export const isMappedIp = (text: string): boolean =>
  text.includes(':') && parseIp(text.split('/')[0] ?? '')?.family === 4;

/** RFC 5952: lower case, the longest run of zeros shortened. */
export function formatIp({ family, value }: Pick<Ip, 'family' | 'value'>): string {
  const width = family === 4 ? 8n : 16n;
  const count = family === 4 ? 4 : 8;
  const groups = Array.from(
    { length: count },
    (_, i) => (value >> (width * BigInt(count - 1 - i))) & ((1n << width) - 1n),
  );
  return family === 4 ? groups.join('.') : shortened(groups.map((group) => group.toString(16)));
}

function shortened(groups: readonly string[]): string {
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}

export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  const ip = slash < 0 ? undefined : parseIp(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (!ip || !/^\d+$/.test(digits)) return undefined;
  const mapped = isMappedIp(text);
  const length = Number(digits) - (mapped ? 96 : 0);
  if (length < 0 || length > bits(ip.family)) return undefined;
  const host = BigInt(bits(ip.family) - length);
  return { ip, length, network: (ip.value >> host) << host };
}

const bits = (family: 4 | 6): number => (family === 4 ? 32 : 128);

/** How many addresses a range holds. */
export const cidrSize = (cidr: Cidr): bigint => 1n << BigInt(bits(cidr.ip.family) - cidr.length);

export function cidrContains(cidr: Cidr, ip: Ip): boolean {
  const host = BigInt(bits(cidr.ip.family) - cidr.length);
  return cidr.ip.family === ip.family && ip.value >> host === cidr.network >> host;
}

/** As above, without the addresses that are nobody's: the first of a network, and of IPv4 the last. */
export function cidrGives(cidr: Cidr, ip: Ip): boolean {
  if (!cidrContains(cidr, ip) || ip.value === cidr.network) return false;
  return ip.family === 6 || ip.value !== cidr.network + cidrSize(cidr) - 1n;
}

/** The first address that is given out. */
export const firstOf = ({ ip, network }: Cidr): string => formatIp({ family: ip.family, value: network + 1n });

/** Whether all of a range is in another. */
export const cidrCovers = (cidr: Cidr, other: Cidr): boolean =>
  cidr.length <= other.length && cidrContains(cidr, { ...other.ip, value: other.network });

/** `10.0.0.0/8` for any address within it. */
export const formatCidr = (cidr: Cidr): string =>
  `${formatIp({ family: cidr.ip.family, value: cidr.network })}/${cidr.length}`;
