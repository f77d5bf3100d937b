// Where an address may not lie: what is wrong with the addresses of endpoints and of services' outside.

import { type Ip, cidrContains, formatCidr, formatIp, isMappedIp, parseCidr, parseIp } from '../base/ip.ts';
import { type Issue, invalid } from '../api/issues.ts';

/** Addresses of this machine, of this link, of nobody. */
export function specialAddressIssues(text: string, field: string): Issue[] {
  const ip = parseIp(text);
  if (!ip) return [invalid(field, text, 'must be a valid IP address')];
  return special.filter(({ includes }) => includes(ip)).map(({ rule }) => invalid(field, text, rule(text)));
}

const within = (...ranges: string[]) => {
  const cidrs = ranges.flatMap((range) => parseCidr(range) ?? []);
  return (ip: Ip) => cidrs.some((cidr) => cidrContains(cidr, ip));
};

const special: readonly { includes: (ip: Ip) => boolean; rule: (text: string) => string }[] = [
  { includes: (ip) => ip.value === 0n, rule: (text) => `may not be unspecified (${text})` },
  {
    includes: within('127.0.0.0/8', '::1/128'),
    rule: () => 'may not be in the loopback range (127.0.0.0/8, ::1/128)',
  },
  {
    includes: within('169.254.0.0/16', 'fe80::/10'),
    rule: () => 'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  },
  {
    includes: within('224.0.0.0/24', 'ff02::/16'),
    rule: () => 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  },
];

/** Of addresses that are written in a way that not everyone reads alike. */
export function addressWarnings(field: string, text: string): string[] {
  const ip = parseIp(text);
  if (!ip) return [];
  const canonical = formatIp(ip);
  if (ip.leadingZeros || isMappedIp(text)) {
    return [`${field}: non-standard IP address "${text}" is invalid: use "${canonical}"`];
  }
  return ip.family === 6 && canonical !== text
    ? [`${field}: IPv6 address "${text}" should be in RFC 5952 canonical format ("${canonical}")`]
    : [];
}

/** The same of ranges. */
export function cidrWarnings(field: string, text: string): string[] {
  const cidr = parseCidr(text);
  if (!cidr) return [];
  const { ip } = cidr;
  const canonical = formatCidr(cidr);
  const warnings: string[] = [];
  if (ip.value !== cidr.network) {
    const single = `${formatIp(ip)}/${ip.family === 4 ? 32 : 128}`;
    const rule = `is ambiguous in this context (should be "${canonical}" or "${single}"?)`;
    warnings.push(`${field}: CIDR value "${text}" ${rule}`);
  }
  if (ip.leadingZeros || /^0\d/.test(text.slice(text.indexOf('/') + 1)) || isMappedIp(text)) {
    warnings.push(`${field}: non-standard CIDR value "${text}" is invalid: use "${canonical}"`);
  }
  return warnings.length === 0 && ip.family === 6 && canonical !== text
    ? [`${field}: IPv6 CIDR value "${text}" should be in RFC 5952 canonical format ("${canonical}")`]
    : warnings;
}
