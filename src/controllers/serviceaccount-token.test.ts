import { expect, test } from 'vitest';
import type { Secret } from '../kinds/core/secret.ts';
import { filledSecret } from './serviceaccount-token.ts';

const account = { metadata: { name: 'mine', namespace: 'ns', uid: 'u1' } };

const secret: Secret = {
  metadata: { name: 't', namespace: 'ns', annotations: { 'kubernetes.io/service-account.name': 'mine' } },
  type: 'kubernetes.io/service-account-token',
};

test('a token secret gets the authority, its namespace and the uid of its account', () => {
  const filled = filledSecret(secret, account, 'PEM');
  expect(filled.data).toEqual({ 'ca.crt': btoa('PEM\n'), namespace: btoa('ns') });
  expect(filled.metadata.annotations).toMatchObject({ 'kubernetes.io/service-account.uid': 'u1' });
});

test('what is complete is left alone; a namespace somebody wrote is kept, an old authority is not', () => {
  const filled = filledSecret(secret, account, 'PEM');
  expect(filledSecret(filled, account, 'PEM')).toBe(filled);
  const own = { ...filled, data: { ...filled.data, namespace: btoa('other') } };
  expect(filledSecret(own, account, 'NEW').data).toEqual({ 'ca.crt': btoa('NEW\n'), namespace: btoa('other') });
});
