// What is wrong with a signer's answer to a pod's request: it is given once, and agrees with the certificate in it.

import { bytesOfBase64, sameBytes } from '../../base/bytes.ts';
import { type CertificateFacts, readCertificate } from '../../base/certificate.ts';
import { hours, type Instant, minutes } from '../../base/clock.ts';
import { deepEqual } from '../../base/equal.ts';
import { readSignedRequest } from '../../base/public-key.ts';
import { formatTime, parseTime } from '../../base/time.ts';
import { type Issue, invalid, notSupported, required, tooLong } from '../../api/issues.ts';
import { conditionIssues } from '../conditions.ts';
import type {
  PodCertificateRequestSpec,
  PodCertificateRequestStatus,
  PodCertificateRequest as Shape,
} from '../generated/types/certificates-v1beta1.ts';
import { pemBlocks } from './pem.ts';
import { unshown } from './proof-of-possession.ts';

const outcomes = ['Denied', 'Failed', 'Issued'];

export function podCertificateStatusIssues(next: Shape, previous: Shape, now: Instant): Issue[] {
  const [status, before] = [next.status ?? {}, previous.status ?? {}];
  const conditions = status.conditions ?? [];
  const issues = [...outcomeIssues(conditions), ...conditionIssues(conditions, 'status.conditions')];
  if (issues.length > 0) return issues;
  const same = deepEqual(status, before);
  if (isDecided(before)) {
    return same ? [] : [unshown('status', 'immutable after PodCertificateRequest is issued, denied, or failed')];
  }
  if (has(status, 'Denied') || has(status, 'Failed')) {
    const rule = 'non-condition status fields must be empty when denying or failing the PodCertificateRequest';
    return deepEqual(status, { conditions }) ? [] : [unshown('status', rule)];
  }
  if (has(status, 'Issued')) return issuedIssues(status, previous.spec, now);
  return same ? [] : [unshown('status', 'status is immutable unless transitioning to "Issued", "Denied", or "Failed"')];
}

