// The few sentences Kubernetes speaks to etcd, and nothing else: five verbs over keys, JSON bytes and revisions.

import type { Duration } from '../base/clock.ts';

/** A whole number that grows by one with every committed write of the whole store. 0 means "before everything". */
export type Revision = number;

/** A key's value as of `revision`, the write that made it so. */
export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: Revision;
}

export interface Write {
  readonly key: string;
  /** The new value; undefined deletes the key. The bytes belong to the store from now on: do not change them. */
  readonly value: Uint8Array | undefined;
  /** The revision the key must have now (0: the key must not exist). Left out: whatever it has. */
  readonly expect?: Revision;
  /** The key is deleted by the store this long after the write (events). */
  readonly lifetime?: Duration;
}

/** A write that took place. `previous` is what the key held before. */
export interface Committed {
  readonly ok: true;
  readonly revision: Revision;
  readonly previous: Entry | undefined;
}

/** A write that did not take place since the key was not as expected; `current` is what it holds. */
export interface Conflict {
  readonly ok: false;
  readonly current: Entry | undefined;
}

/** One key's change at a revision: `value` undefined is a deletion. */
export interface Change {
  readonly key: string;
  readonly revision: Revision;
  readonly value: Uint8Array | undefined;
  readonly previous: Entry | undefined;
}

export interface ListQuery {
  readonly prefix: string;
  /** At most this many entries. */
  readonly limit?: number;
  /** Only keys after this one, in byte order. */
  readonly after?: string;
  /** As of this revision; left out: as of now. */
  readonly at?: Revision;
}

export interface Listing {
  readonly entries: readonly Entry[];
  /** The revision the listing shows. */
  readonly revision: Revision;
  /** How many further entries match beyond the limit. */
  readonly remaining: number;
}

/** The asked-for revision is compacted away, or lies in the future. */
export class RevisionError extends Error {
  readonly reason: 'compacted' | 'future';
  readonly revision: Revision;
  constructor(reason: 'compacted' | 'future', revision: Revision) {
    super(reason === 'compacted' ? `revision ${revision} has been compacted` : `revision ${revision} is in the future`);
    this.reason = reason;
    this.revision = revision;
  }
}

/** Stops a subscription. */
export type Unsubscribe = () => void;

export interface Store {
  /** The newest committed revision. */
  revision(): Revision;
  /** @throws RevisionError for an `at` that is compacted or not yet there */
  get(key: string, at?: Revision): Promise<Entry | undefined>;
  /** Entries in byte order of their keys. @throws RevisionError as `get` */
  list(query: ListQuery): Promise<Listing>;
  /**
   * Writes one key. A lost compare is a result, not an exception. When the promise resolves the write is durable and every
   * watcher of this process has been called with it.
   */
  commit(write: Write): Promise<Committed | Conflict>;
  /**
   * Calls `sink` with all changes of keys under the prefix after revision `from` (exclusive), in order, in batches, each exactly
   * once: what is past before this call returns, what comes then synchronously with its commit and before the commit's promise resolves.
   * The sink must not throw and must not write synchronously.
   * @throws RevisionError when `from` is compacted or in the future
   */
  watch(prefix: string, from: Revision, sink: (changes: readonly Change[]) => void): Unsubscribe;
  /** Forgets what was before the revision: reads and watches from before it are refused afterwards. */
  compact(upTo: Revision): Promise<void>;
  /** Finishes what is under way and releases everything. Later calls reject. */
  close(): Promise<void>;
}
