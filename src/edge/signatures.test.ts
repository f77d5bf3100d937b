import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import type { SignedBytes } from '../api/kind.ts';
import { readPublicKey } from '../base/public-key.ts';
import { verifySignature } from './signatures.ts';

const data = new TextEncoder().encode('pod-uid');
const spki = (key: KeyObject): Uint8Array => key.export({ type: 'spki', format: 'der' });

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING };
const ed25519 = generateKeyPairSync('ed25519');
const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 3072 });

const samples: readonly (readonly [string, SignedBytes])[] = [
  ['ed25519', signed(ed25519.publicKey, sign(null, data, ed25519.privateKey))],
  ['ecdsa', signed(ec.publicKey, sign('sha256', data, ec.privateKey))],
  ['rsa', signed(rsa.publicKey, sign('sha256', data, { key: rsa.privateKey, ...pss }))],
];

function signed(key: KeyObject, signature: Uint8Array): SignedBytes {
  return { key: spki(key), data, signature, hash: 'sha256', padding: 'pss' };
}

test.each(samples)('a signature of %s holds for what was signed and for nothing else', (_, sample) => {
  expect(verifySignature(sample)).toBe(true);
  expect(verifySignature({ ...sample, data: new TextEncoder().encode('another-uid') })).toBe(false);
  expect(verifySignature({ ...sample, signature: new Uint8Array(64) })).toBe(false);
  expect(verifySignature({ ...sample, key: new Uint8Array([1, 2, 3]) })).toBe(false);
});

test('public keys tell of what sort they are', () => {
  expect(samples.map(([, { key }]) => readPublicKey(key))).toEqual([
    { type: 'ed25519' },
    { type: 'ecdsa', curve: 'P-384' },
    { type: 'rsa', bits: 3072 },
  ]);
});
