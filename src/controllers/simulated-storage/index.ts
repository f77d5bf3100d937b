// All that stands in for storage where nodes are simulated: what the sidecars of a CSI driver do, and the driver itself.

import type { Controller } from '../../reconcile/controller.ts';
import { volumeAttacher, attachedVolumeProtection } from './attacher.ts';
import { volumeDeleter } from './deleter.ts';
import type { VolumeContents } from './driver.ts';
import { volumeModifier } from './modifier.ts';
import { volumeProvisioner } from './provisioner.ts';
import { volumeResizer } from './resizer.ts';
import { snapshotContentController } from '../snapshots/content.ts';
import type { SnapshotKinds } from '../snapshots/kinds.ts';
import { snapshotController } from '../snapshots/snapshot.ts';
import { snapshotSource } from '../snapshots/source.ts';
import { cloneProtection, dataSources } from './source.ts';

/** @param snapshots the kinds of snapshots, while the cluster has them */
export const simulatedStorage = (
  contents: VolumeContents,
  snapshots: () => SnapshotKinds | undefined,
): readonly Controller[] => [
  volumeProvisioner(contents, dataSources(snapshotSource(snapshots))),
  cloneProtection,
  volumeDeleter(contents),
  volumeResizer(),
  volumeModifier(),
  volumeAttacher(),
  attachedVolumeProtection,
];

/** What runs besides once the kinds of snapshots are there. */
export const simulatedSnapshots = (kinds: SnapshotKinds, contents: VolumeContents): readonly Controller[] => [
  snapshotController(kinds),
  snapshotContentController(kinds, contents),
];
