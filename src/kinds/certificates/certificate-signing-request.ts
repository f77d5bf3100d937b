// CertificateSigningRequest: who asks which signer for a certificate, what was decided, and the certificate.

import { type Issue, duplicate, forbiddenField, invalid, notSupported, required } from '../../api/issues.ts';
import type { KindContext } from '../../api/kind.ts';
import { formatTime, humanDuration } from '../../base/time.ts';
import { choiceIssues } from '../checks.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  CertificateSigningRequestCondition,
  CertificateSigningRequestSpec,
  CertificateSigningRequest as Shape,
} from '../generated/types/certificates-v1.ts';
import { signerNameIssues } from '../signer-name.ts';
import { pemBlocks, pemTypes, textOfBase64 } from './pem.ts';

export type CertificateSigningRequest = Shape;

const specField = (field: string) => ({ type: 'io.k8s.api.certificates.v1.CertificateSigningRequestSpec', field });

/** The text of an older version, which the column has kept. */
const signerText = [
  'Requested signer for the request. It is a qualified name in the form: `scope-hostname.io/name`. If empty, it will be defaulted:',
  " 1. If it's a kubelet client certificate, it is assigned",
  '    "kubernetes.io/kube-apiserver-client-kubelet".',
  " 2. If it's a kubelet serving certificate, it is assigned",
  '    "kubernetes.io/kubelet-serving".',
  ' 3. Otherwise, it is assigned "kubernetes.io/legacy-unknown".',
  'Distribution of trust for signers happens out of band. You can select on this field using `spec.signerName`.',
].join('\n');

export const CertificateSigningRequest = defineKind<CertificateSigningRequest>(
  'certificates.k8s.io/v1',
  'CertificateSigningRequest',
  {
    nameRule: 'pathSegment',
    generation: 'none',
    prepareForUpdate(request, previous) {
      request.spec = structuredClone(previous.spec);
    },
    prepareForStatusUpdate: prepareStatus,
    resetFields: {
      '': ['spec', 'status'],
      status: ['spec', 'status.conditions'],
      approval: ['spec', 'status.certificate'],
    },
    validate: ({ spec }) => specIssues(spec),
    validateUpdate: () => [],
    validateStatusUpdate: (next, previous) => [
      ...conditionsIssues(next),
      ...certificateIssues(next, previous),
      ...removalIssues(next, previous),
      ...additionIssues(next, previous),
      ...replacementIssues(next, previous),
    ],
    selectableFields: { 'spec.signerName': ({ spec }) => spec.signerName },
    columns: [
      nameColumn,
      ageColumn,
      textColumn('SignerName', signerText, ({ spec }) => spec.signerName || '<none>'),
      textColumn('Requestor', 'Base64-encoded PKCS#10 CSR data', ({ spec }) => spec.username ?? ''),
      textColumn('RequestedDuration', specField('expirationSeconds'), ({ spec: { expirationSeconds } }) => {
        return expirationSeconds === undefined ? '<none>' : humanDuration(expirationSeconds * 1000);
      }),
      textColumn('Condition', 'Conditions applied to the request, such as approval or denial.', conditionCell),
    ],
  },
);

/** What is wrong with what is decided through /approval. */
export const approvalIssues = (next: CertificateSigningRequest, previous: CertificateSigningRequest): Issue[] => [
  ...conditionsIssues(next),
  ...removalIssues(next, previous),
];

/** Decisions that are neither more nor fewer stay as they were. Conditions without times are of now, or of when their status last changed. */
function prepareStatus(
  { status }: CertificateSigningRequest,
  previous: CertificateSigningRequest,
  { now }: KindContext,
): void {
  for (const type of decisions) {
    const before = conditionsOf(previous, type);
    const places = (status?.conditions ?? []).flatMap((condition, i) => (condition.type === type ? [i] : []));
    if (places.length !== before.length) continue;
    for (const [i, place] of places.entries())
      status?.conditions?.splice(place, 1, structuredClone(before[i]) as never);
  }
  for (const condition of status?.conditions ?? []) {
    const before = conditionsOf(previous, condition.type).find((each) => each.status === condition.status);
    condition.lastUpdateTime ||= formatTime(now());
    condition.lastTransitionTime ||= before?.lastTransitionTime || formatTime(now());
  }
}

function conditionCell({ status }: CertificateSigningRequest): string {
  const conditions = status?.conditions ?? [];
  const [decision] = conditions.filter(({ type }) => type === 'Approved' || type === 'Denied');
  const denied = conditions.some(({ type }) => type === 'Denied');
  const failed = conditions.some(({ type }) => type === 'Failed');
  const words = [denied ? 'Denied' : (decision?.type ?? 'Pending')];
  if (failed) words.push('Failed');
  if (status?.certificate) words.push('Issued');
  return words.join(',');
}

