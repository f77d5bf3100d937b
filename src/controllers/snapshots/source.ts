// The snapshot a new volume begins with, or why it cannot.

import { bytesOf } from '../../base/quantity.ts';
import { ApiError } from '../../api/status.ts';
import type { Kind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import type { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import type { Context } from '../../reconcile/controller.ts';
import { classOf, requestOf } from '../persistent-volume/match.ts';
import type { SnapshotSource } from '../simulated-storage/source.ts';
import {
  belongsTo,
  isReady,
  names,
  snapshotGroup,
  type SnapshotKinds,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
} from './kinds.ts';

/** @param kinds those of the moment: undefined while nobody has defined them */
export const snapshotSource =
  (kinds: () => SnapshotKinds | undefined): SnapshotSource =>
  async (claim, driver, context) => {
    const name = claim.spec?.dataSource?.name ?? claim.spec?.dataSourceRef?.name ?? '';
    const known = kinds();
    const missing = known ? `volumesnapshots.${snapshotGroup} ${JSON.stringify(name)} not found` : absent(name);
    const snapshot =
      known && (await find(known.VolumeSnapshot, { name, namespace: claim.metadata.namespace }, context));
    if (!known || !snapshot) return { fault: `error getting snapshot ${name} from api server: ${missing}` };
    if (snapshot.metadata.deletionTimestamp) return { fault: `snapshot ${name} is being deleted` };
    const contentName = snapshot.status?.boundVolumeSnapshotContentName;
    if (contentName === undefined) return { fault: `snapshot ${name} not bound` };
    const content = await find(known.VolumeSnapshotContent, { name: contentName }, context);
    if (!content) return { fault: `error getting snapshotcontent ${contentName} for snapshot ${name}` };
    const fault = faultOf({ claim, driver, snapshot, content });
    const handle = content.status?.snapshotHandle;
    if (fault !== undefined) return { fault };
    return handle === undefined ? { fault: `snapshot handle ${name} is not available` } : { handle };
  };

const absent = (name: string): string =>
  `the server could not find the requested resource (get volumesnapshots.${snapshotGroup} ${name})`;

interface Match {
  readonly claim: PersistentVolumeClaim;
  readonly driver: string;
  readonly snapshot: VolumeSnapshot;
  readonly content: VolumeSnapshotContent;
}

function faultOf({ claim, driver, snapshot, content }: Match): string | undefined {
  const { name } = snapshot.metadata;
  const of = `snapshotcontent ${content.metadata.name} for snapshot ${name}`;
  if (!belongsTo(content, snapshot)) return `${of} is bound to a different snapshot`;
  if (content.spec.driver !== driver) return `${of} is not handled by CSI driver of StorageClass ${classOf(claim)}`;
  if (!isReady(snapshot)) return `snapshot ${name} is not Ready`;
  const size = snapshot.status?.restoreSize;
  const [wanted, least] = [bytesOf(requestOf(claim)), size === undefined ? 0 : bytesOf(size)];
  if (wanted < least)
    return `requested volume size ${wanted} is less than the size ${least} for the source snapshot ${name}`;
  return modeFault(claim, content);
}

/** A file system is not given away as a block device, nor the other way round, unless the content says that it may. */
function modeFault({ metadata, spec }: PersistentVolumeClaim, content: VolumeSnapshotContent): string | undefined {
  const { sourceVolumeMode } = content.spec;
  if (sourceVolumeMode === undefined || sourceVolumeMode === (spec?.volumeMode ?? 'Filesystem')) return undefined;
  const allowed = content.metadata.annotations?.[names.allowModeChange];
  if (allowed === 'true') return undefined;
  const refused = `requested volume ${metadata.namespace}/${metadata.name} modifies the mode of the source volume but does not have permission to do so. `;
  return allowed === undefined
    ? `${refused}${names.allowModeChange} annotation is not present on snapshotcontent ${content.metadata.name}`
    : `${refused}${names.allowModeChange} is set to false on snapshotcontent ${content.metadata.name}`;
}

async function find<T extends KubeObject>(
  kind: Kind<T>,
  { name, namespace = '' }: { name: string; namespace?: string | undefined },
  { client }: Context,
): Promise<T | undefined> {
  try {
    return await client.get(kind, name, namespace);
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return undefined;
    throw error;
  }
}
