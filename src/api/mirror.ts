// A Mirror is a live copy of a set of objects: the server's watch cache and the client's informer are both one. It holds each object once,
// frozen; whoever reads it gets the very same object.

import type { Selector } from '../base/selectors.ts';
import type { KubeObject } from './object.ts';

/** One change: a new object (no `previous`), a newer state (both), or a deletion (`object` undefined, `previous` its last state). */
export interface MirrorChange<T> {
  readonly object: T | undefined;
  readonly previous: T | undefined;
}

type IndexFunction<T> = (object: T) => readonly string[];

interface Index<T> {
  readonly keysOf: IndexFunction<T>;
  readonly members: Map<string, Map<string, T>>;
}

/** The name of the index that `ownedBy` reads. */
const ownerIndex = 'controller-uid';

export class Mirror<T extends KubeObject> {
  readonly #namespaces = new Map<string, Map<string, T>>();
  readonly #indexes = new Map<string, Index<T>>();
  readonly #subscribers = new Set<(changes: readonly MirrorChange<T>[]) => void>();
  /** Listings as last asked for, until something in them changes; '*' is all namespaces. */
  readonly #listings = new Map<string, readonly T[]>();
  #size = 0;

  /** How many objects there are. */
  get size(): number {
    return this.#size;
  }

  get(name: string, namespace = ''): T | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  /** All, or one namespace's, ordered by namespace and name. */
  list(namespace?: string): readonly T[] {
    const cached = this.#listings.get(namespace ?? '*');
    if (cached) return cached;
    const listing =
      namespace === undefined
        ? [...this.#namespaces.keys()].sort(byCodeUnit).flatMap((each) => [...this.list(each)])
        : sorted(this.#namespaces.get(namespace));
    this.#listings.set(namespace ?? '*', listing);
    return listing;
  }

  /** Those whose controlling owner reference names this owner's uid. */
  ownedBy(owner: KubeObject): readonly T[] {
    if (!this.#indexes.has(ownerIndex)) this.index(ownerIndex, controllerUid);
    return this.indexed(ownerIndex, owner.metadata.uid ?? '');
  }

  select(namespace: string, selector: Selector): readonly T[] {
    return this.list(namespace).filter((object) => selector.matches(object.metadata.labels));
  }

  /** Those for which the index function gave this key, ordered by namespace and name. */
  indexed(index: string, key: string): readonly T[] {
    return sorted(this.#indexes.get(index)?.members.get(key));
  }

  hasIndex(index: string): boolean {
    return this.#indexes.has(index);
  }

  /** Adds an index over present and future objects. The same name twice replaces it. */
  index(name: string, keysOf: IndexFunction<T>): void {
    const index: Index<T> = { keysOf, members: new Map() };
    this.#indexes.set(name, index);
    for (const object of this.list()) enter(index, object);
  }

  /** Called with every batch of changes after the mirror shows them. Returns the way to stop. */
  subscribe(subscriber: (changes: readonly MirrorChange<T>[]) => void): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Takes over a batch of states, in order, then tells the subscribers. `deleted` ones leave. */
  change(states: readonly { readonly object: T; readonly deleted: boolean }[]): void {
    const changes: MirrorChange<T>[] = [];
    for (const { object, deleted } of states) {
      const previous = deleted ? this.#remove(object) : this.#put(object);
      if (deleted && !previous) continue;
      changes.push({ object: deleted ? undefined : object, previous: deleted ? object : previous });
    }
    this.#tell(changes);
  }

  /** Shows exactly these objects from now on; what differs is told as changes. */
  replace(objects: readonly T[]): void {
    const fresh = new Set(objects.map(keyOf));
    const left = this.list().filter((object) => !fresh.has(keyOf(object)));
    const moved = objects.filter(
      (object) =>
        this.get(object.metadata.name ?? '', object.metadata.namespace)?.metadata.resourceVersion !==
        object.metadata.resourceVersion,
    );
    this.change([
      ...left.map((object) => ({ object, deleted: true })),
      ...moved.map((object) => ({ object, deleted: false })),
    ]);
  }

  #tell(changes: readonly MirrorChange<T>[]): void {
    if (changes.length > 0) for (const subscriber of [...this.#subscribers]) subscriber(changes);
  }

  #put(object: T): T | undefined {
    const namespace = object.metadata.namespace ?? '';
    let members = this.#namespaces.get(namespace);
    if (!members) this.#namespaces.set(namespace, (members = new Map()));
    const previous = members.get(object.metadata.name ?? '');
    members.set(object.metadata.name ?? '', object);
    if (!previous) this.#size++;
    this.#reindex(object, previous);
    return previous;
  }

  #remove(object: T): T | undefined {
    const namespace = object.metadata.namespace ?? '';
    const members = this.#namespaces.get(namespace);
    const previous = members?.get(object.metadata.name ?? '');
    if (!members || !previous) return undefined;
    members.delete(object.metadata.name ?? '');
    if (members.size === 0) this.#namespaces.delete(namespace);
    this.#size--;
    this.#reindex(undefined, previous);
    return previous;
  }

  #reindex(object: T | undefined, previous: T | undefined): void {
    this.#listings.delete('*');
    this.#listings.delete((object ?? previous)?.metadata.namespace ?? '');
    for (const index of this.#indexes.values()) {
      if (previous) leave(index, previous);
      if (object) enter(index, object);
    }
  }
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;

function sorted<T>(members: Map<string, T> | undefined): readonly T[] {
  if (!members) return [];
  return [...members.keys()].sort(byCodeUnit).map((key) => members.get(key) as T);
}

/** What `ownedBy` takes as the uid of "nobody in this namespace": objects without a controller, which may be adopted. */
export const orphansKey = (namespace: string): string => `orphans/${namespace}`;

function controllerUid(object: KubeObject): readonly string[] {
  const controller = object.metadata.ownerReferences?.find((reference) => reference.controller);
  return [controller ? controller.uid : orphansKey(object.metadata.namespace ?? '')];
}

function enter<T extends KubeObject>(index: Index<T>, object: T): void {
  for (const key of index.keysOf(object)) {
    let members = index.members.get(key);
    if (!members) index.members.set(key, (members = new Map()));
    members.set(keyOf(object), object);
  }
}

function leave<T extends KubeObject>(index: Index<T>, object: T): void {
  for (const key of index.keysOf(object)) {
    const members = index.members.get(key);
    members?.delete(keyOf(object));
    if (members?.size === 0) index.members.delete(key);
  }
}
