// CertificateSigningRequest: who asks which signer for a certificate, what was decided, and the certificate.

import { deepEqual } from '../../base/equal.ts';
import { type Issue, duplicate, forbiddenField, invalid, notSupported, required } from '../../api/issues.ts';
import type { KindContext } from '../../api/kind.ts';
import { formatTime, humanDuration } from '../../base/time.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type {
  CertificateSigningRequestCondition,
  CertificateSigningRequestSpec,
  CertificateSigningRequest as Shape,
} from '../generated/types/certificates-v1.ts';
import { signerNameIssues } from '../signer-name.ts';
import { pemTypes, textOfBase64 } from './pem.ts';

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
    prepareForStatusUpdate: stampConditions,
    resetFields: {
      '': ['spec', 'status'],
      status: ['spec', 'status.conditions'],
      approval: ['spec', 'status.certificate'],
    },
    validate: ({ spec }) => specIssues(spec),
    validateUpdate: () => [],
    validateStatusUpdate: (next, previous) => [
      ...conditionsIssues(next),
      ...decisionIssues(next, previous),
      ...certificateIssues(next, previous),
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
  ...decisions.flatMap((type) =>
    conditionsOf(next, type).length < conditionsOf(previous, type).length ? [decisionIssue('remove', type)] : [],
  ),
];

/** Conditions without times are of now, or of when their status last changed. */
function stampConditions(
  { status }: CertificateSigningRequest,
  previous: CertificateSigningRequest,
  { now }: KindContext,
): void {
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
  const types = pemTypes(textOfBase64(request));
  if (types.length === 1 && types[0] === 'CERTIFICATE REQUEST') return [];
  return [invalid('spec.request', request, 'PEM block type must be CERTIFICATE REQUEST')];
}

const conditionsOf = ({ status }: CertificateSigningRequest, type: string): CertificateSigningRequestCondition[] =>
  (status?.conditions ?? []).filter((condition) => condition.type === type);

function conditionsIssues({ status }: CertificateSigningRequest): Issue[] {
  const conditions = status?.conditions ?? [];
  return conditions.flatMap(({ type, status: is }, i) => {
    const field = `status.conditions[${i}]`;
    const issues: Issue[] = [];
    if (!type) issues.push(required(`${field}.type`));
    else if (conditions.findIndex((other) => other.type === type) < i) issues.push(duplicate(`${field}.type`, type));
    if (type === 'Approved' || type === 'Denied' || type === 'Failed') {
      if (!is) issues.push(required(`${field}.status`));
      else if (is !== 'True') issues.push(notSupported(`${field}.status`, is, ['True']));
      const other = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : '';
      if (other && conditions.slice(0, i).some((before) => before.type === other)) {
        issues.push(invalid(`${field}.type`, type, 'Approved and Denied conditions are mutually exclusive'));
      }
    }
    return issues;
  });
}

const decisions = ['Approved', 'Denied', 'Failed'];

const decisionIssue = (verb: string, type: string): Issue =>
  forbiddenField('status.conditions', `updates may not ${verb} a condition of type ${JSON.stringify(type)}`);

/** Who writes the status does not decide, and nobody takes a decision back. */
function decisionIssues(next: CertificateSigningRequest, previous: CertificateSigningRequest): Issue[] {
  return decisions.flatMap((type) => {
    const [now, before] = [conditionsOf(next, type), conditionsOf(previous, type)];
    const refuse = (verb: string) => [decisionIssue(verb, type)];
    if (now.length < before.length) return refuse('remove');
    if (type === 'Failed') return [];
    if (now.length > before.length) return refuse('add');
    return deepEqual(now, before) ? [] : refuse('modify');
  });
}

const hidden = '<certificate data>';

function certificateIssues(next: CertificateSigningRequest, previous: CertificateSigningRequest): Issue[] {
  const field = 'status.certificate';
  const [now, before] = [next.status?.certificate, previous.status?.certificate];
  if (now === before) return [];
  const issues: Issue[] = [];
  if (now) {
    const types = pemTypes(textOfBase64(now));
    const other = types.find((type) => type !== 'CERTIFICATE');
    if (types.length === 0) issues.push(invalid(field, hidden, 'must contain at least one CERTIFICATE PEM block'));
    else if (other) {
      issues.push(invalid(field, hidden, `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(other)}`));
    }
  }
  return before ? [...issues, forbiddenField(field, 'updates may not modify existing certificate content')] : issues;
}
