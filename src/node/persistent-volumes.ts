// The persistent volumes on the simulated nodes: pods wait until theirs are bound and attached, nodes say which they use, file systems grow.

import { deepEqual } from '../base/equal.ts';
import type { Mirror } from '../api/mirror.ts';
import type { KubeObject } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import { type Client, referenceTo } from '../client/client.ts';
import type { Informers } from '../client/informers.ts';
import { resized } from '../kinds/core/claim-growth.ts';
import { Node } from '../kinds/core/node.ts';
import { PersistentVolume } from '../kinds/core/persistent-volume.ts';
import { PersistentVolumeClaim } from '../kinds/core/persistent-volume-claim.ts';
import type { Pod } from '../kinds/generated/types/core-v1.ts';
import { CSIDriver } from '../kinds/storage/csi-driver.ts';
import type { EventText } from '../reconcile/controller.ts';
import { type ClaimedVolume, failureText, type Finders, usedClaims, volumeBehind } from './claimed-volumes.ts';

export type Mounting =
  | { readonly is: 'mounted' }
  /** Until the volumes are attached. */
  | { readonly is: 'waiting' }
  | { readonly is: 'failed'; readonly failure: string };

/** A node's own part of them. */
export interface NodeVolumes {
  /** `again` is called once when a look may end otherwise than in waiting. */
  mount(pod: Pod, again: () => void): Promise<Mounting>;
  /** Of a pod that ran before the program did. */
  adopt(pod: Pod): Promise<void>;
  /** Resolves once the node has said that it does not use them any more. */
  unmount(pod: Pod): Promise<void>;
  /** The handles of what a pod has mounted, by the names of its volumes. */
  handlesOf(pod: Pod): ReadonlyMap<string, string>;
  /** The node reaches the API server again. */
  reconnected(): void;
  /** The machine was off: it has nothing mounted. */
  rebooted(): void;
}

export interface PersistentVolumesOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly event: (node: string, about: KubeObject, text: EventText) => void;
}

interface State {
  readonly name: string;
  readonly online: () => boolean;
  /** What the node uses or wants to use, by pod. */
  readonly used: Map<string, { readonly pod: Pod; readonly volumes: readonly ClaimedVolume[]; isMounted: boolean }>;
  readonly waiting: Map<string, () => void>;
  /** Reports follow one another. */
  reporting: Promise<void>;
}

interface Mirrors {
  readonly nodes: Mirror<Node>;
  readonly finders: Finders;
}