const shortestDuration = 600;
const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

const legacySigner = 'kubernetes.io/legacy-unknown';

function specIssues(spec: CertificateSigningRequestSpec): Issue[] {
  const given: readonly string[] = spec.usages ?? [];
  const issues = requestIssues(spec.request ?? '');
  if (given.length === 0) issues.push(required('spec.usages'));
  given.forEach((usage, i) => {
    if (!usages.includes(usage)) issues.push(notSupported(`spec.usages[${i}]`, usage, usages));
  });
  given.forEach((usage, i) => {
    if (given.indexOf(usage) < i) issues.push(duplicate(`spec.usages[${i}]`, usage));
  });
  if (spec.signerName === legacySigner) {
    issues.push(invalid('spec.signerName', legacySigner, 'the legacy signerName is not allowed via this API version'));
  }
  issues.push(...signerNameIssues(spec.signerName ?? '', 'spec.signerName'));
  const seconds = spec.expirationSeconds;
  if (seconds !== undefined && seconds < shortestDuration) {
    issues.push(
      invalid('spec.expirationSeconds', seconds, 'may not specify a duration less than 600 seconds (10 minutes)'),
    );
  }
  return issues;
}

function requestIssues(request: string): Issue[] {
  if (pemTypes(textOfBase64(request))[0] === 'CERTIFICATE REQUEST') return [];
  return [invalid('spec.request', request, 'PEM block type must be CERTIFICATE REQUEST')];
}

const conditionsOf = ({ status }: CertificateSigningRequest, type: string): CertificateSigningRequestCondition[] =>
  (status?.conditions ?? []).filter((condition) => condition.type === type);

const anyStatus = ['False', 'True', 'Unknown'];

function conditionsIssues({ status }: CertificateSigningRequest): Issue[] {
  const conditions = status?.conditions ?? [];
  return conditions.flatMap(({ type, status: is }, i) => {
    const field = `status.conditions[${i}]`;
    const before = conditions.slice(0, i).map((condition) => condition.type);
    const issues = type ? [] : [required(`${field}.type`)];
    issues.push(...choiceIssues(is, `${field}.status`, lastingTypes.includes(type) ? ['True'] : anyStatus));
    const other = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined;
    if (other && before.includes(other)) {
      issues.push(invalid('status.conditions', type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (before.includes(type)) issues.push(duplicate(`${field}.type`, type));
    return issues;
  });
}

/** Only true, and for good. */
const lastingTypes = ['Approved', 'Denied', 'Failed'];
const decisions = ['Approved', 'Denied'];

const conditionIssue = (verb: string, type: string): Issue =>
  forbiddenField('status.conditions', `updates may not ${verb} a condition of type ${JSON.stringify(type)}`);

const growthOf = (type: string, next: CertificateSigningRequest, previous: CertificateSigningRequest): number =>
  conditionsOf(next, type).length - conditionsOf(previous, type).length;

const removalIssues = (next: CertificateSigningRequest, previous: CertificateSigningRequest): Issue[] =>
  lastingTypes.filter((type) => growthOf(type, next, previous) < 0).map((type) => conditionIssue('remove', type));

/** Who writes the status does not decide. */
const additionIssues = (next: CertificateSigningRequest, previous: CertificateSigningRequest): Issue[] =>
  decisions.filter((type) => growthOf(type, next, previous) > 0).map((type) => conditionIssue('add', type));

const hidden = '<certificate data>';

function certificateIssues(next: CertificateSigningRequest, previous: CertificateSigningRequest): Issue[] {
  const now = next.status?.certificate;
  if (!now || now === previous.status?.certificate) return [];
  const refuse = (rule: string) => [invalid('status.certificate', hidden, rule)];
  const blocks = pemBlocks(textOfBase64(now));
  for (const { type, hasHeaders } of blocks) {
    if (type !== 'CERTIFICATE') return refuse(`only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`);
    if (hasHeaders) return refuse('no PEM block headers are permitted');
  }
  return blocks.length === 0 ? refuse('must contain at least one CERTIFICATE PEM block') : [];
}

function replacementIssues(next: CertificateSigningRequest, previous: CertificateSigningRequest): Issue[] {
  const before = previous.status?.certificate;
  if (!before || next.status?.certificate === before) return [];
  return [forbiddenField('status.certificate', 'updates may not modify existing certificate content')];
}
