// The kinds of snapshots, which a cluster has once their definitions are there, and the names they are bound together with.

import type { Kind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import type { PersistentVolumeMode } from '../../kinds/generated/types/core-v1.ts';
import type { ObjectReference } from '../../kinds/generated/types/core-v1.ts';

export const snapshotGroup = 'snapshot.storage.k8s.io';

export interface SnapshotFault {
  readonly message?: string;
  readonly time?: string;
}

export interface VolumeSnapshot extends KubeObject {
  spec: {
    readonly source: { readonly persistentVolumeClaimName?: string; readonly volumeSnapshotContentName?: string };
    readonly volumeSnapshotClassName?: string;
  };
  status?: {
    readonly boundVolumeSnapshotContentName?: string;
    readonly creationTime?: string;
    readonly readyToUse?: boolean;
    readonly restoreSize?: string;
    readonly error?: SnapshotFault;
  };
}

export interface VolumeSnapshotContent extends KubeObject {
  spec: {
    readonly deletionPolicy: 'Delete' | 'Retain';
    readonly driver: string;
    readonly source: { readonly snapshotHandle?: string; readonly volumeHandle?: string };
    readonly sourceVolumeMode?: PersistentVolumeMode;
    readonly volumeSnapshotClassName?: string;
    readonly volumeSnapshotRef: ObjectReference;
  };
  status?: {
    /** Nanoseconds since 1970. */
    readonly creationTime?: number;
    readonly readyToUse?: boolean;
    /** Bytes. */
    readonly restoreSize?: number;
    readonly snapshotHandle?: string;
    readonly error?: SnapshotFault;
  };
}

export interface VolumeSnapshotClass extends KubeObject {
  readonly driver: string;
  readonly deletionPolicy: 'Delete' | 'Retain';
  readonly parameters?: Readonly<Record<string, string>>;
}

export interface SnapshotKinds {
  readonly VolumeSnapshot: Kind<VolumeSnapshot>;
  readonly VolumeSnapshotContent: Kind<VolumeSnapshotContent>;
  readonly VolumeSnapshotClass: Kind<VolumeSnapshotClass>;
}

/** All three, once all are served. */
export function snapshotKindsOf(find: (plural: string) => Kind | undefined): SnapshotKinds | undefined {
  const [VolumeSnapshot, VolumeSnapshotContent, VolumeSnapshotClass] = [
    'volumesnapshots',
    'volumesnapshotcontents',
    'volumesnapshotclasses',
  ].map(find);
  if (!VolumeSnapshot || !VolumeSnapshotContent || !VolumeSnapshotClass) return undefined;
  return { VolumeSnapshot, VolumeSnapshotContent, VolumeSnapshotClass } as unknown as SnapshotKinds;
}

export const names = {
  asSource: 'snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection',
  bound: 'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection',
  contentBound: 'snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection',
  claimAsSource: 'snapshot.storage.kubernetes.io/pvc-as-source-protection',
  beingDeleted: 'snapshot.storage.kubernetes.io/volumesnapshot-being-deleted',
  beingCreated: 'snapshot.storage.kubernetes.io/volumesnapshot-being-created',
  isDefaultClass: 'snapshot.storage.kubernetes.io/is-default-class',
  allowModeChange: 'snapshot.storage.kubernetes.io/allow-volume-mode-change',
} as const;

export const contentNameOf = ({ metadata, status }: VolumeSnapshot): string =>
  status?.boundVolumeSnapshotContentName ?? `snapcontent-${metadata.uid}`;

/** The content says that it is this snapshot's. */
export function belongsTo({ spec }: VolumeSnapshotContent, { metadata }: VolumeSnapshot): boolean {
  const { name, namespace, uid } = spec.volumeSnapshotRef;
  return name === metadata.name && namespace === metadata.namespace && uid === metadata.uid;
}

export const isReady = ({ status }: VolumeSnapshot): boolean => status?.readyToUse === true;