export function persistentVolumes({ client, informers, event }: PersistentVolumesOptions) {
  const states = new Map<string, State>();
  let loading: Promise<Mirrors> | undefined;
  let unsubscribe: (() => void)[] = [];

  /** Nothing is watched until a pod has a claim. */
  const mirrors = (): Promise<Mirrors> => (loading ??= load());

  async function load(): Promise<Mirrors> {
    const [nodes, claims, volumes, drivers] = await Promise.all([
      informers.of(Node),
      informers.of(PersistentVolumeClaim),
      informers.of(PersistentVolume),
      informers.of(CSIDriver),
    ]);
    unsubscribe = [
      nodes.subscribe((changes) => {
        for (const { object } of changes) wake(states.get(object?.metadata.name ?? ''));
      }),
      claims.subscribe((changes) => {
        for (const { object } of changes) if (object) growOn(object);
        for (const state of states.values()) wake(state);
      }),
    ];
    return {
      nodes,
      finders: {
        claim: (name, namespace) => claims.get(name, namespace),
        volume: (name) => volumes.get(name),
        driver: (name) => drivers.get(name),
      },
    };
  }

  function wake(state: State | undefined): void {
    if (!state || state.waiting.size === 0) return;
    const all = [...state.waiting.values()];
    state.waiting.clear();
    for (const again of all) again();
  }

  // Mounting

  async function mount(state: State, pod: Pod, again: () => void): Promise<Mounting> {
    const claims = usedClaims(pod);
    if (claims.length === 0) return { is: 'mounted' };
    const { nodes, finders } = await mirrors();
    const found = claims.map((volume) => volumeBehind(pod, volume, finders));
    const faults = found.flatMap((each) => ('fault' in each ? [each] : []));
    const { uid = '' } = pod.metadata;
    if (faults.length > 0 && faults.every(({ isPassing }) => isPassing)) return wait(state, uid, again);
    if (faults.length > 0) return { is: 'failed', failure: failureText(faults) };
    const volumes = found.filter((each) => !('fault' in each)) as ClaimedVolume[];
    state.used.set(uid, { pod, volumes, isMounted: false });
    await report(state);
    const attached = new Set(nodes.get(state.name)?.status?.volumesAttached?.map(({ name }) => name));
    const isReady = state.online() && volumes.every(({ attach }) => attach === undefined || attached.has(attach));
    if (!isReady) return wait(state, uid, again);
    const taken = volumes.find(({ volume }) => isExclusive(volume) && isMountedByAnother(state, volume, uid));
    if (taken)
      return {
        is: 'failed',
        failure: `MountVolume.SetUp failed for volume "${taken.volume.metadata.name}" : volume uses the ReadWriteOncePod access mode and is already in use by another pod`,
      };
    state.used.set(uid, { pod, volumes, isMounted: true });
    for (const each of volumes) await grow(state, pod, each, finders);
    return { is: 'mounted' };
  }

  function wait(state: State, uid: string, again: () => void): Mounting {
    state.waiting.set(uid, again);
    return { is: 'waiting' };
  }

  const isMountedByAnother = (state: State, { metadata }: PersistentVolume, uid: string): boolean =>
    [...state.used].some(
      ([other, { volumes, isMounted }]) =>
        other !== uid && isMounted && volumes.some(({ volume }) => volume.metadata.name === metadata.name),
    );

  async function adopt(state: State, pod: Pod): Promise<void> {
    const claims = usedClaims(pod);
    if (claims.length === 0) return;
    const { finders } = await mirrors();
    const volumes = claims
      .map((volume) => volumeBehind(pod, volume, finders))
      .filter((each) => !('fault' in each)) as ClaimedVolume[];
    state.used.set(pod.metadata.uid ?? '', { pod, volumes, isMounted: true });
  }

  async function unmount(state: State, { metadata: { uid = '' } }: Pod): Promise<void> {
    state.waiting.delete(uid);
    if (!state.used.delete(uid)) return;
    await report(state);
    wake(state);
  }

  /** The node's status says which attachable volumes it uses: they are not detached before it says otherwise. */
  function report(state: State): Promise<void> {
    state.reporting = state.reporting.then(async () => {
      const { nodes } = await mirrors();
      const node = nodes.get(state.name);
      if (!node || !state.online()) return;
      const used = [...state.used.values()].flatMap(({ volumes }) => volumes.flatMap(({ attach }) => attach ?? []));
      const volumesInUse = [...new Set(used)].sort();
      if (deepEqual(volumesInUse, node.status?.volumesInUse ?? [])) return;
      const status = { volumesInUse: volumesInUse.length > 0 ? volumesInUse : null };
      try {
        await client.patch(Node, referenceTo(node), { status }, { subresource: 'status', type: 'strategic' });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
      }
    });
    return state.reporting;
  }

  // Growing

  /** A file system that is mounted somewhere grows there, once its volume has. */
  function growOn(claim: PersistentVolumeClaim): void {
    if (!isGrowing(claim)) return;
    for (const state of states.values())
      for (const { pod, volumes, isMounted } of state.used.values()) {
        const mounted = volumes.find((each) => each.claim.metadata.uid === claim.metadata.uid);
        if (mounted && isMounted) void mirrors().then(({ finders }) => grow(state, pod, mounted, finders));
      }
  }

  const isGrowing = ({ status }: PersistentVolumeClaim): boolean =>
    status?.allocatedResourceStatuses?.storage === 'NodeResizePending';

  async function grow(state: State, pod: Pod, mounted: ClaimedVolume, finders: Finders): Promise<void> {
    const { name = '', namespace = '' } = mounted.claim.metadata;
    const claim = finders.claim(name, namespace);
    const volume = finders.volume(mounted.volume.metadata.name ?? '');
    if (!claim || !volume || mounted.readOnly || !isGrowing(claim) || !state.online()) return;
    const size = volume.spec?.capacity?.storage ?? '0';
    const allocatedResourceStatuses = {
      ...claim.status?.allocatedResourceStatuses,
      storage: 'NodeResizeInProgress' as const,
    };
    try {
      const begun = await client.updateStatus(PersistentVolumeClaim, {
        ...claim,
        status: { ...claim.status, allocatedResourceStatuses },
      });
      const message = `MountVolume.NodeExpandVolume succeeded for volume "${volume.metadata.name}" ${state.name}`;
      for (const about of [
        { ...pod, ...podType },
        { ...begun, ...claimType },
      ])
        event(state.name, about, { reason: 'FileSystemResizeSuccessful', message });
      await client.updateStatus(PersistentVolumeClaim, { ...begun, status: resized(begun.status ?? {}, size) });
    } catch (error) {
      // Whoever was quicker has changed the claim, which brings another look.
      if (!(error instanceof ApiError)) throw error;
    }
  }

  return {
    /** What one node does with them. */
    of(name: string, online: () => boolean): NodeVolumes {
      const state: State = { name, online, used: new Map(), waiting: new Map(), reporting: Promise.resolve() };
      states.set(name, state);
      return {
        mount: (pod, again) => mount(state, pod, again),
        adopt: (pod) => adopt(state, pod),
        unmount: (pod) => unmount(state, pod),
        handlesOf: (pod) =>
          new Map(
            state.used.get(pod.metadata.uid ?? '')?.volumes.map(({ name: volume, handle }) => [volume, handle]) ?? [],
          ),
        reconnected() {
          if (loading) void report(state).then(() => wake(state));
        },
        rebooted() {
          state.used.clear();
          state.waiting.clear();
        },
      };
    },
    forget: (name: string): void => void states.delete(name),
    stop(): void {
      for (const end of unsubscribe) end();
      states.clear();
    },
  };
}

const podType = { apiVersion: 'v1', kind: 'Pod' };
const claimType = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };

/** No more than one pod may use it. */
const isExclusive = ({ spec }: PersistentVolume): boolean =>
  spec?.accessModes?.length === 1 && spec.accessModes[0] === 'ReadWriteOncePod';

export type PersistentVolumes = ReturnType<typeof persistentVolumes>;
