import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { base64 } from '../../base/bytes.ts';
import { seededRandom } from '../../base/random.ts';
import { parseTime } from '../../base/time.ts';
import type { KindContext } from '../../api/kind.ts';
import { verifySignature } from '../../edge/signatures.ts';
import { authorityPem } from '../../../test/support/certificates.ts';
import { PodCertificateRequest } from './pod-certificate-request.ts';
import { podCertificateStatusIssues } from './pod-certificate-status.ts';

const now = parseTime('2026-11-24T06:52:00Z') ?? 0;
const context: KindContext = { now: () => now, random: seededRandom(1), enabled: () => true, verifySignature };
const { publicKey, privateKey } = generateKeyPairSync('ed25519');

const request = (more: object = {}): PodCertificateRequest => ({
  metadata: { name: 'r', namespace: 'ns' },
  spec: {
    signerName: 'example.com/pods',
    podName: 'p',
    podUID: 'pod-uid',
    serviceAccountName: 'default',
    serviceAccountUID: 'u',
    nodeName: 'n1',
    nodeUID: 'u',
    maxExpirationSeconds: 86_400,
    pkixPublicKey: base64(publicKey.export({ type: 'spki', format: 'der' })),
    proofOfPossession: base64(sign(null, new TextEncoder().encode('pod-uid'), privateKey)),
    ...more,
  } as PodCertificateRequest['spec'],
});

const issuesOf = (more: object) =>
  (PodCertificateRequest.behaviour.validate?.(request(more), context) ?? []).map((i) => `${i.field}: ${i.message}`);

test('a request proves that its key is at hand, by a signature over the uid of its pod', () => {
  expect(issuesOf({})).toEqual([]);
  expect(issuesOf({ podUID: 'another' })).toEqual([
    'spec.proofOfPossession: Invalid value: could not verify proof-of-possession signature',
  ]);
  expect(issuesOf({ pkixPublicKey: 'aGVsbG8=' })).toEqual([
    'spec.pkixPublicKey: Invalid value: "aGVsbG8=": must be a valid PKIX-serialized public key',
  ]);
});

test('Kubernetes’ own signers give no certificate for longer than a day', () => {
  expect(issuesOf({ maxExpirationSeconds: 86_401 })).toEqual([]);
  expect(issuesOf({ signerName: 'kubernetes.io/x', maxExpirationSeconds: 86_401 })).toEqual([
    'spec.maxExpirationSeconds: Invalid value: 86401: must be in the range [3600, 86400]',
  ]);
  expect(issuesOf({ maxExpirationSeconds: 3599 })).toEqual([
    'spec.maxExpirationSeconds: Invalid value: 3599: must be in the range [3600, 7862400]',
  ]);
});

const condition = (type: string) => ({
  type,
  status: 'True' as const,
  reason: 'R',
  message: '',
  lastTransitionTime: '2026-11-24T06:52:00Z',
});

const faultsOf = (status: object, before: object = {}) =>
  podCertificateStatusIssues({ ...request(), status }, { ...request(), status: before }, now).map(
    (i) => `${i.field}: ${i.message}`,
  );

test('an answer is given once, and a refusal carries no certificate', () => {
  expect(faultsOf({ conditions: [condition('Denied')] })).toEqual([]);
  expect(faultsOf({ conditions: [condition('Denied')], certificateChain: 'x' })).toEqual([
    'status: Invalid value: non-condition status fields must be empty when denying or failing the PodCertificateRequest',
  ]);
  expect(faultsOf({}, { conditions: [condition('Denied')] })).toEqual([
    'status: Invalid value: immutable after PodCertificateRequest is issued, denied, or failed',
  ]);
  expect(faultsOf({ certificateChain: 'x' })).toEqual([
    'status: Invalid value: status is immutable unless transitioning to "Issued", "Denied", or "Failed"',
  ]);
  expect(faultsOf({ conditions: [condition('Issued'), condition('Failed')] })).toContain(
    'status.conditions.[1].type: Invalid value: "Failed": There may be at most one condition with type "Issued", "Denied", or "Failed"',
  );
});

test('a certificate for another key is no answer', () => {
  const [fault] = faultsOf({ conditions: [condition('Issued')], certificateChain: authorityPem });
  expect(fault).toMatch(/leaf certificate was not issued to the requested public key$/);
});
