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
  QuobyteVolumeSource,
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

const iscsiNames: readonly (readonly [string, RegExp])[] = [
  ['iqn', /iqn\.\d{4}-\d{2}\.[a-zA-Z0-9.-]+:[^,;*&$|\s]+$/],
  ['eui', /^eui.[a-zA-Z0-9]{16}$/],
  ['naa', /^naa.[a-zA-Z0-9]{32}$/],
];

/** Pods are told what a name begins with; persistent volumes only that it is wrong. */
function iscsiNameIssues(name: string, field: string, inPod: boolean): Issue[] {
  const [, form] = iscsiNames.find(([start]) => name.startsWith(start)) ?? [];
  if (!form) {
    return [invalid(field, name, `must be valid format${inPod ? ' starting with iqn, eui, or naa' : ''}`)];
  }
  return form.test(name) ? [] : [invalid(field, name, 'must be valid format')];
}

type Iscsi = NonNullable<Volume['iscsi'] | PersistentVolumeSpec['iscsi']>;

function iscsiIssues(source: Iscsi, field: string, owner: Owner): Issue[] {
  const { iqn, lun, initiatorName, targetPortal = '', secretRef } = source;
  const issues = targetPortal ? [] : [required(`${field}.targetPortal`)];
  const crowded = initiatorName !== undefined && `${owner.name}:${targetPortal}`.length > 64;
  if (crowded && !owner.inPod) issues.push(invalid(`${field}.targetportal`, targetPortal, crowdedRule));
  issues.push(...(iqn ? iscsiNameIssues(iqn, `${field}.iqn`, owner.inPod) : [required(`${field}.iqn`)]));
  if (lun < 0 || lun > 255) issues.push(invalid(`${field}.lun`, lun, 'must be between 0 and 255, inclusive'));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !secretRef) issues.push(required(`${field}.secretRef`));
  if (!owner.inPod && secretRef && !secretRef.name) issues.push(required(`${field}.secretRef.name`));
  if (initiatorName !== undefined) {
    issues.push(...iscsiNameIssues(initiatorName, `${field}.initiatorname`, owner.inPod));
  }
  if (crowded && owner.inPod) issues.push(invalid(`${fieldAbove(field)}.name`, owner.name, crowdedRule));
  return issues;
}

const crowdedRule =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';

const fieldAbove = (field: string): string => field.slice(0, field.lastIndexOf('.'));

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
    if (value !== undefined && !supported.includes(value))
      issues.push(notSupported(`${field}.${name}`, value, supported));
  }
  return [...issues, ...diskAddressIssues(source, `${field}.diskURI`)];
}

const managedDisk = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobDisk = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

function diskAddressIssues({ kind, diskURI }: AzureDiskVolumeSource, field: string): Issue[] {
  if (kind === undefined) return [];
  const [start, form] = kind === 'Managed' ? ['/subscriptions/', managedDisk] : ['https://', blobDisk];
  return diskURI?.startsWith(start) ? [] : [notSupported(field, diskURI ?? '', [form])];
}

function glusterfsIssues(source: { endpoints?: string; endpointsNamespace?: string }, field: string): Issue[] {
  const issues = requiredIssues(source, field, ['endpoints', 'path']);
  const { endpointsNamespace: namespace } = source;
  if (namespace === undefined) return issues;
  const place = `${field}.endpointsNamespace`;
  const rule = 'if the endpointnamespace is set, it must be a valid namespace name';
  if (namespace === '') return [...issues, invalid(place, namespace, rule)];
  return [...issues, ...complain(place, namespace, isDns1123Label)];
}

