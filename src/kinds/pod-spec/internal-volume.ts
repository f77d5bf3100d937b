// The source of a persistent volume as the API server holds it inside, where a refusal prints it.

import type { PersistentVolumeSpec } from '../generated/types/core-v1.ts';

/** In the order of the internal type. */
const forms = {
  gcePersistentDisk: { name: 'GCEPersistentDisk', fields: ['PDName', 'FSType', 'Partition', 'ReadOnly'] },
  awsElasticBlockStore: { name: 'AWSElasticBlockStore', fields: ['VolumeID', 'FSType', 'Partition', 'ReadOnly'] },
  hostPath: { name: 'HostPath', fields: ['Path', 'Type?'] },
  glusterfs: { name: 'Glusterfs', fields: ['EndpointsName', 'Path', 'ReadOnly', 'EndpointsNamespace?'] },
  nfs: { name: 'NFS', fields: ['Server', 'Path', 'ReadOnly'] },
  rbd: {
    name: 'RBD',
    fields: ['CephMonitors?', 'RBDImage', 'FSType', 'RBDPool', 'RadosUser', 'Keyring', 'SecretRef?', 'ReadOnly'],
  },
  quobyte: { name: 'Quobyte', fields: ['Registry', 'Volume', 'ReadOnly', 'User', 'Group', 'Tenant'] },
  iscsi: {
    name: 'ISCSI',
    fields: [
      'TargetPortal',
      'IQN',
      'Lun',
      'ISCSIInterface',
      'FSType',
      'ReadOnly',
      'Portals?',
      'DiscoveryCHAPAuth',
      'SessionCHAPAuth',
      'SecretRef?',
      'InitiatorName?',
    ],
  },
  flexVolume: { name: 'FlexVolume', fields: ['Driver', 'FSType', 'SecretRef?', 'ReadOnly', 'Options?'] },
  cinder: { name: 'Cinder', fields: ['VolumeID', 'FSType', 'ReadOnly', 'SecretRef?'] },
  cephfs: { name: 'CephFS', fields: ['Monitors?', 'Path', 'User', 'SecretFile', 'SecretRef?', 'ReadOnly'] },
  fc: { name: 'FC', fields: ['TargetWWNs?', 'Lun?', 'FSType', 'ReadOnly', 'WWIDs?'] },
  flocker: { name: 'Flocker', fields: ['DatasetName', 'DatasetUUID'] },
  azureFile: { name: 'AzureFile', fields: ['SecretName', 'ShareName', 'ReadOnly', 'SecretNamespace?'] },
  vsphereVolume: { name: 'VsphereVolume', fields: ['VolumePath', 'FSType', 'StoragePolicyName', 'StoragePolicyID'] },
  azureDisk: {
    name: 'AzureDisk',
    fields: ['DiskName', 'DataDiskURI', 'CachingMode?', 'FSType?', 'ReadOnly?', 'Kind?'],
  },
  photonPersistentDisk: { name: 'PhotonPersistentDisk', fields: ['PdID', 'FSType'] },
  portworxVolume: { name: 'PortworxVolume', fields: ['VolumeID', 'FSType', 'ReadOnly'] },
  scaleIO: {
    name: 'ScaleIO',
    fields: [
      'Gateway',
      'System',
      'SecretRef?',
      'SSLEnabled',
      'ProtectionDomain',
      'StoragePool',
      'StorageMode',
      'VolumeName',
      'FSType',
      'ReadOnly',
    ],
  },
  local: { name: 'Local', fields: ['Path', 'FSType?'] },
  storageos: { name: 'StorageOS', fields: ['VolumeName', 'VolumeNamespace', 'FSType', 'ReadOnly', 'SecretRef?'] },
  csi: {
    name: 'CSI',
    fields: [
      'Driver',
      'VolumeHandle',
      'ReadOnly',
      'FSType',
      'VolumeAttributes?',
      'ControllerPublishSecretRef?',
      'NodeStageSecretRef?',
      'NodePublishSecretRef?',
      'ControllerExpandSecretRef?',
      'NodeExpandSecretRef?',
    ],
  },
} as const;

export const volumeSources = Object.keys(forms) as (keyof typeof forms)[];

/** Fields whose inner name is another than the published one. */
const published: Readonly<Record<string, string>> = {
  EndpointsName: 'endpoints',
  CephMonitors: 'monitors',
  RBDImage: 'image',
  RBDPool: 'pool',
  RadosUser: 'user',
  DiscoveryCHAPAuth: 'chapauthdiscovery',
  SessionCHAPAuth: 'chapauthsession',
  DataDiskURI: 'diskuri',
};

const flags = new Set(['ReadOnly', 'DiscoveryCHAPAuth', 'SessionCHAPAuth', 'SSLEnabled']);
const numbers = new Set(['Partition', 'Lun']);

/** All possible sources, the missing ones as null. */
export function internalVolumeSource(spec: PersistentVolumeSpec): unknown {
  return Object.fromEntries(
    Object.entries(forms).map(([key, { name, fields }]) => [name, sourceOf(spec[key as keyof typeof forms], fields)]),
  );
}

/** A field with a question mark is null where nothing is given. */
function sourceOf(source: object | undefined, fields: readonly string[]): unknown {
  if (!source) return null;
  const given = new Map(Object.entries(source).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries(
    fields.map((field) => {
      const name = field.replace('?', '');
      const value: unknown = given.get((published[name] ?? name).toLowerCase());
      return [name, value ?? (field.endsWith('?') ? null : emptyOf(name))];
    }),
  );
}

const emptyOf = (name: string): unknown => (flags.has(name) ? false : numbers.has(name) ? 0 : '');
