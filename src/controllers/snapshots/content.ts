// Keeps contents of snapshots while they are bound, and stands in for the drivers that take and delete snapshots: upstream's csi-snapshotter.

import { bytesOf } from '../../base/quantity.ts';
import { formatTime } from '../../base/time.ts';
import { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { type Context, type Controller, defineController, watching } from '../../reconcile/controller.ts';
import { sizeOf } from '../persistent-volume/match.ts';
import { finalizersPatch, pacing, type VolumeContents } from '../simulated-storage/driver.ts';
import { names, snapshotGroup, type SnapshotKinds, type VolumeSnapshotContent } from './kinds.ts';

/** Whole seconds, which a number holds exactly. */
const nanosOf = (now: number): number => Math.floor(now / 1000) * 1_000_000_000;

export function snapshotContentController(kinds: SnapshotKinds, contents: VolumeContents): Controller {
  const { VolumeSnapshotContent: Content, VolumeSnapshotClass: Class } = kinds;
  const pace = pacing();
  return defineController<VolumeSnapshotContent>({
    name: 'snapshot-content-controller',
    source: 'csi-snapshotter',
    agent: 'csi-snapshotter',
    for: Content,
    watches: [
      watching(Class, (_class, _previous, { lister }) =>
        lister(Content)
          .list()
          .filter(({ status }) => status?.error)
          .map(({ metadata: { name = '' } }) => ({ name, namespace: '' })),
      ),
      watching(PersistentVolume, () => []),
    ],

    async reconcile(content, context) {
      const { deletionTimestamp } = content.metadata;
      if (deletionTimestamp) return isFree(content) ? remove(content, context) : undefined;
      if (content.spec.volumeSnapshotRef.uid && (await hold(content, context))) return;
      if (content.status?.readyToUse) return;
      return content.spec.source.volumeHandle === undefined ? find(content, context) : take(content, context);
    },
  });

  async function hold(content: VolumeSnapshotContent, { patch }: Context): Promise<boolean> {
    const held = finalizersPatch(content, { add: names.contentBound });
    if (held) await patch(Content, content, held, { type: 'merge' });
    return held !== undefined;
  }

  async function take(content: VolumeSnapshotContent, context: Context) {
    const { volumeSnapshotClassName: className = '', source, volumeSnapshotRef } = content.spec;
    if (!context.lister(Class).get(className)) {
      const why = `volumesnapshotclass.${snapshotGroup} ${JSON.stringify(className)} not found`;
      return fail(
        content,
        `failed to get input parameters to create snapshot for content ${content.metadata.name}: ${JSON.stringify(why)}`,
        context,
      );
    }
    if (content.metadata.annotations?.[names.beingCreated] === undefined)
      return annotate(content, { [names.beingCreated]: 'yes' }, context);
    const after = pace.remaining(content.metadata.uid ?? '', context);
    if (after > 0) return { after };
    const handle = `snapshot-${volumeSnapshotRef.uid}`;
    const volume = context
      .lister(PersistentVolume)
      .list()
      .find(({ spec }) => spec?.csi?.volumeHandle === source.volumeHandle);
    contents.copy(source.volumeHandle ?? '', handle);
    await write(content, handle, volume && bytesOf(sizeOf(volume)), context);
    return annotate(content, { [names.beingCreated]: null }, context);
  }

  /** One that was taken before: the driver is taken to have it. */
  async function find(content: VolumeSnapshotContent, context: Context) {
    await write(content, content.spec.source.snapshotHandle ?? '', undefined, context);
  }

  function write(content: VolumeSnapshotContent, handle: string, size: number | undefined, context: Context) {
    return context.client.updateStatus(Content, {
      ...content,
      status: {
        snapshotHandle: handle,
        readyToUse: true,
        creationTime: nanosOf(context.clock.now()),
        ...(size !== undefined && { restoreSize: size }),
      },
    });
  }

  async function annotate(
    content: VolumeSnapshotContent,
    annotations: Record<string, string | null>,
    { patch }: Context,
  ): Promise<void> {
    await patch(Content, content, { metadata: { annotations } }, { type: 'merge' });
  }

  async function fail(content: VolumeSnapshotContent, why: string, context: Context): Promise<void> {
    const message = `Failed to create snapshot: ${why}`;
    if (content.status?.error?.message === message) return;
    context.event(content, { type: 'Warning', reason: 'SnapshotCreationFailed', message });
    const error = { message, time: formatTime(context.clock.now()) };
    await context.client.updateStatus(Content, {
      ...content,
      status: { ...content.status, readyToUse: false, error },
    });
  }

  async function remove(content: VolumeSnapshotContent, context: Context): Promise<void> {
    const handle = content.status?.snapshotHandle;
    const { snapshotHandle: _, readyToUse: __, creationTime: ___, restoreSize: ____, ...left } = content.status ?? {};
    let current = content;
    if (content.spec.deletionPolicy === 'Delete' && handle !== undefined) {
      contents.remove(handle);
      current = await context.client.updateStatus(Content, { ...content, status: left });
    }
    const freed = finalizersPatch(current, { remove: names.contentBound });
    if (freed) await context.patch(Content, current, freed, { type: 'merge' });
  }
}

/** Never bound, or its snapshot is going too; not while it is being taken. */
const isFree = ({ metadata: { annotations = {} }, spec }: VolumeSnapshotContent): boolean => {
  if (!spec.volumeSnapshotRef.uid && spec.source.snapshotHandle !== undefined) return true;
  return annotations[names.beingCreated] === undefined && annotations[names.beingDeleted] !== undefined;
};