function quobyteIssues({ registry, tenant = '', volume }: QuobyteVolumeSource, field: string): Issue[] {
  const pairs = 'must be a host:port pair or multiple pairs separated by commas';
  const issues: Issue[] = [];
  if (!registry) issues.push(required(`${field}.registry`, pairs));
  else if (tenant.length >= 65) {
    issues.push(required(`${field}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'));
  } else {
    const wrong = registry.split(',').filter((pair) => !/^(\[[^[\]]*\]|[^:[\]]*):[^:]*$/.test(pair));
    issues.push(...wrong.map(() => invalid(`${field}.registry`, registry, pairs)));
  }
  return volume ? issues : [...issues, required(`${field}.volume`)];
}

/** Options that a driver gets beside its own are kept for Kubernetes. */
function flexIssues(
  { driver, options }: { driver: string; options?: Readonly<Record<string, string>> },
  field: string,
) {
  const issues = driver ? [] : [required(`${field}.driver`)];
  for (const key of Object.keys(options ?? {})) {
    const namespace = `.${(key.split('/', 2)[0] ?? '').toLowerCase()}`;
    if (namespace.endsWith('.kubernetes.io') || namespace.endsWith('.k8s.io')) {
      issues.push(invalid(`${field}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'));
    }
  }
  return issues;
}

type StorageOs = NonNullable<Volume['storageos'] | PersistentVolumeSpec['storageos']>;

function storageOsIssues({ volumeName, volumeNamespace, secretRef }: StorageOs, field: string, owner: Owner): Issue[] {
  return [
    ...(volumeName ? complain(`${field}.volumeName`, volumeName, isDns1123Label) : [required(`${field}.volumeName`)]),
    ...(volumeNamespace ? complain(`${field}.volumeNamespace`, volumeNamespace, isDns1123Label) : []),
    ...secretIssues(secretRef, `${field}.secretRef`, owner),
  ];
}

/** Persistent volumes, which are in no namespace, say where their secrets are. */
function secretIssues(
  secret: { name?: string; namespace?: string } | undefined,
  field: string,
  { inPod }: Owner,
): Issue[] {
  if (!secret) return [];
  return requiredIssues(secret, field, inPod ? ['name'] : ['name', 'namespace']);
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

/** Whose source it is: a volume's of a pod, or a persistent volume's. */
interface Owner {
  readonly inPod: boolean;
  readonly name: string;
}

/** Sources of pods and of persistent volumes, by the name of their field. */
export function sharedSourceIssues(source: Sources, name: string, field: string, owner: Owner): Issue[] {
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
      return source.iscsi ? iscsiIssues(source.iscsi, field, owner) : [];
    case 'fc':
      return source.fc ? fcIssues(source.fc, field) : [];
    case 'azureDisk':
      return source.azureDisk ? azureDiskIssues(source.azureDisk, field) : [];
    case 'flocker':
      return source.flocker ? flockerIssues(source.flocker, field) : [];
    case 'glusterfs':
      return source.glusterfs ? glusterfsIssues(source.glusterfs, field) : [];
    case 'quobyte':
      return source.quobyte ? quobyteIssues(source.quobyte, field) : [];
    case 'flexVolume':
      return source.flexVolume ? flexIssues(source.flexVolume, field) : [];
    case 'storageos':
      return source.storageos ? storageOsIssues(source.storageos, field, owner) : [];
    case 'cinder':
      return [
        ...requiredIssues(fieldsOf(source, name), field, ['volumeID']),
        ...secretIssues(source.cinder?.secretRef, `${field}.secretRef`, owner),
      ];
    case 'azureFile':
      return azureFileIssues(fieldsOf(source, name), field);
    default:
      return requiredIssues(fieldsOf(source, name), field, neededFields[name] ?? []);
  }
}

function azureFileIssues(source: { secretNamespace?: string }, field: string): Issue[] {
  const issues = requiredIssues(source, field, ['secretName', 'shareName']);
  return source.secretNamespace === '' ? [...issues, required(`${field}.secretNamespace`)] : issues;
}

const fieldsOf = (source: object, name: string): object =>
  (source as Readonly<Record<string, object | undefined>>)[name] ?? {};

/** Of the sources whose only rule is that some fields be given. */
const neededFields: Readonly<Record<string, readonly string[]>> = {
  rbd: ['monitors', 'image'],
  cephfs: ['monitors'],
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
