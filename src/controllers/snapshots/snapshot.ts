// Has snapshots taken of claims, binds them to their contents, and lets them go: upstream's snapshot-controller.

import { formatTime } from '../../base/time.ts';
import { deepEqual } from '../../base/equal.ts';
import { apiVersionOf } from '../../api/kind.ts';
import { referenceTo } from '../../client/client.ts';
import { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import { type Context, type Controller, defineController, type Result, watching } from '../../reconcile/controller.ts';
import { isReservedFor } from '../persistent-volume/match.ts';
import { finalizersPatch } from '../simulated-storage/driver.ts';
import {
  belongsTo,
  contentNameOf,
  isReady,
  names,
  snapshotGroup,
  type SnapshotKinds,
  type VolumeSnapshot,
  type VolumeSnapshotClass,
  type VolumeSnapshotContent,
} from './kinds.ts';
import { statusFrom } from './status.ts';

type Outcome = Result<VolumeSnapshot> | void;

interface Fault {
  readonly reason: string;
  readonly message: string;
  /** The snapshot is as ready as it was. */
  readonly keepsReady?: boolean;
}

export function snapshotController(kinds: SnapshotKinds): Controller {
  const { VolumeSnapshot: Snapshot, VolumeSnapshotContent: Content, VolumeSnapshotClass: Class } = kinds;
  return defineController<VolumeSnapshot>({
    name: 'snapshot-controller',
    agent: 'snapshot-controller',
    for: Snapshot,
    watches: [
      watching(
        Content,
        ({
          spec: {
            volumeSnapshotRef: { name = '', namespace = '' },
          },
        }) => [{ name, namespace }],
      ),
      watching(Class, (_class, _previous, { lister }) =>
        lister(Snapshot)
          .list()
          .filter((snapshot) => !isReady(snapshot))
          .map(referenceTo),
      ),
      watching(PersistentVolumeClaim, ({ metadata, spec }, _previous, { lister }) =>
        lister(Snapshot)
          .list(metadata.namespace)
          .filter(
            (snapshot) =>
              snapshot.spec.source.persistentVolumeClaimName === metadata.name ||
              spec?.dataSource?.name === snapshot.metadata.name,
          )
          .map(referenceTo),
      ),
      watching(PersistentVolume, () => []),
    ],

    async reconcile(snapshot, context) {
      await releaseClaim(snapshot, context);
      if (snapshot.metadata.deletionTimestamp) return letGo(snapshot, context);
      const classified = await classify(snapshot, context);
      if (classified) return classified;
      if (await addFinalizers(snapshot, context)) return;
      return isReady(snapshot) && snapshot.status?.boundVolumeSnapshotContentName !== undefined
        ? verify(snapshot, context)
        : bring(snapshot, context);
    },

    async gone({ name, namespace }, context) {
      const metadata = { name, namespace };
      const claims = context.lister(PersistentVolumeClaim).list(namespace);
      for (const claim of claims) await releaseSource(claim, { metadata }, context);
    },
  });

  /** The same fault is told once. Nothing is waited for but changes. */
  function fail(snapshot: VolumeSnapshot, { reason, message, keepsReady }: Fault, context: Context): Outcome {
    if (snapshot.status?.error?.message === message) return undefined;
    context.event(snapshot, { type: 'Warning', reason, message });
    const error = { message, time: formatTime(context.clock.now()) };
    return { status: { ...snapshot.status, error, ...(!keepsReady && { readyToUse: false }) } };
  }

  // Before it is taken

  /** A snapshot of a claim has a class: the one it names, or the only default one of the volume's driver. */
  async function classify(snapshot: VolumeSnapshot, context: Context): Promise<Outcome> {
    const { volumeSnapshotClassName: name, source } = snapshot.spec;
    const classes = context.lister(Class);
    if (name !== undefined) {
      const fault = `volumesnapshotclass.${snapshotGroup} ${JSON.stringify(name)} not found`;
      if (classes.get(name)) return undefined;
      const message = `Failed to get snapshot class with error ${fault}`;
      return fail(snapshot, { reason: 'GetSnapshotClassFailed', message, keepsReady: true }, context);
    }
    if (source.persistentVolumeClaimName === undefined || isReady(snapshot)) return undefined;
    const chosen = defaultClass(snapshot, context);
    if (typeof chosen === 'string') {
      const message = `Failed to set default snapshot class with error ${chosen}`;
      return fail(snapshot, { reason: 'SetDefaultSnapshotClassFailed', message, keepsReady: true }, context);
    }
    const patch = { spec: { volumeSnapshotClassName: chosen.metadata.name } };
    await context.patch(Snapshot, snapshot, patch, { type: 'merge' });
    return {};
  }

  function defaultClass(snapshot: VolumeSnapshot, context: Context): VolumeSnapshotClass | string {
    const volume = volumeOf(snapshot, context);
    if (typeof volume === 'string') return volume;
    const driver = volume.spec?.csi?.driver;
    const { name, namespace } = snapshot.metadata;
    if (driver === undefined) return `snapshotting non-CSI volumes is not supported, snapshot:${namespace}/${name}`;
    const defaults = context
      .lister(Class)
      .list()
      .filter((each) => each.driver === driver && each.metadata.annotations?.[names.isDefaultClass] === 'true');
    if (defaults.length > 1) return `${defaults.length} default snapshot classes were found`;
    return defaults[0] ?? 'cannot find default snapshot class';
  }

  async function addFinalizers(snapshot: VolumeSnapshot, { patch }: Context): Promise<boolean> {
    const { finalizers = [], resourceVersion } = snapshot.metadata;
    const isBound = snapshot.status?.boundVolumeSnapshotContentName !== undefined;
    const wanted = [names.asSource, ...(isBound ? [names.bound] : [])].filter((each) => !finalizers.includes(each));
    if (wanted.length === 0) return false;
    const metadata = { resourceVersion, finalizers: [...finalizers, ...wanted] };
    await patch(Snapshot, snapshot, { metadata }, { type: 'merge' });
    return true;
  }

  // Binding

  function verify(snapshot: VolumeSnapshot, context: Context): Outcome {
    const content = context.lister(Content).get(contentNameOf(snapshot));
    if (!content)
      return fail(snapshot, { reason: 'SnapshotContentMissing', message: 'VolumeSnapshotContent is missing' }, context);
    const message = 'VolumeSnapshotContent is not bound to the VolumeSnapshot correctly';
    return belongsTo(content, snapshot) ? undefined : fail(snapshot, { reason: 'SnapshotMisbound', message }, context);
  }

  async function bring(snapshot: VolumeSnapshot, context: Context): Promise<Outcome> {
    const given = snapshot.spec.source.volumeSnapshotContentName;
    if (given !== undefined) return bringGiven(snapshot, given, context);
    const content = context.lister(Content).get(contentNameOf(snapshot));
    if (!content) return take(snapshot, context);
    const fault = foreignContent(snapshot, content);
    return fault ? fail(snapshot, fault, context) : follow(snapshot, content, context);
  }

  /** A content that somebody made by hand. */
  async function bringGiven(snapshot: VolumeSnapshot, name: string, context: Context): Promise<Outcome> {
    const content = context.lister(Content).get(name);
    const failed = (reason: string, message: string) => fail(snapshot, { reason, message }, context);
    if (!content) return failed('SnapshotContentMissing', 'VolumeSnapshotContent is missing');
    if (content.spec.source.snapshotHandle === undefined)
      return failed(
        'SnapshotContentMismatch',
        'VolumeSnapshotContent is dynamically provisioned while expecting a pre-provisioned one',
      );
    const reference = content.spec.volumeSnapshotRef;
    const isOurs = reference.name === snapshot.metadata.name && reference.namespace === snapshot.metadata.namespace;
    if (!isOurs || (reference.uid && reference.uid !== snapshot.metadata.uid))
      return failed('SnapshotContentMisbound', `VolumeSnapshotContent [${name}] is bound to a different snapshot`);
    return follow(snapshot, reference.uid ? content : await bindContent(snapshot, content, context), context);
  }

  function bindContent(snapshot: VolumeSnapshot, content: VolumeSnapshotContent, { patch }: Context) {
    const { volumeSnapshotClassName } = snapshot.spec;
    const volumeSnapshotRef = { ...content.spec.volumeSnapshotRef, uid: snapshot.metadata.uid };
    const spec = { volumeSnapshotRef, ...(volumeSnapshotClassName && { volumeSnapshotClassName }) };
    return patch(Content, content, { spec }, { type: 'merge' });
  }

  function follow(snapshot: VolumeSnapshot, content: VolumeSnapshotContent, { event }: Context): Outcome {
    const status = statusFrom(snapshot, content);
    if (deepEqual(status, snapshot.status)) return undefined;
    const { name, namespace } = snapshot.metadata;
    const told = (reason: string, what: string) =>
      event(snapshot, { reason, message: `Snapshot ${namespace}/${name} ${what}` });
    if (!snapshot.status?.creationTime && status.creationTime)
      told('SnapshotCreated', 'was successfully created by the CSI driver.');
    if (!isReady(snapshot) && status.readyToUse) told('SnapshotReady', 'is ready to use.');
    return { status };
  }

  /** Asks the driver, by a new content. */
  async function take(snapshot: VolumeSnapshot, context: Context): Promise<Outcome> {
    const failed = (why: string) =>
      fail(
        snapshot,
        {
          reason: 'SnapshotContentCreationFailed',
          message: `Failed to create snapshot content with error ${why}`,
        },
        context,
      );
    const claimName = snapshot.spec.source.persistentVolumeClaimName ?? '';
    const { name, namespace, uid, resourceVersion } = snapshot.metadata;
    const claim = context.lister(PersistentVolumeClaim).get(claimName, namespace);
    if (!claim)
      return failed(`snapshot controller failed to update ${name} on API server: cannot get claim from snapshot`);
    const isHeld = claim.metadata.finalizers?.includes(names.claimAsSource) ?? false;
    if (claim.metadata.deletionTimestamp && !isHeld)
      return failed(
        `snapshot controller failed to update ${claimName} on API server: cannot add finalizer on claim because it is being deleted`,
      );
    const held = finalizersPatch(claim, { add: names.claimAsSource });
    if (held) await context.patch(PersistentVolumeClaim, claim, held, { type: 'merge' });
    const className = snapshot.spec.volumeSnapshotClassName ?? '';
    const snapshotClass = context.lister(Class).get(className);
    const volume = volumeOf(snapshot, context);
    if (typeof volume === 'string')
      return failed(`failed to get input parameters to create snapshot ${name}: ${JSON.stringify(volume)}`);
    if (!volume.spec?.csi) return failed(`cannot find CSI PersistentVolumeSource for volume ${volume.metadata.name}`);
    if (!snapshotClass) return undefined;
    const content = await context.create(Content, {
      metadata: { name: contentNameOf(snapshot) },
      spec: {
        deletionPolicy: snapshotClass.deletionPolicy,
        driver: snapshotClass.driver,
        source: { volumeHandle: volume.spec.csi.volumeHandle ?? '' },
        sourceVolumeMode: volume.spec.volumeMode ?? 'Filesystem',
        volumeSnapshotClassName: className,
        volumeSnapshotRef: {
          apiVersion: apiVersionOf(Snapshot),
          kind: 'VolumeSnapshot',
          name,
          namespace,
          uid,
          resourceVersion,
        },
      } as VolumeSnapshotContent['spec'],
    });
    context.event(snapshot, {
      reason: 'CreatingSnapshot',
      message: `Waiting for a snapshot ${namespace}/${name} to be created by the CSI driver.`,
    });
    return follow(snapshot, content, context);
  }

  /** The volume of the snapshot's claim, or why there is none. */
  function volumeOf(snapshot: VolumeSnapshot, { lister }: Pick<Context, 'lister'>): PersistentVolume | string {
    const name = snapshot.spec.source.persistentVolumeClaimName ?? '';
    const claim = lister(PersistentVolumeClaim).get(name, snapshot.metadata.namespace);
    if (!claim)
      return `failed to retrieve PVC ${name} from the lister: ${JSON.stringify(`persistentvolumeclaim ${JSON.stringify(name)} not found`)}`;
    if (claim.status?.phase !== 'Bound')
      return `the PVC ${name} is not yet bound to a PV, will not attempt to take a snapshot`;
    const volume = lister(PersistentVolume).get(claim.spec?.volumeName ?? '');
    return volume && isReservedFor(volume, claim) ? volume : 'claim in dataSource not bound or invalid';
  }

  // Going

  async function letGo(snapshot: VolumeSnapshot, context: Context): Promise<void> {
    const found = context.lister(Content).get(contentNameOf(snapshot));
    const content = found && belongsTo(found, snapshot) ? found : undefined;
    const isRestored = context
      .lister(PersistentVolumeClaim)
      .list(snapshot.metadata.namespace)
      .some((claim) => restores(claim, snapshot) && claim.status?.phase === 'Pending');
    if (content && isRestored)
      return context.event(snapshot, {
        type: 'Warning',
        reason: 'SnapshotDeletePending',
        message: 'Snapshot is being used to restore a PVC',
      });
    const isDeleted = content?.spec.deletionPolicy === 'Delete';
    if (content && content.metadata.annotations?.[names.beingDeleted] === undefined)
      await context.patch(Content, content, { metadata: { annotations: { [names.beingDeleted]: 'yes' } } });
    if (content && isDeleted && !content.metadata.deletionTimestamp) await context.delete(Content, content);
    const gone = [names.asSource, ...(content && isDeleted ? [] : [names.bound])] as readonly string[];
    // The content may have gone at once.
    const current = context.lister(Snapshot).get(snapshot.metadata.name ?? '', snapshot.metadata.namespace);
    const finalizers = current?.metadata.finalizers ?? [];
    const left = finalizers.filter((each) => !gone.includes(each));
    if (!current || left.length === finalizers.length) return;
    const { resourceVersion } = current.metadata;
    const metadata = { resourceVersion, finalizers: left.length > 0 ? left : null };
    await context.patch(Snapshot, current, { metadata }, { type: 'merge' });
  }

  /** A claim is held while a snapshot of it is being taken. */
  async function releaseClaim(snapshot: VolumeSnapshot, context: Context): Promise<void> {
    const name = snapshot.spec.source.persistentVolumeClaimName;
    const claim = name && context.lister(PersistentVolumeClaim).get(name, snapshot.metadata.namespace);
    const isDone = isReady(snapshot) || snapshot.metadata.deletionTimestamp !== undefined;
    if (claim && isDone) await releaseSource(claim, isReady(snapshot) ? undefined : snapshot, context);
  }

  async function releaseSource(
    claim: PersistentVolumeClaim,
    except: Pick<VolumeSnapshot, 'metadata'> | undefined,
    { lister, patch }: Context,
  ): Promise<void> {
    const isUsed = lister(Snapshot)
      .list(claim.metadata.namespace)
      .some(
        (each) =>
          each.metadata.name !== except?.metadata.name &&
          each.spec.source.persistentVolumeClaimName === claim.metadata.name &&
          !isReady(each),
      );
    const freed = isUsed ? undefined : finalizersPatch(claim, { remove: names.claimAsSource });
    if (freed) await patch(PersistentVolumeClaim, claim, freed, { type: 'merge' });
  }
}

const restores = ({ spec }: PersistentVolumeClaim, { metadata }: VolumeSnapshot): boolean =>
  spec?.dataSource?.kind === 'VolumeSnapshot' &&
  spec.dataSource.apiGroup === snapshotGroup &&
  spec.dataSource.name === metadata.name;

/** Why the content of a snapshot's own name is not its own. */
function foreignContent(snapshot: VolumeSnapshot, content: VolumeSnapshotContent): Fault | undefined {
  const { name } = content.metadata;
  if (content.spec.source.volumeHandle === undefined)
    return {
      reason: 'SnapshotContentMismatch',
      message: `VolumeSnapshotContent ${name} is pre-provisioned while expecting a dynamically provisioned one`,
    };
  if (belongsTo(content, snapshot)) return undefined;
  return {
    reason: 'SnapshotContentMisbound',
    message: `VolumeSnapshotContent [${name}] is bound to a different snapshot`,
  };
}
