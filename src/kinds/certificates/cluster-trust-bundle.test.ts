import { expect, test } from 'vitest';
import { seededRandom } from '../../base/random.ts';
import { authorityPem, clientPem } from '../../../test/support/certificates.ts';
import { ClusterTrustBundle } from './cluster-trust-bundle.ts';

const context = { now: () => 0, random: seededRandom(1), enabled: () => true };
const faultsOf = (trustBundle: string) =>
  (ClusterTrustBundle.behaviour.validate?.({ metadata: { name: 'b' }, spec: { trustBundle } }, context) ?? []).map(
    ({ message }) => message.replace('Invalid value: "<value omitted>": ', ''),
  );

test('a bundle holds authorities, each once, and whatever text stands between', () => {
  expect(faultsOf(`# mine\n${authorityPem}`)).toEqual([]);
  expect(faultsOf(`${clientPem}${authorityPem}words\n${authorityPem}`)).toEqual([
    'entry 0 does not have the CA bit set',
    'duplicate trust anchor (indices [1 2])',
  ]);
  const [head = '', ...rest] = authorityPem.split('\n');
  expect(faultsOf([head, 'Key: value', '', ...rest].join('\n'))).toEqual(['entry 0 has PEM block headers']);
});
