// Stands in for the resizers of all drivers: enlarges volumes. What holds a file system is finished by the kubelet of a node that mounts it.

import { formatTime } from '../../base/time.ts';
import { otherConditions, resized } from '../../kinds/core/claim-growth.ts';
import { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import { compareAmounts } from '../../kinds/quantities.ts';
import { type Context, type Controller, defineController, watching } from '../../reconcile/controller.ts';
import { annotationOf, annotations, requestOf, sizeOf } from '../persistent-volume/match.ts';
import { writeStatus } from '../statuses.ts';
import { asksForMore } from '../volume-expand.ts';
import { agent, pacing } from './driver.ts';

type Status = NonNullable<PersistentVolumeClaim['status']>;

export function volumeResizer(): Controller {
  const pace = pacing();
  return defineController<PersistentVolumeClaim>({
    name: 'portolan-volume-resizer',
    source: 'external-resizer',
    agent,
    for: PersistentVolumeClaim,
    watches: [
      watching(PersistentVolume, ({ spec }) =>
        spec?.claimRef ? [{ name: spec.claimRef.name ?? '', namespace: spec.claimRef.namespace ?? '' }] : [],
      ),
    ],

    async reconcile(claim, context) {
      const volume = context.lister(PersistentVolume).get(claim.spec?.volumeName ?? '');
      if (!volume?.spec?.csi || volume.spec.claimRef?.uid !== claim.metadata.uid) return;
      if (isThrough(claim, volume)) return forgetOldSize(volume, context);
      const size = planSize(claim, volume);
      if (size === undefined) return;
      const { allocatedResources, allocatedResourceStatuses } = claim.status ?? {};
      const isMarked =
        compareAmounts(allocatedResources?.storage, size) === 0 &&
        allocatedResourceStatuses?.storage === 'ControllerResizeInProgress';
      if (!isMarked) return begin(claim, volume, size, context);
      const after = pace.remaining(claim.metadata.uid ?? '', context);
      if (after > 0) return { after };
      await finish(claim, volume, size, context);
    },
  });
}

/** The file system has grown as far as the volume. */
const isThrough = (claim: PersistentVolumeClaim, volume: PersistentVolume): boolean =>
  annotationOf(volume, 'preResizeCapacity') !== undefined &&
  compareAmounts(claim.status?.capacity?.storage, sizeOf(volume)) >= 0;

async function forgetOldSize(volume: PersistentVolume, { patch }: Context): Promise<void> {
  const forgotten = { metadata: { annotations: { [annotations.preResizeCapacity]: null } } };
  await patch(PersistentVolume, volume, forgotten, { type: 'merge' });
}

/** How large the volume is to be made now; undefined where there is nothing to do, or a node does it. A growth under way is finished first. */
export function planSize(claim: PersistentVolumeClaim, volume: PersistentVolume): string | undefined {
  if (!asksForMore(claim)) return undefined;
  const request = requestOf(claim);
  const allocated = claim.status?.allocatedResources?.storage ?? request;
  const isLargeEnough = compareAmounts(sizeOf(volume), request) >= 0;
  switch (claim.status?.allocatedResourceStatuses?.storage) {
    case 'NodeResizePending':
    case 'NodeResizeInProgress':
      return isLargeEnough || compareAmounts(sizeOf(volume), allocated) >= 0 ? undefined : allocated;
    case 'NodeResizeInfeasible':
    case 'ControllerResizeInProgress':
      return allocated;
    case 'ControllerResizeInfeasible':
      return isLargeEnough ? allocated : request;
    default:
      return isLargeEnough ? allocated : request;
  }
}

async function begin(
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
  size: string,
  context: Context,
): Promise<void> {
  const status = claim.status ?? {};
  const now = formatTime(context.clock.now());
  await writeStatus(context, PersistentVolumeClaim, claim, {
    ...status,
    conditions: [...otherConditions(status), { type: 'Resizing', status: 'True', lastTransitionTime: now }],
    allocatedResources: { ...status.allocatedResources, storage: size },
    allocatedResourceStatuses: { ...status.allocatedResourceStatuses, storage: 'ControllerResizeInProgress' },
  });
  context.event(claim, {
    reason: 'Resizing',
    message: `External resizer is resizing volume ${volume.metadata.name}`,
  });
}

async function finish(
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
  size: string,
  context: Context,
): Promise<void> {
  const needsNode = volume.spec?.volumeMode !== 'Block';
  const isNoted = annotationOf(volume, 'preResizeCapacity') !== undefined;
  const before = claim.status?.capacity?.storage;
  await context.patch(
    PersistentVolume,
    volume,
    {
      spec: { capacity: { storage: size } },
      ...(needsNode && !isNoted && { metadata: { annotations: { [annotations.preResizeCapacity]: before } } }),
    },
    { type: 'merge' },
  );
  const status = claim.status ?? {};
  await writeStatus(
    context,
    PersistentVolumeClaim,
    claim,
    needsNode ? pendingOnNode(status, formatTime(context.clock.now())) : resized(status, size),
  );
  context.event(
    claim,
    needsNode
      ? { reason: 'FileSystemResizeRequired', message: 'Require file system resize of volume on node' }
      : { reason: 'VolumeResizeSuccessful', message: 'Resize volume succeeded' },
  );
}

const pendingOnNode = (status: Status, now: string): Status => ({
  ...status,
  conditions: [
    ...(status.conditions ?? []).filter(({ type }) => type !== 'FileSystemResizePending'),
    {
      type: 'FileSystemResizePending',
      status: 'True',
      lastTransitionTime: now,
      message: 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.',
    },
  ],
  allocatedResourceStatuses: { ...status.allocatedResourceStatuses, storage: 'NodeResizePending' },
});
