// What is wrong with the sources of volumes that pods and persistent volumes share.

import { type Issue, invalid, notSupported, required } from '../../api/issues.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../base/names.ts';
import { backstepIssues, complain } from '../checks.ts';
import type {
  AWSElasticBlockStoreVolumeSource,
  AzureDiskVolumeSource,
  FCVolumeSource,
  GCEPersistentDiskVolumeSource,
  HostPathVolumeSource,
  NFSVolumeSource,
  PersistentVolumeSpec,
  Volume,
} from '../generated/types/core-v1.ts';

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

/** The given texts must be there. */
function requiredIssues(source: object, field: string, names: readonly string[]): Issue[] {
  const given = source as Readonly<Record<string, unknown>>;
  return names.flatMap((name) => {
    const value = given[name];
    return value && (!Array.isArray(value) || value.length > 0) ? [] : [required(`${field}.${name}`)];
  });
}

function hostPathIssues({ path, type }: HostPathVolumeSource, field: string): Issue[] {
  if (!path) return [required(`${field}.path`)];
  const issues = backstepIssues(path, `${field}.path`);
  if (type !== undefined && !hostPathTypes.includes(type)) {
    issues.push(notSupported(`${field}.type`, type, hostPathTypes));
  }
  return issues;
}

function nfsIssues(source: NFSVolumeSource, field: string): Issue[] {
  const issues = requiredIssues(source, field, ['server', 'path']);
  if (source.path && !source.path.startsWith('/')) {
    issues.push(invalid(`${field}.path`, source.path, 'must be an absolute path'));
  }
  return issues;
}

function partitionIssues(source: { partition?: number }, field: string): Issue[] {
  const { partition = 0 } = source;
  if (partition >= 0 && partition <= 255) return [];
  return [invalid(`${field}.partition`, partition, 'must be between 0 and 255, inclusive')];
}

const gceIssues = (source: GCEPersistentDiskVolumeSource, field: string): Issue[] => [
  ...(source.pdName ? complain(`${field}.pdName`, source.pdName, isDns1123Label) : [required(`${field}.pdName`)]),
  ...partitionIssues(source, field),
];

const awsIssues = (source: AWSElasticBlockStoreVolumeSource, field: string): Issue[] => [
  ...requiredIssues(source, field, ['volumeID']),
  ...partitionIssues(source, field),
];

function iscsiIssues(source: NonNullable<Volume['iscsi'] | PersistentVolumeSpec['iscsi']>, field: string): Issue[] {
  const issues = requiredIssues(source, field, ['targetPortal', 'iqn']);
  const { iqn, lun } = source;
  if (iqn && !/^(iqn|eui|naa)\./.test(iqn)) issues.push(invalid(`${field}.iqn`, iqn, 'must be valid format'));
  if (iqn?.startsWith('iqn.') && !/^iqn\.\d{4}-\d{2}\.([\w.]+)(:[\w.:]*)?/.test(iqn)) {
    issues.push(invalid(`${field}.iqn`, iqn, 'must be valid format'));
  }
  if (lun < 0 || lun > 255) issues.push(invalid(`${field}.lun`, lun, 'must be between 0 and 255, inclusive'));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) {
    issues.push(required(`${field}.secretRef`));
  }
  return issues;
}

