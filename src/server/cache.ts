// The watch cache of one kind: a Mirror of what the store holds, with the bytes beside each object, and the feed that watches read.

import { deepFreeze } from '../base/equal.ts';
import type { Kind } from '../api/kind.ts';
import { Mirror } from '../api/mirror.ts';
import type { KubeObject } from '../api/object.ts';
import { type Change, type Revision, RevisionError, type Store } from '../store/store.ts';
import { prefixOf, readStored, type Stored } from './stored.ts';

/** One change of the kind's objects, as watches see it before their selectors. */
export interface CacheEvent {
  readonly revision: Revision;
  /** The state after the change; for a deletion the last state, at the deletion's revision. */
  readonly stored: Stored;
  readonly deleted: boolean;
  readonly previous: Stored | undefined;
  /** Frames already encoded for some format, shared by all watches that want it. */
  readonly frames: Map<string, Uint8Array>;
}

export interface Cache {
  readonly kind: Kind;
  readonly mirror: Mirror<KubeObject>;
  /** The revision up to which the mirror is complete. */
  revision(): Revision;
  stored(namespace: string, name: string): Stored | undefined;
  /** The bytes beside an object of the mirror. */
  storedOf(object: KubeObject): Stored;
  /**
   * Calls the sink with every event after `from`: past ones before this returns, later ones synchronously with their commit.
   * `end` is called when the kind is served no more, or in another way.
   * @throws RevisionError when `from` is compacted or in the future
   */
  watch(from: Revision, sink: (events: readonly CacheEvent[]) => void, end: () => void): () => void;
}

export interface Caches {
  of(kind: Kind): Promise<Cache>;
  /** The cache if it is there already. */
  peek(kind: Kind): Cache | undefined;
  /** Hands the decoded form of bytes that are about to be committed to the cache, so that nothing is parsed twice. */
  expect(bytes: Uint8Array, object: KubeObject): void;
  drop(kind: Kind): void;
  close(): void;
}

/** `received` is told of what the store tells, before anybody else sees it. */
export function createCaches(store: Store, received: Sources['received']): Caches {
  const caches = new Map<string, Promise<Cache>>();
  const ready = new Map<string, Cache & { stop(): void }>();
  const decoded = new WeakMap<Uint8Array, KubeObject>();

  function forget(kind: Kind): void {
    const prefix = prefixOf(kind);
    ready.get(prefix)?.stop();
    ready.delete(prefix);
    caches.delete(prefix);
  }

  return {
    of(kind) {
      const prefix = prefixOf(kind);
      let cache = caches.get(prefix);
      if (!cache) {
        cache = openCache(kind.storedAs ?? kind, { store, decoded, received }).then((opened) => {
          ready.set(prefix, opened);
          return opened;
        });
        caches.set(prefix, cache);
      }
      return cache;
    },
    peek: (kind) => ready.get(prefixOf(kind)),
    expect: (bytes, object) => decoded.set(bytes, object),
    drop: forget,
    close() {
      for (const cache of ready.values()) forget(cache.kind);
    },
  };
}

interface Sources {
  readonly store: Store;
  readonly decoded: WeakMap<Uint8Array, KubeObject>;
  received(kind: Kind, changes: number): void;
}

async function openCache(kind: Kind, { store, decoded, received }: Sources): Promise<Cache & { stop(): void }> {
  const prefix = prefixOf(kind);
  const mirror = new Mirror<KubeObject>();
  const beside = new WeakMap<KubeObject, Stored>();
  const sinks = new Map<(events: readonly CacheEvent[]) => void, () => void>();

  const listing = await store.list({ prefix });
  let revision = listing.revision;
  mirror.change(listing.entries.map((entry) => ({ object: hold(entry.value, entry.revision).object, deleted: false })));

  const stop = store.watch(prefix, listing.revision, (changes) => {
    received(kind, changes.length);
    const events = changes.map(toEvent);
    revision = events.at(-1)?.revision ?? revision;
    mirror.change(events.map((event) => ({ object: event.stored.object, deleted: event.deleted })));
    for (const sink of [...sinks.keys()]) sink(events);
  });

  function hold(bytes: Uint8Array, at: Revision): Stored {
    const known = decoded.get(bytes);
    if (known) known.metadata.resourceVersion = String(at);
    const stored = known ? { object: known, bytes, revision: at } : readStored(kind, bytes, at);
    deepFreeze(stored.object);
    beside.set(stored.object, stored);
    decoded.delete(bytes);
    return stored;
  }

  /** Called before the mirror changes, which therefore still holds the previous state (but for a second change of one key in a batch). */
  function toEvent(change: Change): CacheEvent {
    const { namespace, name } = splitKey(kind, prefix, change.key);
    const current = mirror.get(name, namespace);
    const previous = current && beside.get(current);
    return eventOf(change, previous?.revision === change.previous?.revision ? previous : past(kind, change));
  }

  function eventOf(change: Change, previous: Stored | undefined): CacheEvent {
    const deleted = change.value === undefined;
    const stored = deleted ? lastState(change, previous) : hold(change.value, change.revision);
    return { revision: change.revision, stored, deleted, previous, frames: new Map() };
  }

  /** A change of the past, decoded again from the store's log. */
  function replayed(change: Change): CacheEvent {
    const previous = past(kind, change);
    const deleted = change.value === undefined;
    const stored = deleted ? lastState(change, previous) : readStored(kind, change.value, change.revision);
    return { revision: change.revision, stored, deleted, previous, frames: new Map() };
  }

  return {
    kind,
    mirror,
    revision: () => Math.max(revision, store.revision()),
    stored(namespace, name) {
      const object = mirror.get(name, namespace);
      return object && beside.get(object);
    },
    storedOf: (object) => beside.get(object) as Stored,
    watch(from, sink, end) {
      if (from > store.revision()) throw new RevisionError('future', from);
      if (from < store.revision()) {
        const replay = store.watch(prefix, from, (changes) => {
          if (changes.length > 0) sink(changes.map(replayed));
        });
        replay();
      }
      sinks.set(sink, end);
      return () => sinks.delete(sink);
    },
    stop() {
      stop();
      for (const end of [...sinks.values()]) end();
      sinks.clear();
    },
  };
}

const past = (kind: Kind, { previous }: Change): Stored | undefined =>
  previous && readStored(kind, previous.value, previous.revision);

/** Of a deleted object clients see the last state under the deletion's resourceVersion. */
function lastState(change: Change, previous: Stored | undefined): Stored {
  if (!previous) throw new Error(`the store deleted ${change.key}, which the cache never saw`);
  const object = {
    ...previous.object,
    metadata: { ...previous.object.metadata, resourceVersion: String(change.revision) },
  };
  return { object: deepFreeze(object), bytes: previous.bytes, revision: change.revision };
}

function splitKey(kind: Kind, prefix: string, key: string): { namespace: string; name: string } {
  const rest = key.slice(prefix.length);
  if (kind.scope === 'Cluster') return { namespace: '', name: rest };
  const slash = rest.indexOf('/');
  return { namespace: rest.slice(0, slash), name: rest.slice(slash + 1) };
}