const has = ({ conditions }: PodCertificateRequestStatus, type: string): boolean =>
  (conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');

const isDecided = (status: PodCertificateRequestStatus): boolean => outcomes.some((type) => has(status, type));

type Conditions = NonNullable<PodCertificateRequestStatus['conditions']>;

/** The fields are named with a dot before their index, as Kubernetes does. */
function outcomeIssues(conditions: Conditions): Issue[] {
  let known = 0;
  return conditions.flatMap(({ type, status }, i) => {
    const field = `status.conditions.[${i}]`;
    if (!outcomes.includes(type)) return [notSupported(`${field}.type`, type ?? '', outcomes)];
    known++;
    const rule = 'There may be at most one condition with type "Issued", "Denied", or "Failed"';
    return [
      ...(known > 1 ? [invalid(`${field}.type`, type, rule)] : []),
      ...(status === 'True' ? [] : [notSupported(`${field}.status`, status ?? '', ['True'])]),
    ];
  });
}

const largestChain = 100 * 1024;
const chainField = 'status.certificateChain';

/** The first thing that is wrong; with the names in the certificate, and with missing times, all of them. */
function issuedIssues(status: PodCertificateRequestStatus, spec: PodCertificateRequestSpec, now: Instant): Issue[] {
  const chain = status.certificateChain ?? '';
  const refuse = (why: string): Issue[] => [invalid(chainField, chain, why)];
  if (chain.length > largestChain) return [tooLong(chainField, largestChain)];
  const [leafBlock, ...others] = pemBlocks(chain);
  if (!leafBlock) return refuse('issued certificate chain must contain at least one certificate');
  if (leafBlock.type !== 'CERTIFICATE') {
    return refuse('issued certificate chain must consist entirely of CERTIFICATE PEM blocks');
  }
  const leaf = readCertificate(leafBlock.bytes);
  if (!leaf) return refuse('leaf certificate does not parse as valid X.509');
  const issues = alternativeIssues(leaf);
  if (!sameBytes(leaf.publicKey, requestedKey(spec))) {
    return [...issues, ...refuse('leaf certificate was not issued to the requested public key')];
  }
  issues.push(...missingTimes(status));
  if (issues.length > 0) return issues;
  const wrong = timeIssue(status, leaf, now) ?? lifetimeIssue(leaf, spec) ?? refreshIssue(status);
  if (wrong) return [wrong];
  if (others.some(({ type }) => type !== 'CERTIFICATE')) {
    return refuse('issued certificate chain must consist entirely of CERTFICATE PEM blocks');
  }
  const broken = others.some(({ bytes }) => !readCertificate(bytes));
  return broken ? refuse('intermediate certificate does not parse as valid X.509') : [];
}

function requestedKey({ pkixPublicKey, stubPKCS10Request }: PodCertificateRequestSpec): Uint8Array {
  const stub = bytesOfBase64(stubPKCS10Request ?? '');
  const request = stub && stub.length > 0 ? readSignedRequest(stub) : undefined;
  return request?.publicKey ?? bytesOfBase64(pkixPublicKey ?? '') ?? new Uint8Array();
}

function alternativeIssues({ dnsNames, emails }: CertificateFacts): Issue[] {
  return [
    ...dnsNames.flatMap((name) => dnsFaults(name).map((why) => invalid(chainField, name, `leaf certificate${why}`))),
    ...emails
      .filter((email) => !/^[^@\s]+@[^@\s]+$/.test(email))
      .map((email) => invalid(chainField, email, 'leaf certificate should not contain invalid EmailAddress')),
  ];
}

const dnsFaults = (name: string): string[] => [
  ...(name === '' ? [' should not contain empty DNSName'] : []),
  ...(name.includes('..') ? ["'s DNSName should not contain '..'"] : []),
  ...(name.startsWith('.') || name.endsWith('.') ? ["'s DNSName should not start or end with '.'"] : []),
];

function missingTimes({ notBefore, notAfter, beginRefreshAt }: PodCertificateRequestStatus): Issue[] {
  const rule = 'must be present and consistent with the issued certificate';
  return [
    ...(notBefore ? [] : [required('status.notBefore', rule)]),
    ...(notAfter ? [] : [required('status.notAfter', rule)]),
    ...(beginRefreshAt
      ? []
      : [required('status.beginRefreshAt', 'must be present and in the range [notbefore+10min, notafter-10min]')]),
  ];
}

const instantOf = (text: string | undefined): Instant => parseTime(text ?? '') ?? 0;

function timeIssue(status: PodCertificateRequestStatus, leaf: CertificateFacts, now: Instant): Issue | undefined {
  const [from, until] = [instantOf(status.notBefore), instantOf(status.notAfter)];
  const refuse = (field: 'notBefore' | 'notAfter', at: Instant, why: string) =>
    invalid(`status.${field}`, formatTime(at), why);
  if (from !== leaf.notBefore) {
    return refuse('notBefore', from, 'must be set to the NotBefore time encoded in the leaf certificate');
  }
  if (Math.abs(from - now) >= minutes(5)) {
    return refuse('notBefore', from, "must be set to within 5 minutes of kube-apiserver's current time");
  }
  if (until === leaf.notAfter) return undefined;
  return refuse('notAfter', until, 'must be set to the NotAfter time encoded in the leaf certificate');
}

const nanosPerMilli = 1_000_000;

function lifetimeIssue(leaf: CertificateFacts, spec: PodCertificateRequestSpec): Issue | undefined {
  const lifetime = leaf.notAfter - leaf.notBefore;
  const most = spec.maxExpirationSeconds ?? 0;
  const refuse = (why: string) => invalid(chainField, lifetime * nanosPerMilli, why);
  if (lifetime < hours(1)) return refuse('leaf certificate lifetime must be >= 1 hour');
  if (lifetime <= most * 1000) return undefined;
  return refuse(`leaf certificate lifetime must be <= spec.maxExpirationSeconds (${most})`);
}

function refreshIssue({ notBefore, notAfter, beginRefreshAt }: PodCertificateRequestStatus): Issue | undefined {
  const at = instantOf(beginRefreshAt);
  const refuse = (why: string) => invalid('status.beginRefreshAt', formatTime(at), why);
  if (at < instantOf(notBefore) + minutes(10)) return refuse('must be at least 10 minutes after status.notBefore');
  if (at > instantOf(notAfter) - minutes(10)) return refuse('must be at least 10 minutes before status.notAfter');
  return undefined;
}
