import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { cryptoProvider, Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { expect, test } from 'vitest';
import { issueFor, readRequest } from './certificate-requests.ts';
import { algorithm, createAuthority } from './certificates.ts';

const now = Date.UTC(2026, 0, 1);

async function requestPem(): Promise<string> {
  cryptoProvider.set(webcrypto as unknown as Crypto);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=system:node:n1, O=system:nodes',
    keys: keys as never,
    signingAlgorithm: algorithm,
    extensions: [
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'n1' },
        { type: 'ip', value: '10.0.0.1' },
      ]),
    ],
  });
  return request.toString('pem');
}

test('a request says whom it is for; anything else is no request', async () => {
  expect(await readRequest(await requestPem())).toEqual({
    commonName: 'system:node:n1',
    organizations: ['system:nodes'],
    alternatives: { dns: ['n1'], email: [], ip: ['10.0.0.1'], uri: [] },
  });
  expect(
    await readRequest('-----BEGIN CERTIFICATE REQUEST-----\nbm8=\n-----END CERTIFICATE REQUEST-----'),
  ).toBeUndefined();
  expect(await readRequest('nonsense')).toBeUndefined();
});

test('an issued certificate is the authority’s, holds as long as asked, and is good for what was asked', async () => {
  const ca = await createAuthority('test-ca', now);
  const pem = await issueFor(ca, await requestPem(), {
    usages: ['digital signature', 'server auth'],
    seconds: 600,
    now,
  });
  const certificate = new X509Certificate(pem);
  expect(certificate.verify(new X509Certificate(ca.certificate).publicKey)).toBe(true);
  expect(certificate.subject).toBe('CN=system:node:n1\nO=system:nodes');
  expect(certificate.subjectAltName).toBe('DNS:n1, IP Address:10.0.0.1');
  expect(Date.parse(certificate.validTo)).toBe(now + 600_000);
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
});
