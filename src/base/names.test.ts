// What is wrong with a name is said in Kubernetes' words.

import { expect, test } from 'vitest';
import * as names from './names.ts';

const { isQualifiedName, isConfigMapKey, isPortName, isPathSegmentName, isIp, isCidr, isCanonicalIp, isCanonicalCidr } =
  names;
const part =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

test('label keys', () => {
  expect(isQualifiedName('example.com/a_B.c')).toEqual([]);
  expect(isQualifiedName('/')).toEqual(['prefix part must be non-empty', 'name part must be non-empty', part]);
  expect(isQualifiedName('z z')).toEqual([part]);
  expect(isQualifiedName('a/b/c')[0]).toBe(
    "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
  );
  expect(isQualifiedName(`${'x'.repeat(254)}/a`)).toEqual(['prefix part must be no more than 253 bytes']);
  expect(isQualifiedName('x'.repeat(64))).toEqual(['name part must be no more than 63 bytes']);
});

test('names', () => {
  expect(names.isDns1123Label('Bad_')).toEqual([
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ]);
  expect(names.isDns1123Subdomain('W')).toEqual([
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ]);
  expect(names.isDns1123Subdomain('n'.repeat(254))).toEqual(['must be no more than 253 characters']);
  expect(names.isDns1035Label('1a')).toHaveLength(1);
  expect(isPathSegmentName('..')).toEqual(["may not be '..'"]);
  expect(isPathSegmentName('a/b%')).toEqual(["may not contain '/'", "may not contain '%'"]);
});

test('keys, ports and variables', () => {
  expect(isConfigMapKey('..a')).toEqual(["must not start with '..'"]);
  expect(isConfigMapKey('a.b')).toEqual([]);
  expect(isPortName('abcdefghijklmnop')).toEqual(['must be no more than 15 characters']);
  expect(isPortName('1--')).toEqual([
    'must contain at least one letter (a-z)',
    'must not contain consecutive hyphens',
    'must not begin or end with a hyphen',
  ]);
  expect(names.isEnvVarName('A=')).toEqual([
    "a valid environment variable name must consist only of printable ASCII characters other than '='",
  ]);
  expect(names.isEnvVarName('a b.c')).toEqual([]);
});

test('addresses and ranges', () => {
  expect(isIp('192.0.2.01')).toEqual(['must not have leading 0s']);
  expect(isIp('::ffff:1.2.3.4')).toEqual(['must not be an IPv4-mapped IPv6 address']);
  expect(isIp('1.2.3')).toEqual(['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']);
  expect(isCanonicalIp('2001:db8:0:0:0:0:0:b')).toEqual(['must be in canonical form ("2001:db8::b")']);
  expect(isCanonicalIp('::')).toEqual([]);
  expect(isCidr('10.0.0.1/8')).toEqual(['must not have bits set beyond the prefix length']);
  expect(isCidr('192.0.2.0')).toEqual(['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']);
  expect(isCanonicalCidr('2001:DB8::/112')).toEqual(['must be in canonical form ("2001:db8::/112")']);
});
