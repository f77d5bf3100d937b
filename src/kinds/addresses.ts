// IP addresses and ranges: whether a text is one, of which family, and in which range it lies.

import { type Issue, invalid } from '../api/issues.ts';

export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export const addressRule = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): Address | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255)) return undefined;
  return { family: 4, value: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n) };
}

function parseV6(text: string): Address | undefined {
  const tail = /^(.*:)([\d.]+\.[\d.]+)$/.exec(text);
  if (tail) {
    const v4 = parseV4(tail[2] ?? '');
    if (!v4) return undefined;
    return parseV6(`${tail[1]}${(v4.value >> 16n).toString(16)}:${(v4.value & 0xffffn).toString(16)}`);
  }
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (groups.flat().some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  const missing = 8 - groups.flat().length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...(groups[0] ?? []), ...Array<string>(halves.length === 1 ? 0 : missing).fill('0'), ...(groups[1] ?? [])];
  return { family: 6, value: all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n) };
}

export interface AddressRange {
  readonly first: Address;
  readonly bits: number;
}

/** `10.0.0.0/8`. */
export function parseRange(text: string): AddressRange | undefined {
  const match = /^(.*)\/(0|[1-9]\d{0,2})$/.exec(text);
  const first = parseAddress(match?.[1] ?? '');
  const bits = Number(match?.[2]);
  return first && bits <= (first.family === 4 ? 32 : 128) ? { first, bits } : undefined;
}

export function isWithin(address: Address, range: AddressRange): boolean {
  if (address.family !== range.first.family) return false;
  const shift = BigInt((address.family === 4 ? 32 : 128) - range.bits);
  return address.value >> shift === range.first.value >> shift;
}

const within = (address: Address, range: string) => {
  const parsed = parseRange(range);
  return parsed !== undefined && isWithin(address, parsed);
};

export function addressIssues(text: string, field: string): Issue[] {
  return parseAddress(text) ? [] : [invalid(field, text, addressRule)];
}

/** Addresses that can be no endpoint's: of this machine, of this link, of nobody. */
export function nonSpecialAddressIssues(text: string, field: string): Issue[] {
  const address = parseAddress(text);
  if (!address) return [invalid(field, text, addressRule)];
  const issues: Issue[] = [];
  if (address.value === 0n) issues.push(invalid(field, text, `may not be unspecified (${text})`));
  if (within(address, '127.0.0.0/8') || (address.family === 6 && address.value === 1n)) {
    issues.push(invalid(field, text, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'));
  }
  if (within(address, '169.254.0.0/16') || within(address, 'fe80::/10')) {
    issues.push(invalid(field, text, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'));
  }
  if (within(address, '224.0.0.0/24') || within(address, 'ff02::/16')) {
    issues.push(invalid(field, text, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'));
  }
  return issues;
}
