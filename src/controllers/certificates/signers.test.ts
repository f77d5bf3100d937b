import { expect, test } from 'vitest';
import type { CertificateSigningRequest } from '../../kinds/certificates/certificate-signing-request.ts';
import type { CertificateRequest } from '../../server/tokens/key-maker.ts';
import { recognized } from '../certificate-approving.ts';
import { keptUntil } from '../certificate-cleaner.ts';
import { isToBeSigned } from '../certificate-signing.ts';
import { signers } from './signers.ts';

const nobody = { dns: [], ip: [], email: [], uri: [] };

const asked = (more: Partial<CertificateRequest> = {}): CertificateRequest => ({
  commonName: 'system:node:n1',
  organizations: ['system:nodes'],
  alternatives: nobody,
  ...more,
});

const refusal = (signer: string, request: CertificateRequest, ...usages: readonly string[]) =>
  signers.find(({ name }) => name === `kubernetes.io/${signer}`)?.refusal(request, usages);

test('client certificates are for clients only', () => {
  expect(refusal('kube-apiserver-client', asked(), 'client auth', 'digital signature')).toBeUndefined();
  expect(refusal('kube-apiserver-client', asked(), 'server auth', 'digital signature')).toBe(
    'invalid usage for client certificate: server auth',
  );
  expect(refusal('kube-apiserver-client', asked(), 'digital signature')).toBe(
    'missing required usage for client certificate: client auth',
  );
});

test('a kubelet’s client certificate names a node and nothing else', () => {
  const usages = ['client auth', 'digital signature', 'key encipherment'];
  const of = (more: Partial<CertificateRequest>) => refusal('kube-apiserver-client-kubelet', asked(more), ...usages);
  expect(of({})).toBeUndefined();
  expect(of({ organizations: ['devs'] })).toBe('subject organization is not system:nodes');
  expect(of({ commonName: 'n1' })).toBe('subject common name does not begin with system:node:');
  expect(of({ alternatives: { ...nobody, dns: ['n1'] } })).toBe('DNS subjectAltNames are not allowed');
  expect(refusal('kube-apiserver-client-kubelet', asked(), 'client auth')).toMatch(/^usages did not match/);
});

test('a kubelet’s serving certificate says where it is reached', () => {
  const usages = ['digital signature', 'server auth'];
  expect(refusal('kubelet-serving', asked(), ...usages)).toBe('DNS or IP subjectAltName is required');
  expect(
    refusal('kubelet-serving', asked({ alternatives: { ...nobody, ip: ['10.0.0.1'] } }), ...usages),
  ).toBeUndefined();
});

const condition = (type: string) => ({ type, status: 'True' as const, lastUpdateTime: '2026-01-01T01:00:00Z' });

const request = (types: readonly string[], certificate?: string): CertificateSigningRequest => ({
  metadata: { name: 'r', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {
    signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    usages: ['client auth', 'digital signature'],
    username: 'system:node:n1',
  },
  status: { conditions: types.map(condition), ...(certificate && { certificate }) },
});

test('only what is approved and nothing else is signed, once', () => {
  expect(isToBeSigned(request(['Approved']))).toBe(true);
  for (const other of [
    request([]),
    request(['Approved', 'Failed']),
    request(['Denied']),
    request(['Approved'], 'eA=='),
  ])
    expect(isToBeSigned(other)).toBe(false);
});

test('a node renews its own certificate, others ask for a node’s first', () => {
  const ways = (username: string) =>
    recognized({ ...request([]), spec: { ...request([]).spec, username } }, asked()).map(
      ({ subresource }) => subresource,
    );
  expect(ways('system:node:n1')).toEqual(['selfnodeclient', 'nodeclient']);
  expect(ways('system:bootstrap:abc')).toEqual(['nodeclient']);
});

test('requests are kept a day, an hour once they are decided and done', () => {
  const hour = (types: readonly string[], certificate?: string) =>
    (keptUntil(request(types, certificate)) - Date.UTC(2026, 0, 1)) / 3_600_000;
  expect(hour([])).toBe(24);
  expect(hour(['Denied'])).toBe(2);
  expect(hour(['Approved'])).toBe(25);
  expect(hour(['Approved'], 'eA==')).toBe(2);
});
