// Addresses of machines and their ranges: `ip('10.0.0.1').family()`, `cidr('10.0.0.0/8').containsIP('10.1.2.3')`.

import { type Cidr, cidrContains, formatIp, type Ip, isMappedIp, parseCidr, parseIp } from '../../../base/ip.ts';
import { declare, type FunctionDeclaration, type Library, member, overload } from '../environment.ts';
import { boolType, intType, opaque, stringType } from '../types.ts';
import { CelError, Opaque, type Result, type Value } from '../values.ts';

export const ipType = opaque('net.IP');
export const cidrType = opaque('net.CIDR');

/** Stricter than what the API takes elsewhere: no zone, no leading zeros, no IPv4 within IPv6. */
function readIp(text: string): Ip | CelError {
  const ip = parseIp(text.replace(/%[^]+$/, ''));
  if (!ip || ip.leadingZeros) {
    const why = whyNoIp(text);
    return new CelError(`IP Address ${JSON.stringify(text)} parse error during conversion from string: ${why}`);
  }
  if (text.includes('%')) return new CelError(`IP address ${JSON.stringify(text)} with zone value is not allowed`);
  if (isMappedIp(text)) return new CelError(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  return ip;
}

function whyNoIp(text: string): string {
  const refuse = (why: string) => `ParseAddr(${JSON.stringify(text)}): ${why}`;
  if (text.includes(':')) return refuse('unable to parse IP');
  if (!text.includes('.')) return refuse('unable to parse IP');
  const odd = /[^0-9.]/.exec(text);
  if (odd) return refuse(`unexpected character (at ${JSON.stringify(text.slice(odd.index))})`);
  const fields = text.split('.');
  if (fields.some((field) => field.length > 1 && field.startsWith('0'))) {
    return refuse('IPv4 field has octet with leading zero');
  }
  if (fields.some((field) => Number(field) > 255)) return refuse('IPv4 field has value >255');
  if (fields.some((field) => field === '')) return refuse('IPv4 field must have at least one digit');
  return refuse(fields.length < 4 ? 'IPv4 address too short' : 'IPv4 address too long');
}

function readCidr(text: string): Cidr | CelError {
  const cidr = /\/(?:0|[1-9]\d*)$/.test(text) && !text.includes('%') ? parseCidr(text) : undefined;
  if (!cidr || cidr.ip.leadingZeros) {
    const why = `netip.ParsePrefix(${JSON.stringify(text)}): ${text.includes('/') ? 'bad address or prefix' : "no '/'"}`;
    return new CelError(`network address parse error during conversion from string: ${why}`);
  }
  return isMappedIp(text) ? new CelError(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`) : cidr;
}

const bytesOf = (ip: Ip): number => (ip.family === 4 ? 4 : 16);

const ipValue = (ip: Ip | CelError): Result =>
  ip instanceof CelError ? ip : new Opaque(ipType.name, ip, `${ip.family}/${ip.value}`, bytesOf(ip));

const cidrText = ({ ip, length }: Cidr): string => `${formatIp(ip)}/${length}`;

const cidrValue = (cidr: Cidr | CelError): Result =>
  cidr instanceof CelError ? cidr : new Opaque(cidrType.name, cidr, cidrText(cidr), Math.ceil(cidr.length / 8));

const ipOf = (value: Value | undefined): Ip => (value as Opaque<Ip>).data;
const cidrOf = (value: Value | undefined): Cidr => (value as Opaque<Cidr>).data;

/** Whether the address begins with these bits. */
const within = (ip: Ip, range: string): boolean => {
  const cidr = parseCidr(range);
  return cidr !== undefined && cidrContains(cidr, ip);
};

const isUnspecified = (ip: Ip): boolean => ip.value === 0n;
const isLoopback = (ip: Ip): boolean => (ip.family === 4 ? within(ip, '127.0.0.0/8') : ip.value === 1n);
const isMulticast = (ip: Ip): boolean => within(ip, ip.family === 4 ? '224.0.0.0/4' : 'ff00::/8');
const isLinkLocalUnicast = (ip: Ip): boolean => within(ip, ip.family === 4 ? '169.254.0.0/16' : 'fe80::/10');
const isLinkLocalMulticast = (ip: Ip): boolean =>
  ip.family === 4 ? within(ip, '224.0.0.0/24') : isMulticast(ip) && ((ip.value >> 112n) & 0xfn) === 2n;

function isGlobalUnicast(ip: Ip): boolean {
  const broadcast = ip.family === 4 && ip.value === 0xffff_ffffn;
  return !(broadcast || isUnspecified(ip) || isLoopback(ip) || isMulticast(ip) || isLinkLocalUnicast(ip));
}

const ipTest = (name: string, id: string, run: (ip: Ip) => boolean): FunctionDeclaration =>
  declare(
    name,
    member(`ip_is_${id}`, [ipType], boolType, (ip) => run(ipOf(ip))),
  );

function containsText(cidr: Cidr, text: string): Result {
  const ip = readIp(text);
  return ip instanceof CelError ? ip : cidrContains(cidr, ip);
}

const containsCidr = (outer: Cidr, inner: Cidr): boolean =>
  outer.length <= inner.length && cidrContains(outer, inner.ip);

function containsCidrText(outer: Cidr, text: string): Result {
  const inner = readCidr(text);
  return inner instanceof CelError ? inner : containsCidr(outer, inner);
}

function isCanonical(text: string): Result {
  const ip = readIp(text);
  return ip instanceof CelError ? ip : formatIp(ip) === text;
}

function masked({ ip, network, length }: Cidr): Result {
  return cidrValue({ ip: { ...ip, value: network }, network, length });
}

export const addressesLibrary: Library = {
  types: { [ipType.name]: ipType, [cidrType.name]: cidrType },
  functions: [
    declare(
      'ip',
      overload('string_to_ip', [stringType], ipType, (text) => ipValue(readIp(text as string))),
      member('cidr_ip', [cidrType], ipType, (cidr) => ipValue(cidrOf(cidr).ip)),
    ),
    declare(
      'isIP',
      overload('is_ip', [stringType], boolType, (text) => !(readIp(text as string) instanceof CelError)),
    ),
    declare(
      'ip.isCanonical',
      overload('ip_is_canonical', [stringType], boolType, (text) => isCanonical(text as string)),
    ),
    declare(
      'family',
      member('ip_family', [ipType], intType, (ip) => BigInt(ipOf(ip).family)),
    ),
    ipTest('isUnspecified', 'unspecified', isUnspecified),
    ipTest('isLoopback', 'loopback', isLoopback),
    ipTest('isLinkLocalMulticast', 'link_local_multicast', isLinkLocalMulticast),
    ipTest('isLinkLocalUnicast', 'link_local_unicast', isLinkLocalUnicast),
    ipTest('isGlobalUnicast', 'global_unicast', isGlobalUnicast),
    declare(
      'string',
      overload('ip_to_string', [ipType], stringType, (ip) => formatIp(ipOf(ip))),
      overload('cidr_to_string', [cidrType], stringType, (cidr) => cidrText(cidrOf(cidr))),
    ),
    declare(
      'cidr',
      overload('string_to_cidr', [stringType], cidrType, (text) => cidrValue(readCidr(text as string))),
    ),
    declare(
      'isCIDR',
      overload('is_cidr', [stringType], boolType, (text) => !(readCidr(text as string) instanceof CelError)),
    ),
    declare(
      'containsIP',
      member('cidr_contains_ip_string', [cidrType, stringType], boolType, (cidr, text) =>
        containsText(cidrOf(cidr), text as string),
      ),
      member('cidr_contains_ip_ip', [cidrType, ipType], boolType, (cidr, ip) => cidrContains(cidrOf(cidr), ipOf(ip))),
    ),
    declare(
      'containsCIDR',
      member('cidr_contains_cidr_string', [cidrType, stringType], boolType, (cidr, text) =>
        containsCidrText(cidrOf(cidr), text as string),
      ),
      member('cidr_contains_cidr', [cidrType, cidrType], boolType, (outer, inner) =>
        containsCidr(cidrOf(outer), cidrOf(inner)),
      ),
    ),
    declare(
      'prefixLength',
      member('cidr_prefix_length', [cidrType], intType, (cidr) => BigInt(cidrOf(cidr).length)),
    ),
    declare(
      'masked',
      member('cidr_masked', [cidrType], cidrType, (cidr) => masked(cidrOf(cidr))),
    ),
  ],
};
