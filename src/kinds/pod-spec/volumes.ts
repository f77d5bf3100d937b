// What is wrong with a pod's volumes.

import { type Issue, duplicate, forbiddenField, invalid, required } from '../../api/issues.ts';
import type { ObjectMeta } from '../../api/object.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../base/names.ts';
import { annotationIssues, complain, labelIssues, labelSelectorIssues, nonReservedPathIssues } from '../checks.ts';
import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  EphemeralVolumeSource,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  Volume,
  VolumeProjection,
} from '../generated/types/core-v1.ts';
import { isNegativeAmount } from '../quantities.ts';
import { claimSpecIssues } from './claim-spec.ts';
import { fieldReferenceIssues, resourceReferenceIssues } from './environment.ts';
import { csiDriverIssues, sharedSourceIssues } from './volume-sources.ts';

/** In the order in which Kubernetes looks for the one source a volume has. */
const sources = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
] as const;

export function volumeIssues(volumes: readonly Volume[], field: string, meta: ObjectMeta | undefined): Issue[] {
  const seen = new Set<string>();
  return volumes.flatMap((volume, i) => {
    const place = `${field}[${i}]`;
    const issues = sourceIssues(volume, place, meta);
    const clean = issues.length === 0;
    if (!volume.name) issues.push(required(`${place}.name`));
    else issues.push(...complain(`${place}.name`, volume.name, isDns1123Label));
    if (seen.has(volume.name)) issues.push(duplicate(`${place}.name`, volume.name));
    if (clean && issues.length === 0) seen.add(volume.name);
    return issues;
  });
}

function sourceIssues(volume: Volume, field: string, meta: ObjectMeta | undefined): Issue[] {
  const given = sources.filter((name) => volume[name] !== undefined && volume[name] !== null);
  if (given.length === 0) return [required(field, 'must specify a volume type')];
  return given.flatMap((name, i) =>
    i > 0
      ? [forbiddenField(`${field}.${name}`, 'may not specify more than 1 volume type')]
      : [...ownSourceIssues(volume, name, `${field}.${name}`), ...claimNameIssues(volume, name, field, meta)],
  );
}

function ownSourceIssues(volume: Volume, name: string, field: string): Issue[] {
  switch (name) {
    case 'emptyDir':
      return sizeLimitIssues(volume.emptyDir?.sizeLimit, field);
    case 'gitRepo':
      return gitRepoIssues(volume.gitRepo, field);
    case 'secret':
      return [
        ...(volume.secret?.secretName ? [] : [required(`${field}.secretName`)]),
        ...fileIssues(volume.secret, field),
      ];
    case 'configMap':
      return [...(volume.configMap?.name ? [] : [required(`${field}.name`)]), ...fileIssues(volume.configMap, field)];
    case 'persistentVolumeClaim':
      return volume.persistentVolumeClaim?.claimName ? [] : [required(`${field}.claimName`)];
    case 'downwardAPI':
      return [
        ...modeIssues(volume.downwardAPI?.defaultMode, `${field}.defaultMode`),
        ...(volume.downwardAPI?.items ?? []).flatMap((file) => downwardFileIssues(file, field)),
      ];
    case 'projected':
      return volume.projected ? projectedIssues(volume.projected, field) : [];
    case 'csi':
      return csiIssues(volume.csi, field);
    case 'ephemeral':
      return volume.ephemeral ? ephemeralIssues(volume.ephemeral, field) : [];
    case 'image':
      return imageIssues(volume.image, field);
    default:
      return sharedSourceIssues(volume, name, field);
  }
}

