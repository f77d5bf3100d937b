// The storage class a cluster with simulated nodes begins with, so that claims that name none get volumes.

import { ApiError } from '../api/status.ts';
import type { Client } from '../client/client.ts';
import { StorageClass } from '../kinds/storage/storage-class.ts';

const standard: StorageClass = {
  metadata: {
    name: 'standard',
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
  },
  provisioner: 'portolan.dev/simulated',
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
  allowVolumeExpansion: true,
};

/** Leaves the one of an earlier start as it is. */
export async function createDefaultStorageClass(client: Client): Promise<void> {
  try {
    await client.create(StorageClass, standard);
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
  }
}
