// What the volume plugins inside kube-controller-manager can do: next to nothing is left, and what is missing is said in their words.

import type { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import type { StorageClass } from '../../kinds/storage/storage-class.ts';
import { annotationOf } from './match.ts';
import { isInTree, successorOf } from './migration.ts';

const hostPath = 'kubernetes.io/host-path';
const nfs = 'kubernetes.io/nfs';

/** Why nobody will ever make a volume of the class; undefined where a provisioner outside can. */
export function provisioningFault({ metadata, provisioner, mountOptions = [] }: StorageClass): string | undefined {
  if (!isInTree(provisioner) || successorOf(provisioner)) return undefined;
  if (provisioner === nfs) return 'no provisionable volume plugin matched';
  if (provisioner !== hostPath) return `no volume plugin matched name: ${provisioner}`;
  return mountOptions.length > 0
    ? `Mount options are not supported by the provisioner but StorageClass ${JSON.stringify(metadata.name)} has mount options [${mountOptions.join(' ')}]`
    : `Failed to create provisioner: provisioning in volume plugin ${JSON.stringify(hostPath)} is disabled`;
}

/** Who deletes what is in a volume: somebody outside, the controller itself, or nobody, and why. */
export type Deletion = 'outside' | 'inside' | { readonly fault: string };

export function deletionOf(volume: PersistentVolume): Deletion {
  const provisioner = annotationOf(volume, 'provisionedBy');
  if (provisioner) return provisioner === hostPath ? deletionOfPath(volume) : deletionBy(provisioner);
  if (annotationOf(volume, 'migratedTo') !== undefined || volume.spec?.csi) return 'outside';
  if (volume.spec?.hostPath) return deletionOfPath(volume);
  const why = volume.spec?.nfs ? 'no deletable volume plugin matched' : 'no volume plugin matched';
  return { fault: `error getting deleter volume plugin for volume ${JSON.stringify(volume.metadata.name)}: ${why}` };
}

function deletionBy(provisioner: string): Deletion {
  if (!isInTree(provisioner)) return 'outside';
  return {
    fault: provisioner === nfs ? 'no deletable volume plugin matched' : `no volume plugin matched name: ${provisioner}`,
  };
}

/** Only directories below /tmp are deleted. */
function deletionOfPath({ metadata, spec }: PersistentVolume): Deletion {
  if (!spec?.hostPath)
    return {
      fault: `failed to create deleter for volume ${JSON.stringify(metadata.name)}: spec.PersistentVolumeSource.HostPath is nil`,
    };
  return /^\/tmp\/.+/.test(spec.hostPath.path)
    ? 'inside'
    : { fault: `host_path deleter only supports /tmp/.+ but received provided ${spec.hostPath.path}` };
}

export const isRecyclable = ({ spec }: PersistentVolume): boolean =>
  spec?.hostPath !== undefined || spec?.nfs !== undefined;
