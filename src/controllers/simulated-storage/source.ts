// What a new volume begins with: the contents of another claim's volume, or of a snapshot.

import { PersistentVolume } from '../../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../../kinds/core/persistent-volume-claim.ts';
import { compareAmounts } from '../../kinds/quantities.ts';
import { type Context, type Controller, defineController, indexing, watching } from '../../reconcile/controller.ts';
import { bytesOf } from '../../base/quantity.ts';
import { snapshotGroup } from '../snapshots/kinds.ts';
import { requestOf } from '../persistent-volume/match.ts';
import { agent, finalizersPatch } from './driver.ts';

export interface ContentSource {
  /** Of the volume or the snapshot. */
  readonly handle: string;
  /** The claim that is copied. */
  readonly claim?: PersistentVolumeClaim;
}

type Answer = ContentSource | { readonly fault: string };

export interface DataSources {
  /** `populated`: somebody else fills the volume, and makes it. Undefined: it begins empty. */
  sourceOf(claim: PersistentVolumeClaim, driver: string, context: Context): Promise<Answer | 'populated' | undefined>;
}

/** How a snapshot is found. */
export type SnapshotSource = (
  claim: PersistentVolumeClaim,
  driver: string,
  context: Context,
) => Promise<{ readonly handle: string } | { readonly fault: string }>;

export function dataSources(snapshotSource: SnapshotSource): DataSources {
  return {
    async sourceOf(claim, driver, context) {
      const source = claim.spec?.dataSource ?? claim.spec?.dataSourceRef;
      if (!source) return undefined;
      const { kind, name } = source;
      const apiGroup = source.apiGroup || '';
      const fault = (why: string) => ({
        fault: `error getting handle for DataSource Type ${kind} by Name ${name}: ${why}`,
      });
      if (kind === 'PersistentVolumeClaim' && apiGroup === '') {
        const answer = cloneSource(claim, { name, driver, context });
        return typeof answer === 'string' ? fault(answer) : answer;
      }
      if (kind !== 'VolumeSnapshot') return 'populated';
      if (apiGroup !== snapshotGroup)
        return {
          fault: `the PVC source does not belong to the right APIGroup. Expected ${snapshotGroup}, Got ${apiGroup}`,
        };
      const answer = await snapshotSource(claim, driver, context);
      return 'fault' in answer ? fault(answer.fault) : answer;
    },
  };
}

/** The claim to be copied, or why it cannot be. */
function cloneSource(
  claim: PersistentVolumeClaim,
  { name, driver, context: { lister } }: { name: string; driver: string; context: Context },
): ContentSource | string {
  const { namespace } = claim.metadata;
  const source = lister(PersistentVolumeClaim).get(name, namespace);
  if (!source)
    return `error getting PVC ${name} (namespace ${JSON.stringify(namespace)}) from api server: persistentvolumeclaim ${JSON.stringify(name)} not found`;
  const { phase } = source.status ?? {};
  if (phase !== 'Bound') return `the PVC DataSource ${name} must have a status of Bound.  Got ${phase}`;
  if (source.metadata.deletionTimestamp) return `the PVC DataSource ${name} is currently being deleted`;
  if (compareAmounts(requestOf(claim), requestOf(source)) < 0)
    return `error, new PVC request must be greater than or equal in size to the specified PVC data source, requested ${bytesOf(requestOf(claim))} but source is ${bytesOf(requestOf(source))}`;
  const volume = lister(PersistentVolume).get(source.spec?.volumeName ?? '');
  const isOurs =
    volume?.spec?.csi?.driver === driver &&
    volume.spec.claimRef?.uid === source.metadata.uid &&
    volume.status?.phase === 'Bound';
  if (!isOurs) return 'claim in dataSource not bound or invalid';
  const [wanted, has] = [claim, volume].map(({ spec }) => spec?.volumeMode ?? 'Filesystem');
  if (wanted !== has)
    return `the source PVC and destination PVCs must have the same volume mode for cloning.  Source is ${has}, but new PVC requested ${wanted}`;
  return { handle: volume.spec?.csi?.volumeHandle ?? '', claim: source };
}

export const cloningFinalizer = 'provisioner.storage.kubernetes.io/cloning-protection';

const clonedBy = ({ spec, metadata }: PersistentVolumeClaim): string[] => {
  const source = spec?.dataSource;
  return source?.kind === 'PersistentVolumeClaim' ? [`${metadata.namespace}/${source.name}`] : [];
};

const claimsBySource = indexing({ kind: PersistentVolumeClaim, name: 'spec.dataSource/claim', keys: clonedBy });

/** Lets a claim go once every claim that is copied from it has its volume. */
export const cloneProtection: Controller = defineController<PersistentVolumeClaim>({
  name: 'portolan-clone-protection',
  agent,
  for: PersistentVolumeClaim,
  watches: [
    watching(PersistentVolumeClaim, (claim) =>
      claim.spec?.dataSource ? [{ name: claim.spec.dataSource.name, namespace: claim.metadata.namespace ?? '' }] : [],
    ),
  ],
  indexes: [claimsBySource],

  async reconcile(claim, { lister, patch }) {
    const key = `${claim.metadata.namespace}/${claim.metadata.name}`;
    const copies = lister(PersistentVolumeClaim).indexed(claimsBySource.name, key);
    if (copies.some(({ status }) => status?.phase === 'Pending')) return;
    const wanted = finalizersPatch(claim, { remove: cloningFinalizer });
    if (wanted) await patch(PersistentVolumeClaim, claim, wanted, { type: 'merge' });
  },
});
