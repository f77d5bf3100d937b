import { expect, test } from 'vitest';
import type { Kind } from '../api/kind.ts';
import { addressWarnings, cidrWarnings } from './addresses.ts';
import { kinds } from './index.ts';

const warnings = (name: string, object: object, previous?: object): string[] => {
  const kind = kinds.find((each) => each.kind === name) as Kind;
  return kind.behaviour.warnings?.({ metadata: {}, ...object } as never, previous as never) ?? [];
};

test('addresses that not everyone reads alike', () => {
  expect(addressWarnings('ip', '10.0.0.1')).toEqual([]);
  expect(addressWarnings('ip', '010.0.0.1')).toEqual([
    'ip: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"',
  ]);
  expect(cidrWarnings('cidr', '10.0.0.0/8')).toEqual([]);
  expect(cidrWarnings('cidr', '10.1.2.3/8')).toEqual([
    'cidr: CIDR value "10.1.2.3/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.1.2.3/32"?)',
  ]);
  expect(cidrWarnings('cidr', '2001:DB8::/32')).toEqual([
    'cidr: IPv6 CIDR value "2001:DB8::/32" should be in RFC 5952 canonical format ("2001:db8::/32")',
  ]);
});

test('labels of nodes that others have taken the place of', () => {
  const key = 'beta.kubernetes.io/os';
  const text = 'deprecated since v1.14; use "kubernetes.io/os" instead';
  expect(warnings('RuntimeClass', { scheduling: { nodeSelector: { [key]: 'linux' } } })).toEqual([
    `scheduling.nodeSelector: ${text}`,
  ]);
  expect(
    warnings('StorageClass', { allowedTopologies: [{ matchLabelExpressions: [{ key, values: ['a'] }] }] }),
  ).toEqual([`allowedTopologies[0].matchLabelExpressions[0].key: ${text}`]);
  expect(warnings('CSIStorageCapacity', { nodeTopology: { matchExpressions: [{ key, operator: 'Exists' }] } })).toEqual(
    [`nodeTopology.matchExpressions[0].key: ${key} is ${text}`],
  );
});

test('a quota that asks for more than it lets through', () => {
  const hard = { cpu: '2', 'limits.cpu': '1', 'requests.memory': '1Gi', 'limits.memory': '1Gi' };
  expect(warnings('ResourceQuota', { spec: { hard } })).toEqual([
    'ResourceQuota cpu (2) should be less than limits.cpu (1)',
  ]);
  expect(warnings('ResourceQuota', { spec: { hard } }, {})).toEqual([]);
});

test('endpoints that are names', () => {
  expect(warnings('EndpointSlice', { addressType: 'FQDN', endpoints: [] })).toEqual([
    'spec.addressType: FQDN endpoints are deprecated',
  ]);
});
