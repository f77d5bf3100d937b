// All that stands in for storage where nodes are simulated: what the sidecars of a CSI driver do, and the driver itself.

import type { Controller } from '../../reconcile/controller.ts';
import { volumeAttacher, attachedVolumeProtection } from './attacher.ts';
import { volumeDeleter } from './deleter.ts';
import type { VolumeContents } from './driver.ts';
import { volumeModifier } from './modifier.ts';
import { volumeProvisioner } from './provisioner.ts';
import { volumeResizer } from './resizer.ts';
import { cloneProtection, dataSources } from './source.ts';

export const simulatedStorage = (contents: VolumeContents): readonly Controller[] => [
  volumeProvisioner(contents, dataSources()),
  cloneProtection,
  volumeDeleter(contents),
  volumeResizer(),
  volumeModifier(),
  volumeAttacher(),
  attachedVolumeProtection,
];