const sizeLimitIssues = (limit: string | undefined, field: string): Issue[] =>
  limit !== undefined && isNegativeAmount(limit)
    ? [forbiddenField(`${field}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
    : [];

function gitRepoIssues(source: Volume['gitRepo'], field: string): Issue[] {
  const issues = source?.repository ? [] : [required(`${field}.repository`)];
  return source?.directory ? [...issues, ...nonReservedPathIssues(source.directory, `${field}.directory`)] : issues;
}

interface Files {
  readonly items?: readonly KeyToPath[];
  readonly defaultMode?: number;
}

/** Files made of the keys of a config map or secret. */
function fileIssues(source: Files | undefined, field: string): Issue[] {
  return [
    ...modeIssues(source?.defaultMode, `${field}.defaultMode`),
    ...(source?.items ?? []).flatMap((item, i) => keyToPathIssues(item, `${field}.items[${i}]`)),
  ];
}

export function keyToPathIssues({ key, path, mode }: KeyToPath, field: string): Issue[] {
  return [
    ...(key ? [] : [required(`${field}.key`)]),
    ...(path ? nonReservedPathIssues(path, `${field}.path`) : [required(`${field}.path`)]),
    ...modeIssues(mode, `${field}.mode`),
  ];
}

function modeIssues(mode: number | undefined, field: string): Issue[] {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return [];
  return [invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

const volumeFields = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];

function downwardFileIssues(file: DownwardAPIVolumeFile, field: string): Issue[] {
  const issues = file.path ? nonReservedPathIssues(file.path, `${field}.path`) : [required(`${field}.path`)];
  if (file.fieldRef) {
    issues.push(...fieldReferenceIssues(file.fieldRef, `${field}.fieldRef`, volumeFields));
    if (file.resourceFieldRef) {
      const rule = 'fieldRef and resourceFieldRef can not be specified simultaneously';
      issues.push(invalid(field, 'resource', rule));
    }
  } else if (file.resourceFieldRef) {
    issues.push(...resourceReferenceIssues(file.resourceFieldRef, `${field}.resourceFieldRef`, 'of a container'));
  } else {
    issues.push(required(field, 'one of fieldRef and resourceFieldRef is required'));
  }
  return [...issues, ...modeIssues(file.mode, `${field}.mode`)];
}

const projections = [
  'secret',
  'configMap',
  'downwardAPI',
  'serviceAccountToken',
  'clusterTrustBundle',
  'podCertificate',
] as const;

function projectedIssues({ sources: given, defaultMode }: ProjectedVolumeSource, field: string): Issue[] {
  const paths = new Set<string>();
  const issues = modeIssues(defaultMode, `${field}.defaultMode`);
  (given ?? []).forEach((source, i) => {
    const place = `${field}.sources[${i}]`;
    const kinds = projections.filter((name) => source[name as keyof VolumeProjection] !== undefined);
    for (const [k, name] of kinds.entries()) {
      if (k === 0) issues.push(...projectionIssues(source, `${place}.${name}`));
      else issues.push(forbiddenField(`${place}.${name}`, 'may not specify more than 1 volume type'));
    }
    if (kinds.length === 0) issues.push(required(place, `must specify one of ${projections.join(', ')}`));
    for (const path of pathsOf(source)) {
      if (paths.has(path)) issues.push(invalid(place, path, 'conflicting duplicate paths'));
      paths.add(path);
    }
  });
  return issues;
}

function pathsOf(source: VolumeProjection): string[] {
  const items = [
    ...(source.secret?.items ?? []),
    ...(source.configMap?.items ?? []),
    ...(source.downwardAPI?.items ?? []),
  ].map((item) => item.path);
  const certificate = source.podCertificate;
  const others = [
    source.serviceAccountToken?.path,
    source.clusterTrustBundle?.path,
    certificate?.credentialBundlePath,
    certificate?.keyPath,
    certificate?.certificateChainPath,
  ];
  return [...items, ...others].filter((path): path is string => Boolean(path));
}

function projectionIssues(source: VolumeProjection, field: string): Issue[] {
  const named = source.secret ?? source.configMap;
  if (named) return [...(named.name ? [] : [required(`${field}.name`)]), ...fileIssues(named, field)];
  if (source.downwardAPI) return (source.downwardAPI.items ?? []).flatMap((file) => downwardFileIssues(file, field));
  if (source.serviceAccountToken) return tokenIssues(source.serviceAccountToken, field);
  if (source.clusterTrustBundle) return trustBundleIssues(source.clusterTrustBundle, field);
  return source.podCertificate ? certificateIssues(source.podCertificate, field) : [];
}

function tokenIssues(token: NonNullable<VolumeProjection['serviceAccountToken']>, field: string): Issue[] {
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
  if (!path) return [...issues, required(`${field}.path`)];
  return [...issues, ...nonReservedPathIssues(path, `${field}.path`)];
}

function trustBundleIssues(bundle: ClusterTrustBundleProjection, field: string): Issue[] {
  const { name, signerName, labelSelector, path } = bundle;
  const issues: Issue[] = [];
  if (name !== undefined && signerName !== undefined) {
    issues.push(invalid(field, bundle, 'only one of name and signerName may be used'));
  } else if (name !== undefined) {
    if (!name) issues.push(required(`${field}.name`, 'must be a valid object name'));
    if (labelSelector)
      issues.push(invalid(`${field}.labelSelector`, labelSelector, 'labelSelector must be unset if name is specified'));
  } else if (signerName !== undefined) {
    if (!signerName) issues.push(required(`${field}.signerName`, 'must be a valid signer name'));
    issues.push(...labelSelectorIssues(labelSelector, `${field}.labelSelector`));
  } else {
    issues.push(required(field, 'either name or signerName must be specified'));
  }
  if (!path) return [...issues, required(`${field}.path`)];
  return [...issues, ...nonReservedPathIssues(path, `${field}.path`)];
}

function certificateIssues(certificate: PodCertificateProjection, field: string): Issue[] {
  const issues = certificate.signerName ? [] : [required(`${field}.signerName`, 'must be a valid signer name')];
  const paths = (['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const).filter(
    (name) => certificate[name],
  );
  if (paths.length === 0) {
    const rule = 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath';
    issues.push(required(field, rule));
  }
  for (const name of paths) issues.push(...nonReservedPathIssues(certificate[name] ?? '', `${field}.${name}`));
  return issues;
}

function csiIssues(source: Volume['csi'], field: string): Issue[] {
  const issues = csiDriverIssues(source?.driver ?? '', `${field}.driver`);
  const secret = source?.nodePublishSecretRef;
  if (!secret) return issues;
  const place = `${field}.nodePublishSecretRef`;
  if (!secret.name) return [...issues, required(`${place}.name`)];
  return [...issues, ...complain(`${place}.name`, secret.name, isDns1123Subdomain)];
}

function ephemeralIssues({ volumeClaimTemplate: template }: EphemeralVolumeSource, field: string): Issue[] {
  const place = `${field}.volumeClaimTemplate`;
  if (!template) return [required(place)];
  const meta = (template.metadata ?? {}) as ObjectMeta;
  const allowed = new Set(['labels', 'annotations', 'creationTimestamp']);
  const others = Object.keys(meta).filter((name) => !allowed.has(name));
  return [
    ...annotationIssues(meta.annotations, `${place}.metadata.annotations`),
    ...labelIssues(meta.labels, `${place}.metadata.labels`),
    ...others.map((name) => forbiddenField(`${place}.metadata.${name}`, 'cannot be set')),
    ...claimSpecIssues(template.spec, `${place}.spec`),
  ];
}

/** The claim a pod gets for such a volume is named after both. */
function claimNameIssues(volume: Volume, source: string, field: string, meta: ObjectMeta | undefined): Issue[] {
  if (source !== 'ephemeral' || !meta?.name || !volume.name || isDns1123Label(volume.name).length > 0) return [];
  const name = `${meta.name}-${volume.name}`;
  return isDns1123Subdomain(name).map((text) => invalid(`${field}.name`, volume.name, `PVC name "${name}": ${text}`));
}

function imageIssues(image: Volume['image'], field: string): Issue[] {
  const issues: Issue[] = [];
  if (!image?.reference) issues.push(required(`${field}.reference`));
  else if (image.reference.trim() !== image.reference) {
    issues.push(invalid(`${field}.reference`, image.reference, 'must not have leading or trailing whitespace'));
  }
  return issues;
}
