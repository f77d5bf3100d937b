// PodCertificateRequest: a kubelet asks a signer for a certificate for one of its pods.

import { deepEqual } from '../../base/equal.ts';
import { utf8Length } from '../../base/bytes.ts';
import { isDns1123Subdomain } from '../../base/names.ts';
import { formatTime } from '../../base/time.ts';
import { type Issue, invalid, required, tooLong } from '../../api/issues.ts';
import { annotationIssues, complain, immutable } from '../checks.ts';
import { labelsText, nameColumn, textColumn } from '../columns.ts';
import { defineKind, namedSchema } from '../define.ts';
import type {
  PodCertificateRequestSpec,
  PodCertificateRequest as Shape,
} from '../generated/types/certificates-v1beta1.ts';
import { internalValue } from '../internal-value.ts';
import { keepMetadata } from '../status-update.ts';
import { signerNameIssues } from '../signer-name.ts';
import { podCertificateStatusIssues } from './pod-certificate-status.ts';
import { proofIssues } from './proof-of-possession.ts';

export type PodCertificateRequest = Shape;

const specType = 'io.k8s.api.certificates.v1beta1.PodCertificateRequestSpec';
const specField = (field: string) => ({ type: specType, field });

export const PodCertificateRequest = defineKind<PodCertificateRequest>(
  'certificates.k8s.io/v1beta1',
  'PodCertificateRequest',
  {
    requireVersionOnUpdate: true,
    generation: 'none',
    prepareForStatusUpdate(request, previous, { now }) {
      keepMetadata(request, previous);
      for (const condition of request.status?.conditions ?? []) {
        const before = previous.status?.conditions?.find(
          ({ type, status }) => type === condition.type && status === condition.status,
        );
        condition.lastTransitionTime ||= before?.lastTransitionTime || formatTime(now());
      }
    },
    resetFields: { '': [], status: ['spec'] },
    validate: ({ spec }, context) => specIssues(spec ?? {}, context),
    validateUpdate: ({ spec }, previous) =>
      deepEqual(spec, previous.spec) ? [] : [immutable('spec', internalValue(namedSchema(specType), spec))],
    validateStatusUpdate: (next, previous, { now }) => podCertificateStatusIssues(next, previous, now()),
    selectableFields: {
      'spec.signerName': ({ spec }) => spec.signerName,
      'spec.podName': ({ spec }) => spec.podName,
      'spec.nodeName': ({ spec }) => spec.nodeName,
    },
    columns: [
      nameColumn,
      textColumn('PodName', specField('podName'), ({ spec }) => spec.podName),
      textColumn('ServiceAccountName', specField('serviceAccountName'), ({ spec }) => spec.serviceAccountName),
      textColumn('NodeName', specField('nodeName'), ({ spec }) => spec.nodeName),
      textColumn('SignerName', specField('signerName'), ({ spec }) => spec.signerName),
      textColumn('State', 'Is the request Pending, Issued, Denied, or Failed?', stateCell),
      textColumn('UnverifiedUserAnnotations', specField('unverifiedUserAnnotations'), ({ spec }) =>
        labelsText(spec.unverifiedUserAnnotations),
      ),
    ],
  },
  { gate: 'PodCertificateRequest' },
);

const outcomes = ['Issued', 'Denied', 'Failed'];

function stateCell({ status }: PodCertificateRequest): string {
  return status?.conditions?.findLast(({ type }) => outcomes.includes(type))?.type ?? 'Pending';
}

type Spec = Partial<PodCertificateRequestSpec>;

function specIssues(spec: Spec, context: Parameters<typeof proofIssues>[1]): Issue[] {
  const issues = [
    ...signerNameIssues(spec.signerName ?? '', 'spec.signerName'),
    ...annotationsIssues(spec.unverifiedUserAnnotations),
    ...whoIssues(spec),
  ];
  if (spec.maxExpirationSeconds === undefined) {
    return [...issues, required('spec.maxExpirationSeconds', 'must be set')];
  }
  return [...issues, ...durationIssues(spec), ...proofIssues(spec, context)];
}

/** The same as an object's annotations, and each belongs to a domain. */
function annotationsIssues(annotations: Spec['unverifiedUserAnnotations']): Issue[] {
  const field = 'spec.unverifiedUserAnnotations';
  const bare = Object.keys(annotations ?? {}).filter((key) => !key.includes('/'));
  return [
    ...annotationIssues(annotations, field),
    ...bare.map((key) => invalid(field, key, 'must be a domain-prefixed key (such as "acme.io/foo")')),
  ];
}

const longestUid = 128;

function whoIssues(spec: Spec): Issue[] {
  const named = (name: 'podName' | 'serviceAccountName' | 'nodeName') =>
    complain(`spec.${name}`, spec[name] ?? '', isDns1123Subdomain);
  return [
    ...named('podName'),
    ...uidIssues(spec.podUID ?? '', 'spec.podUID'),
    ...named('serviceAccountName'),
    ...uidIssues(spec.serviceAccountUID ?? '', 'spec.serviceAccountUID'),
    ...named('nodeName'),
    ...uidIssues(spec.nodeUID ?? '', 'spec.nodeUID'),
  ];
}

function uidIssues(uid: string, field: string): Issue[] {
  if (uid === '') return [invalid(field, uid, 'must not be empty')];
  return utf8Length(uid) > longestUid ? [tooLong(field, longestUid)] : [];
}

const hour = 3600;
const day = 24 * hour;

/** Kubernetes' own signers give a certificate for a day at most, others for 91. */
function durationIssues({ signerName = '', maxExpirationSeconds: seconds = 0 }: Spec): Issue[] {
  const [domain = ''] = signerName.split('/');
  const most = domain === 'kubernetes.io' || domain.endsWith('.kubernetes.io') ? day : 91 * day;
  if (seconds >= hour && seconds <= most) return [];
  return [invalid('spec.maxExpirationSeconds', seconds, `must be in the range [${hour}, ${most}]`)];
}
