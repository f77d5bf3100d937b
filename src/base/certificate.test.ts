import fc from 'fast-check';
import { expect, test } from 'vitest';
import { authorityPem, clientPem } from '../../test/support/certificates.ts';
import { bytesOfBase64 } from './bytes.ts';
import { readCertificate } from './certificate.ts';
import { readPublicKey } from './public-key.ts';
import { formatTime } from './time.ts';

const derOf = (pem: string): Uint8Array => bytesOfBase64(pem.replace(/-----[A-Z ]+-----|\s/g, '')) as Uint8Array;

test('a certificate says whether it may sign others, from when to when it holds, and for which key', () => {
  const authority = readCertificate(derOf(authorityPem));
  expect(authority).toMatchObject({ isAuthority: true, dnsNames: [], emails: [] });
  expect([authority?.notBefore, authority?.notAfter].map((at) => formatTime(at ?? 0))).toEqual([
    '2026-11-24T06:50:50Z',
    '2126-10-31T06:50:50Z',
  ]);
  expect(readPublicKey(authority?.publicKey ?? new Uint8Array())).toEqual({ type: 'ecdsa', curve: 'P-256' });
  expect(readCertificate(derOf(clientPem))).toMatchObject({ isAuthority: false });
});

test('a part of a certificate, or more than one, is none', () => {
  const der = derOf(authorityPem);
  fc.assert(
    fc.property(fc.nat(der.length - 1), (length) => readCertificate(der.subarray(0, length)) === undefined),
    { seed: 1 },
  );
  expect(readCertificate(new Uint8Array([...der, 5, 0]))).toBeUndefined();
});

test('bytes that are anything else are read without harm', () => {
  const der = derOf(authorityPem);
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.nat(255), (at, byte) => {
      const changed = Uint8Array.from(der);
      changed[at] = byte;
      readCertificate(changed);
      readPublicKey(changed);
    }),
    { seed: 1 },
  );
  expect(readPublicKey(new Uint8Array([0x30, 0]))).toBeUndefined();
});
