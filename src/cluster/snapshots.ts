// Snapshots of volumes: their definitions, a class to begin with, and controllers that run while the definitions are there, whoever made them.

import type { Log } from '../base/log.ts';
import type { Client } from '../client/client.ts';
import { snapshotDefinitions } from '../controllers/snapshots/definitions.ts';
import { names, snapshotGroup, type SnapshotKinds, snapshotKindsOf } from '../controllers/snapshots/kinds.ts';
import { CustomResourceDefinition } from '../kinds/apiextensions/custom-resource-definition.ts';
import { simulatedDriver } from '../kinds/storage/driver-name.ts';
import type { RunningControllers } from '../reconcile/manager.ts';
import type { Catalog } from '../server/catalog.ts';
import { createOnce } from './create-once.ts';

export interface SnapshotsOptions {
  readonly client: Client;
  readonly catalog: Catalog;
  readonly log: Log;
  /** Starts what reconciles these kinds. */
  readonly run: (kinds: SnapshotKinds) => Promise<RunningControllers>;
}

export interface Snapshots {
  /** Those of the moment. */
  kinds(): SnapshotKinds | undefined;
  /** Makes the definitions that are missing. */
  install(): Promise<void>;
  stop(): void;
}

const standard = {
  metadata: { name: 'standard', annotations: { [names.isDefaultClass]: 'true' } },
  driver: simulatedDriver,
  deletionPolicy: 'Delete' as const,
};

/** Follows the catalog: a definition that is taken away ends the controllers, one that comes back starts them anew. */
export function followSnapshots({ client, catalog, log, run }: SnapshotsOptions): Snapshots {
  let kinds: SnapshotKinds | undefined;
  let running: Promise<RunningControllers> | undefined;
  const stop = () => void running?.then((controllers) => controllers.stop());

  function follow(): void {
    const found = snapshotKindsOf((plural) => catalog.find(snapshotGroup, 'v1', plural)?.kind);
    if ((found === undefined) === (kinds === undefined)) return;
    stop();
    kinds = found;
    running = found && run(found);
    if (found)
      void createOnce(client, found.VolumeSnapshotClass, standard).catch((error: unknown) =>
        log.warn('the class of snapshots was not made', { error: String(error) }),
      );
  }

  const unsubscribe = catalog.subscribe(follow);
  follow();
  return {
    kinds: () => kinds,
    async install() {
      for (const definition of snapshotDefinitions) await createOnce(client, CustomResourceDefinition, definition);
    },
    stop() {
      unsubscribe();
      stop();
    },
  };
}
