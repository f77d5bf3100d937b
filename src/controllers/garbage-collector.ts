// The garbage collector: what is owned goes with its last owner, before it, after it, or stays as an orphan, as the deletion asked.

import type { Clock } from '../base/clock.ts';
import { deepEqual } from '../base/equal.ts';
import type { Log } from '../base/log.ts';
import { apiVersionOf, type Kind, resourceKey } from '../api/kind.ts';
import type { Mirror, MirrorChange } from '../api/mirror.ts';
import type { KubeObject, OwnerReference } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import { type Client, referenceTo } from '../client/client.ts';
import type { Informers } from '../client/informers.ts';
import type { EventRecorder } from '../reconcile/events.ts';
import { createQueue } from '../base/queue.ts';
import { awaitsDependents, createGraph, isLeaving, type Node, ownersOf, uidOf } from './garbage-collector/graph.ts';
import { type CollectionPlan, planCollection, strayReference } from './garbage-collector/plan.ts';

export interface GarbageCollectorOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
}

export interface GarbageCollector {
  /** Collects a further kind (a custom one) as soon as its mirror is complete. */
  watch(kind: Kind): Promise<void>;
  /** The kind is not served any more. */
  forget(kind: Kind): void;
  /** How many objects wait to be looked at. */
  backlog(): number;
  stop(): void;
}

const name = 'garbage-collector-controller';
const workers = 20;
const firstBackoff = 5;
const longestBackoff = 1_000_000;

/** Objects of a kind that can be listed, watched and deleted, and are kept under this kind: only those can be collected. Events are not worth it. */
export const isCollectable = ({ verbs, storedAs, kind }: Kind): boolean =>
  !storedAs && kind !== 'Event' && (['list', 'watch', 'delete'] as const).every((verb) => verbs.includes(verb));