function fcIssues({ targetWWNs = [], wwids = [], lun }: FCVolumeSource, field: string): Issue[] {
  if (targetWWNs.length === 0 && wwids.length === 0) {
    return [required(`${field}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both')];
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    return [invalid(`${field}.targetWWNs`, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously')];
  }
  if (wwids.length > 0) return [];
  if (lun === undefined) return [required(`${field}.lun`, 'lun is required if targetWWNs is specified')];
  return lun < 0 || lun > 255 ? [invalid(`${field}.lun`, lun, 'must be between 0 and 255, inclusive')] : [];
}

function azureDiskIssues(source: AzureDiskVolumeSource, field: string): Issue[] {
  const issues = requiredIssues(source, field, ['diskName', 'diskURI']);
  const choices: [string, string | undefined, string[]][] = [
    ['cachingMode', source.cachingMode, ['None', 'ReadOnly', 'ReadWrite']],
    ['kind', source.kind, ['Dedicated', 'Managed', 'Shared']],
  ];
  for (const [name, value, supported] of choices) {
    if (value && !supported.includes(value)) issues.push(notSupported(`${field}.${name}`, value, supported));
  }
  return issues;
}

function glusterfsIssues(source: object, field: string): Issue[] {
  return requiredIssues(source, field, ['endpoints', 'path']);
}

function flockerIssues({ datasetName, datasetUUID }: { datasetName?: string; datasetUUID?: string }, field: string) {
  if (!datasetName && !datasetUUID) return [required(field, 'one of datasetName and datasetUUID is required')];
  if (datasetName && datasetUUID) {
    return [invalid(field, 'resource', 'datasetName and datasetUUID can not be specified simultaneously')];
  }
  return datasetName?.includes('/') ? [invalid(`${field}.datasetName`, datasetName, "must not contain '/'")] : [];
}

/** A volume or a persistent volume's spec. */
type Sources = {
  readonly [Name in keyof Volume]?: Volume[Name] | PersistentVolumeSpec[Name & keyof PersistentVolumeSpec] | undefined;
};

/** Sources checked the same in pods and in persistent volumes, by the name of their field. */
export function sharedSourceIssues(source: Sources, name: string, field: string): Issue[] {
  switch (name) {
    case 'hostPath':
      return source.hostPath ? hostPathIssues(source.hostPath, field) : [];
    case 'nfs':
      return source.nfs ? nfsIssues(source.nfs, field) : [];
    case 'gcePersistentDisk':
      return source.gcePersistentDisk ? gceIssues(source.gcePersistentDisk, field) : [];
    case 'awsElasticBlockStore':
      return source.awsElasticBlockStore ? awsIssues(source.awsElasticBlockStore, field) : [];
    case 'iscsi':
      return source.iscsi ? iscsiIssues(source.iscsi, field) : [];
    case 'fc':
      return source.fc ? fcIssues(source.fc, field) : [];
    case 'azureDisk':
      return source.azureDisk ? azureDiskIssues(source.azureDisk, field) : [];
    case 'flocker':
      return source.flocker ? flockerIssues(source.flocker, field) : [];
    case 'glusterfs':
      return source.glusterfs ? glusterfsIssues(source.glusterfs, field) : [];
    default:
      return requiredIssues(fieldsOf(source, name), field, neededFields[name] ?? []);
  }
}

const fieldsOf = (source: object, name: string): object =>
  (source as Readonly<Record<string, object | undefined>>)[name] ?? {};

/** Of the sources whose only rule is that some fields be given. */
const neededFields: Readonly<Record<string, readonly string[]>> = {
  rbd: ['monitors', 'image'],
  cinder: ['volumeID'],
  cephfs: ['monitors'],
  quobyte: ['registry', 'volume'],
  flexVolume: ['driver'],
  azureFile: ['secretName', 'shareName'],
  vsphereVolume: ['volumePath'],
  photonPersistentDisk: ['pdID'],
  portworxVolume: ['volumeID'],
  scaleIO: ['gateway', 'system', 'volumeName'],
};

/** The name a CSI driver goes by: a subdomain of 63 characters at most. */
export function csiDriverIssues(driver: string, field: string): Issue[] {
  if (!driver) return [required(field)];
  const issues: Issue[] = [];
  if (driver.length > 63) {
    issues.push({ type: 'tooLong', field, message: 'Too long: may not be more than 63 bytes' });
  }
  return [...issues, ...complain(field, driver, (text) => isDns1123Subdomain(text.toLowerCase()))];
}
