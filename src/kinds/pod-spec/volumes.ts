// What is wrong with a pod's volumes.

import { type Issue, duplicate, forbiddenField, invalid, required } from '../../api/issues.ts';
import type { ObjectMeta } from '../../api/object.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../base/names.ts';
import { annotationIssues, choiceIssues, complain, descendingPathIssues, labelIssues } from '../checks.ts';
import type { EphemeralVolumeSource, Volume } from '../generated/types/core-v1.ts';
import { isNegativeAmount } from '../quantities.ts';
import { claimSpecIssues } from './claim-spec.ts';
import { projectedIssues } from './projections.ts';
import { downwardFileIssues, fileIssues, modeIssues } from './volume-files.ts';
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
      : [...ownSourceIssues(volume, name, `${field}.${name}`, meta), ...claimNameIssues(volume, name, field, meta)],
  );
}

function ownSourceIssues(volume: Volume, name: string, field: string, meta: ObjectMeta | undefined): Issue[] {
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
      return imageIssues(volume.image, field, meta);
    default:
      return sharedSourceIssues(volume, name, field, { inPod: true, name: volume.name });
  }
}

const sizeLimitIssues = (limit: string | undefined, field: string): Issue[] =>
  limit !== undefined && isNegativeAmount(limit)
    ? [forbiddenField(`${field}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
    : [];

function gitRepoIssues(source: Volume['gitRepo'], field: string): Issue[] {
  const issues = source?.repository ? [] : [required(`${field}.repository`)];
  return source?.directory ? [...issues, ...descendingPathIssues(source.directory, `${field}.directory`)] : issues;
}

function csiIssues(source: Volume['csi'], field: string): Issue[] {
  const issues = csiDriverIssues(source?.driver ?? '', `${field}.driver`);
  const secret = source?.nodePublishSecretRef;
  if (!secret) return issues;
  if (!secret.name) return [...issues, required(`${field}.nodePublishSecretRef.name`)];
  return [...issues, ...complain(`${field}.name`, secret.name, isDns1123Subdomain)];
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

/** A template may leave the image to whoever fills it in. */
function imageIssues(image: Volume['image'], field: string, meta: ObjectMeta | undefined): Issue[] {
  const issues = choiceIssues(image?.pullPolicy, `${field}.pullPolicy`, ['Always', 'IfNotPresent', 'Never']);
  if (!image?.reference) {
    if (meta) issues.unshift(required(`${field}.reference`));
  } else if (image.reference.trim() !== image.reference) {
    issues.push(invalid(`${field}.reference`, image.reference, 'must not have leading or trailing whitespace'));
  }
  return issues;
}