/** Resolves once it knows every object there is. */
export async function startGarbageCollector(
  kinds: readonly Kind[],
  options: GarbageCollectorOptions,
): Promise<GarbageCollector> {
  const { clock, log, informers } = options;
  const client = options.client.as('kube-controller-manager');
  const graph = createGraph();
  const watched = new Map<string, { kind: Kind; stop: () => void }>();
  const known = new Map<string, Kind>();
  const failures = new Map<string, number>();
  let free = workers;
  const queue = createQueue(clock, work);
  const find = ({ apiVersion, kind }: Pick<OwnerReference, 'apiVersion' | 'kind'>) =>
    known.get(`${apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''}/${kind}`);

  // All mirrors first, then all objects: nobody's owner is missing only since its kind was read later.
  const mirrors = await Promise.all(kinds.filter(isCollectable).map(mirrorOf));
  for (const { kind, mirror } of mirrors) enter(kind, mirror);
  for (const { object } of graph.all()) queue.add(uidOf(object));

  async function mirrorOf(kind: Kind) {
    return { kind, mirror: await informers.of(kind) };
  }

  function enter(kind: Kind, mirror: Mirror<KubeObject>): void {
    known.set(`${kind.group}/${kind.kind}`, kind);
    for (const object of mirror.list()) graph.put({ kind, object });
    const stop = mirror.subscribe((changes) => changes.forEach((change) => follow(kind, change)));
    watched.set(resourceKey(kind), { kind, stop });
  }

  /** Brings the graph up to date and queues whoever may be concerned. */
  function follow(kind: Kind, { object, previous }: MirrorChange<KubeObject>): void {
    if (previous && (!object || uidOf(object) !== uidOf(previous))) left(previous);
    if (object) changed({ kind, object }, previous);
  }

  function left(object: KubeObject): void {
    graph.remove(uidOf(object));
    for (const dependent of graph.dependentsOf(uidOf(object))) queue.add(uidOf(dependent.object));
    wakeWaitingOwners(object);
  }

  function changed(node: Node, previous: KubeObject | undefined): void {
    const { object } = node;
    const uid = uidOf(object);
    const samePlace = previous && deepEqual(ownersOf(object), ownersOf(previous));
    graph.put(node);
    if (!samePlace && ownersOf(object).length > 0) {
      queue.add(uid);
      tellStray(node);
    }
    if (!samePlace && previous) wakeWaitingOwners(previous);
    if (isLeaving(object)) queue.add(uid);
    if (awaitsDependents(object) && !(previous && awaitsDependents(previous)))
      for (const dependent of graph.dependentsOf(uid)) queue.add(uidOf(dependent.object));
  }

  function wakeWaitingOwners(object: KubeObject): void {
    for (const { uid } of ownersOf(object)) {
      const owner = graph.get(uid);
      if (owner && awaitsDependents(owner.object)) queue.add(uid);
    }
  }

  function tellStray(node: Node): void {
    const stray = strayReference(node, graph);
    if (!stray) return;
    const namespace = node.object.metadata.namespace ?? '';
    const identity = `[${stray.apiVersion}/${stray.kind}, namespace: ${namespace}, name: ${stray.name}, uid: ${stray.uid}]`;
    const about = { ...node.object, kind: node.kind.kind, apiVersion: apiVersionOf(node.kind) };
    const message = `ownerRef ${identity} does not exist in namespace "${namespace}"`;
    options.events.record(about, { type: 'Warning', reason: 'OwnerRefInvalidNamespace', message }, { component: name });
  }

  function work(): void {
    while (free > 0) {
      const uid = queue.take();
      if (uid === undefined) return;
      free--;
      void Promise.resolve().then(() => handle(uid));
    }
  }

  async function handle(uid: string): Promise<void> {
    const after = await attempt(uid);
    free++;
    queue.done(uid);
    if (after !== undefined) queue.add(uid, after);
    work();
  }

  async function attempt(uid: string): Promise<number | undefined> {
    try {
      const node = graph.get(uid);
      if (node) {
        await lookForRemoteOwners(node);
        await carryOut(node, planCollection(node, graph, { find }));
      }
      failures.delete(uid);
      return undefined;
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return undefined;
      const times = failures.get(uid) ?? 0;
      failures.set(uid, times + 1);
      log.debug('collecting is tried again', { controller: name, uid, error: String(error) });
      return Math.min(longestBackoff, firstBackoff * 2 ** times);
    }
  }

  /** What is known of other servers' objects may be behind: an owner there is asked for before it counts as absent. */
  async function lookForRemoteOwners({ object }: Node): Promise<void> {
    for (const reference of ownersOf(object)) {
      const kind = find(reference);
      if (!kind?.remote || graph.get(reference.uid)) continue;
      const namespace = kind.scope === 'Namespaced' ? object.metadata.namespace : '';
      const owner = await client.find(kind, reference.name, namespace);
      if (owner && uidOf(owner) === reference.uid) graph.put({ kind, object: owner });
    }
  }

  async function carryOut(node: Node, plan: CollectionPlan): Promise<void> {
    switch (plan.step) {
      case 'leave':
        return;
      case 'await':
        for (const { object } of plan.dependents) if (!isLeaving(object)) queue.add(uidOf(object));
        return;
      case 'finish foreground':
        return dropFinalizer(node, 'foregroundDeletion');
      case 'orphan':
        for (const dependent of plan.dependents) await ignoringAbsence(forgetOwners(dependent, [uidOf(node.object)]));
        return dropFinalizer(node, 'orphan');
      case 'forget owners':
        return forgetOwners(node, plan.uids);
      case 'delete':
        return remove(node, plan);
    }
  }

  async function remove(
    { kind, object }: Node,
    { policy, unblock }: CollectionPlan & { step: 'delete' },
  ): Promise<void> {
    if (unblock) {
      const ownerReferences = ownersOf(object).map((reference) => ({ ...reference, blockOwnerDeletion: false }));
      await patchMetadata({ kind, object }, { ownerReferences });
    }
    const { uid = '' } = object.metadata;
    await client.delete(kind, referenceTo(object), { propagationPolicy: policy, preconditions: { uid } });
  }

  const forgetOwners = (node: Node, uids: readonly string[]): Promise<void> => {
    const left = ownersOf(node.object).filter(({ uid }) => !uids.includes(uid));
    return patchMetadata(node, { ownerReferences: left.length > 0 ? left : null });
  };

  const dropFinalizer = (node: Node, finalizer: string): Promise<void> => {
    const left = (node.object.metadata.finalizers ?? []).filter((each) => each !== finalizer);
    return patchMetadata(node, { finalizers: left.length > 0 ? left : null });
  };

  async function patchMetadata({ kind, object }: Node, metadata: object): Promise<void> {
    const { uid, resourceVersion } = object.metadata;
    await client.patch(
      kind,
      referenceTo(object),
      { metadata: { uid, resourceVersion, ...metadata } },
      { type: 'merge' },
    );
  }

  return {
    async watch(kind) {
      if (!isCollectable(kind) || watched.has(resourceKey(kind))) return;
      const { mirror } = await mirrorOf(kind);
      enter(kind, mirror);
      // Owners of this kind were unknown until now.
      for (const { object } of graph.all()) if (ownersOf(object).length > 0) queue.add(uidOf(object));
    },
    forget(kind) {
      watched.get(resourceKey(kind))?.stop();
      watched.delete(resourceKey(kind));
      known.delete(`${kind.group}/${kind.kind}`);
      for (const node of [...graph.all()])
        if (resourceKey(node.kind) === resourceKey(kind)) graph.remove(uidOf(node.object));
    },
    backlog: () => queue.size(),
    stop() {
      for (const { stop } of watched.values()) stop();
      queue.stop();
    },
  };
}

async function ignoringAbsence(act: Promise<void>): Promise<void> {
  try {
    await act;
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 404)) throw error;
  }
}
