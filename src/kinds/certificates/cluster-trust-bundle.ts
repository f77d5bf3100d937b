// ClusterTrustBundle: the certificates of authorities that pods may trust, of one signer or of nobody in particular.

import { readCertificate } from '../../base/certificate.ts';
import { base64, utf8Length } from '../../base/bytes.ts';
import { isDns1123Subdomain } from '../../base/names.ts';
import { type Issue, invalid, tooLong } from '../../api/issues.ts';
import { complain, immutable } from '../checks.ts';
import { nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define.ts';
import type { ClusterTrustBundle as Shape } from '../generated/types/certificates-v1beta1.ts';
import { signerNameIssues } from '../signer-name.ts';
import { pemBlocks } from './pem.ts';

export type ClusterTrustBundle = Shape;

export const ClusterTrustBundle = defineKind<ClusterTrustBundle>(
  'certificates.k8s.io/v1beta1',
  'ClusterTrustBundle',
  {
    nameRule: 'pathSegment',
    requireVersionOnUpdate: true,
    generation: 'none',
    validate: (bundle) => [...identityIssues(bundle), ...contentIssues(bundle.spec?.trustBundle ?? '')],
    validateUpdate: (next, { spec: before }) => [
      ...identityIssues(next),
      ...(next.spec?.trustBundle === before.trustBundle ? [] : contentIssues(next.spec?.trustBundle ?? '')),
      ...((next.spec?.signerName ?? '') === (before.signerName ?? '')
        ? []
        : [immutable('spec.signerName', next.spec?.signerName ?? '')]),
    ],
    selectableFields: { 'spec.signerName': ({ spec }) => spec.signerName ?? '' },
    columns: [
      nameColumn,
      textColumn(
        'SignerName',
        { type: 'io.k8s.api.certificates.v1beta1.ClusterTrustBundleSpec', field: 'signerName' },
        ({ spec }) => spec.signerName || '<none>',
      ),
    ],
  },
  { gate: 'ClusterTrustBundle' },
);

function identityIssues({ metadata: { name = '' }, spec }: ClusterTrustBundle): Issue[] {
  const signer = spec?.signerName ?? '';
  return [
    ...complain('metadata.name', name, nameRuleOf(signer)),
    ...(signer ? signerNameIssues(signer, 'spec.signerName') : []),
  ];
}

/** A signer's bundles begin with its name, with colons for slashes; others have no colon. */
function nameRuleOf(signer: string): (name: string) => string[] {
  const prefix = `${signer.replaceAll('/', ':')}:`;
  return (name) => {
    if (!signer) {
      if (name.includes(':')) return ['ClusterTrustBundle without signer name must not have ":" in its name'];
      return isDns1123Subdomain(name);
    }
    if (name.startsWith(prefix)) return isDns1123Subdomain(name.slice(prefix.length));
    return [`ClusterTrustBundle for signerName ${signer} must be named with prefix ${prefix}`];
  };
}

const field = 'spec.trustBundle';
const largestBundle = 1024 * 1024;

const refused = (why: string): Issue => invalid(field, '<value omitted>', why);

function contentIssues(text: string): Issue[] {
  if (utf8Length(text) > largestBundle) return [tooLong(field, largestBundle)];
  const blocks = pemBlocks(text);
  if (blocks.length === 0) return [refused('at least one trust anchor must be provided')];
  const places = new Map<string, number[]>();
  const issues = blocks.flatMap(({ type, hasHeaders, bytes }, i) => {
    const wrong = blockFault(type, hasHeaders, bytes);
    if (wrong) return [refused(`entry ${i} ${wrong}`)];
    const key = base64(bytes);
    places.set(key, [...(places.get(key) ?? []), i]);
    return [];
  });
  const repeated = [...places.values()].filter((indices) => indices.length > 1);
  return [...issues, ...repeated.map((indices) => refused(`duplicate trust anchor (indices [${indices.join(' ')}])`))];
}

function blockFault(type: string, hasHeaders: boolean, bytes: Uint8Array): string | undefined {
  if (type !== 'CERTIFICATE') return `has bad block type: ${type}`;
  if (hasHeaders) return 'has PEM block headers';
  const certificate = readCertificate(bytes);
  if (!certificate) return 'does not parse as X.509';
  return certificate.isAuthority ? undefined : 'does not have the CA bit set';
}
