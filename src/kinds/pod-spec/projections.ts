// What is wrong with a volume that is put together from several sources.

import { type Issue, forbiddenField, invalid, required } from '../../api/issues.ts';
import { isDns1123Subdomain } from '../../base/names.ts';
import { labelSelectorIssues, nonReservedPathIssues, notListed } from '../checks.ts';
import type {
  ClusterTrustBundleProjection,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  VolumeProjection,
} from '../generated/types/core-v1.ts';
import { isKubernetesSigner, signerNameIssues } from '../signer-name.ts';
import { downwardFileIssues, fileIssues, modeIssues } from './volume-files.ts';

const projections = [
  'secret',
  'configMap',
  'downwardAPI',
  'serviceAccountToken',
  'clusterTrustBundle',
  'podCertificate',
] as const;

type Projection = (typeof projections)[number];

export function projectedIssues({ sources: given, defaultMode }: ProjectedVolumeSource, field: string): Issue[] {
  const paths = new Set<string>();
  const issues = modeIssues(defaultMode, `${field}.defaultMode`);
  for (const [i, source] of (given ?? []).entries()) {
    const place = `${field}.sources[${i}]`;
    const kinds = projections.filter((name) => source[name] !== undefined);
    for (const name of kinds) {
      issues.push(...projectionIssues(source, name, { place: `${place}.${name}`, volume: field }));
      issues.push(...collisionIssues(source, name, field, paths));
    }
    if (kinds.length > 1) issues.push(forbiddenField(place, 'may not specify more than 1 volume type per source'));
  }
  return issues;
}

/** The same path twice in a volume, told with the name of what would be there. */
function collisionIssues(source: VolumeProjection, kind: Projection, field: string, paths: Set<string>): Issue[] {
  const name = kind === 'secret' || kind === 'configMap' ? (source[kind]?.name ?? '') : undefined;
  return pathsOf(source, kind).flatMap((path) => {
    const taken = paths.has(path);
    paths.add(path);
    return taken ? [invalid(field, name ?? path, 'conflicting duplicate paths')] : [];
  });
}

function pathsOf(source: VolumeProjection, kind: Projection): string[] {
  const certificate = source.podCertificate;
  const paths: Record<Projection, readonly (string | undefined)[]> = {
    secret: (source.secret?.items ?? []).map(({ path }) => path),
    configMap: (source.configMap?.items ?? []).map(({ path }) => path),
    downwardAPI: (source.downwardAPI?.items ?? []).map(({ path }) => path),
    serviceAccountToken: [],
    clusterTrustBundle: [source.clusterTrustBundle?.path],
    podCertificate: [certificate?.credentialBundlePath, certificate?.keyPath, certificate?.certificateChainPath],
  };
  return paths[kind].filter((path): path is string => Boolean(path));
}

/** Where a source stands, and its volume, which some issues are told of. */
interface At {
  readonly place: string;
  readonly volume: string;
}

function projectionIssues(source: VolumeProjection, kind: Projection, { place, volume }: At): Issue[] {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source;
  if (kind === 'secret' && secret) return keyIssues(secret, place);
  if (kind === 'configMap' && configMap) return keyIssues(configMap, place);
  if (kind === 'downwardAPI') return (downwardAPI?.items ?? []).flatMap((file) => downwardFileIssues(file, place));
  if (kind === 'serviceAccountToken' && serviceAccountToken) return tokenIssues(serviceAccountToken, place, volume);
  if (kind === 'clusterTrustBundle' && clusterTrustBundle) return trustBundleIssues(clusterTrustBundle, place);
  return podCertificate ? certificateIssues(podCertificate, place) : [];
}

const keyIssues = ({ name, items }: { name?: string; items?: KeyToPath[] }, field: string): Issue[] => [
  ...(name ? [] : [required(`${field}.name`)]),
  ...fileIssues({ ...(items && { items }) }, field),
];

/** Upstream tells of the path as if it were the volume's. */
function tokenIssues(
  token: NonNullable<VolumeProjection['serviceAccountToken']>,
  field: string,
  volume: string,
): Issue[] {
  const { expirationSeconds = 3600, path } = token;
  const issues: Issue[] = [];
  if (expirationSeconds < 600) {
    const rule = 'may not specify a duration less than 10 minutes';
    issues.push(invalid(`${field}.expirationSeconds`, expirationSeconds, rule));
  }
  if (expirationSeconds > 2 ** 32) {
    const rule = 'may not specify a duration larger than 2^32 seconds';
    issues.push(invalid(`${field}.expirationSeconds`, expirationSeconds, rule));
  }
  if (!path) return [...issues, required(`${volume}.path`)];
  return [...issues, ...nonReservedPathIssues(path, `${volume}.path`)];
}

function trustBundleIssues(bundle: ClusterTrustBundleProjection, field: string): Issue[] {
  const { name, signerName, labelSelector, path } = bundle;
  const issues: Issue[] = [];
  if (name !== undefined && signerName !== undefined) {
    issues.push(invalid(field, bundle, 'only one of name and signerName may be used'));
  } else if (name !== undefined) {
    if (!name) issues.push(required(`${field}.name`, 'must be a valid object name'));
    for (const rule of trustBundleNameRules(name)) {
      issues.push(invalid(`${field}.name`, name, `not a valid clustertrustbundlename: ${rule}`));
    }
    if (labelSelector)
      issues.push(invalid(`${field}.labelSelector`, labelSelector, 'labelSelector must be unset if name is specified'));
  } else if (signerName !== undefined) {
    if (!signerName) issues.push(required(`${field}.signerName`, 'must be a valid signer name'));
    issues.push(...signerNameIssues(signerName, `${field}.signerName`));
    issues.push(...labelSelectorIssues(labelSelector, `${field}.labelSelector`));
  } else {
    issues.push(required(field, 'either name or signerName must be specified'));
  }
  if (!path) return [...issues, required(`${field}.path`)];
  return [...issues, ...nonReservedPathIssues(path, `${field}.path`)];
}

/** A bundle of a signer has the signer's name before its own: `example.com:signer:name`. */
function trustBundleNameRules(name: string): string[] {
  const at = name.lastIndexOf(':');
  if (at < 0) return isDns1123Subdomain(name);
  const signer = name.slice(0, at).replaceAll(':', '/');
  const start = `${signer.replaceAll('/', ':')}:`;
  return name.startsWith(start) ? isDns1123Subdomain(name.slice(start.length)) : [];
}

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
const day = 86_400;

function certificateIssues(certificate: PodCertificateProjection, field: string): Issue[] {
  const { signerName = '', keyType = '', maxExpirationSeconds: age } = certificate;
  const issues = signerNameIssues(signerName, `${field}.signerName`);
  if (!keyTypes.includes(keyType)) issues.push(notListed(`${field}.keyType`, keyType, keyTypes));
  if (age !== undefined && age < 3600) {
    const rule = 'if provided, maxExpirationSeconds must be >= 3600';
    issues.push(invalid(`${field}.maxExpirationSeconds`, age, rule));
  }
  const oldest = isKubernetesSigner(signerName) ? day : 91 * day;
  if (age !== undefined && age > oldest) {
    const rule = `if provided, maxExpirationSeconds must be <= ${oldest}`;
    issues.push(invalid(`${field}.maxExpirationSeconds`, age, rule));
  }
  const paths = (['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const).filter(
    (name) => certificate[name],
  );
  for (const name of paths) issues.push(...nonReservedPathIssues(certificate[name] ?? '', `${field}.${name}`));
  if (paths.length > 0) return issues;
  const rule = 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath';
  return [...issues, required(field, rule)];
}
