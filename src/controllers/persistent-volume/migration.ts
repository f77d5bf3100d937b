// Volumes of plugins that Kubernetes once had inside: who keeps them today, and what the volumes and claims are marked with.

import type { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import type { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import { annotationOf, annotations } from './match.ts';

/** The plugins that moved out, and the CSI drivers that took over. */
const successors: Readonly<Record<string, string>> = {
  'kubernetes.io/aws-ebs': 'ebs.csi.aws.com',
  'kubernetes.io/azure-disk': 'disk.csi.azure.com',
  'kubernetes.io/azure-file': 'file.csi.azure.com',
  'kubernetes.io/cinder': 'cinder.csi.openstack.org',
  'kubernetes.io/gce-pd': 'pd.csi.storage.gke.io',
  'kubernetes.io/portworx-volume': 'pxd.portworx.com',
  'kubernetes.io/vsphere-volume': 'csi.vsphere.vmware.com',
};

/** The plugin of a volume's source, where it moved out. */
const movedSources: Readonly<Record<string, string>> = {
  awsElasticBlockStore: 'kubernetes.io/aws-ebs',
  azureDisk: 'kubernetes.io/azure-disk',
  azureFile: 'kubernetes.io/azure-file',
  cinder: 'kubernetes.io/cinder',
  gcePersistentDisk: 'kubernetes.io/gce-pd',
  portworxVolume: 'kubernetes.io/portworx-volume',
  vsphereVolume: 'kubernetes.io/vsphere-volume',
};

/** The CSI driver that stands for a plugin that moved out; undefined for every other provisioner. */
export const successorOf = (plugin: string): string | undefined => successors[plugin];

export const movedPluginOf = ({ spec }: PersistentVolume): string | undefined =>
  movedSources[Object.keys(spec ?? {}).find((field) => field in movedSources) ?? ''];

export const isInTree = (provisioner: string): boolean => provisioner.startsWith('kubernetes.io/');

/** The object with `migrated-to` as it should be; the same object where it is. */
export function withMigration<T extends PersistentVolume | PersistentVolumeClaim>(object: T, provisioner?: string): T {
  if (provisioner === undefined) return object;
  const wanted = successorOf(provisioner);
  const { [annotations.migratedTo]: present, ...others } = object.metadata.annotations ?? {};
  if (wanted === (present || undefined)) return object;
  const marked = wanted === undefined ? others : { ...others, [annotations.migratedTo]: wanted };
  return { ...object, metadata: { ...object.metadata, annotations: marked } };
}

export const claimProvisionerOf = (claim: PersistentVolumeClaim): string | undefined =>
  annotationOf(claim, 'provisioner') ?? annotationOf(claim, 'betaProvisioner');

export const inTreeFinalizer = 'kubernetes.io/pv-controller';
export const provisionerFinalizer = 'external-provisioner.volume.kubernetes.io/finalizer';

/** Volumes that plugins inside Kubernetes provisioned keep a finalizer while they are to be deleted with their claims. */
export function withDeletionFinalizer(volume: PersistentVolume): PersistentVolume {
  const provisioner = annotationOf(volume, 'provisionedBy');
  if (provisioner === undefined || (!isInTree(provisioner) && !successorOf(provisioner))) return volume;
  const present = volume.metadata.finalizers ?? [];
  const wanted = successorOf(provisioner)
    ? present.filter((each) => each !== inTreeFinalizer)
    : inTreeFinalizers(present, volume.spec?.persistentVolumeReclaimPolicy === 'Delete');
  return wanted.length === present.length && wanted.every((each, i) => each === present[i])
    ? volume
    : { ...volume, metadata: { ...volume.metadata, finalizers: wanted } };
}

function inTreeFinalizers(present: readonly string[], isDeleted: boolean): string[] {
  const others = present.filter((each) => each !== provisionerFinalizer && (isDeleted || each !== inTreeFinalizer));
  return isDeleted && !others.includes(inTreeFinalizer) ? [...others, inTreeFinalizer] : others;
}
