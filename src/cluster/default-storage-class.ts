// The storage class a cluster with simulated nodes begins with, so that claims that name none get volumes, and the driver of its volumes.

import { createOnce } from './create-once.ts';
import type { Client } from '../client/client.ts';
import { CSIDriver } from '../kinds/storage/csi-driver.ts';
import { simulatedDriver } from '../kinds/storage/driver-name.ts';
import { StorageClass } from '../kinds/storage/storage-class.ts';

const standard: StorageClass = {
  metadata: {
    name: 'standard',
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
  },
  provisioner: simulatedDriver,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
  allowVolumeExpansion: true,
};

const driver: CSIDriver = {
  metadata: { name: simulatedDriver },
  spec: { attachRequired: true, podInfoOnMount: false, volumeLifecycleModes: ['Persistent'] },
};

/** Leaves those of an earlier start as they are. */
export async function createDefaultStorageClass(client: Client): Promise<void> {
  await createOnce(client, CSIDriver, driver);
  await createOnce(client, StorageClass, standard);
}
