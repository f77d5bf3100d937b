// A Store over memory, with or without a journal that makes its writes durable: the one implementation of the store's semantics.

import type { Clock, Instant } from '../base/clock.ts';
import { type Lifetime, lifetimes } from './lifetimes.ts';
import type { Change, Committed, Conflict, Entry, Revision, Store, Write } from './store.ts';
import type { Versions } from './versions.ts';
import { watchers } from './watchers.ts';
import { horizon, usualWindow, type Window } from './window.ts';

/** One write as a journal keeps it. */
export interface JournalRecord {
  readonly key: string;
  readonly value: Uint8Array | undefined;
  readonly revision: Revision;
  readonly expires: Instant | undefined;
}

export interface Journal {
  /** Resolves when the records, in this order, are durable. Never called again before. A rejection ends the store. */
  write(records: readonly JournalRecord[]): Promise<void>;
  close(): Promise<void>;
}

export interface StoreParts {
  readonly clock: Clock;
  /** What there is at the start. */
  readonly versions: Versions;
  readonly lifetimes?: Iterable<Lifetime>;
  readonly journal?: Journal;
  readonly window?: Window;
}

type Outcome = Committed | Conflict;

/** A decided write that waits for the journal; without a change, an answer that waits for the writes it rests on. */
interface Decided {
  readonly record: JournalRecord | undefined;
  readonly change: Change | undefined;
  readonly outcome: Outcome;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (reason: Error) => void;
}

export function journaledStore({
  clock,
  versions,
  journal,
  window = usualWindow,
  lifetimes: known = [],
}: StoreParts): Store {
  const watching = watchers();
  const keep = horizon(clock, window);
  const expiring = lifetimes(clock, (lifetime) => void expire(lifetime));
  const queue = decisionQueue(versions);
  let broken: Error | undefined;
  let pumping: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  for (const lifetime of known) expiring.add(lifetime);

  /** The key goes, unless it was written again. That may be known only when the turn of this write comes; then nothing happens. */
  async function expire({ key, revision }: Lifetime): Promise<void> {
    if (broken) return;
    await commit({ key, value: undefined, expect: revision }).catch((error: unknown) => {
      if (error !== broken) throw error;
    });
  }

  function commit(write: Write): Promise<Outcome> {
    if (broken) return Promise.reject(broken);
    const expires = write.lifetime === undefined ? undefined : clock.now() + write.lifetime;
    if (!journal) return Promise.resolve(commitNow(write, expires));
    return new Promise((resolve, reject) => {
      queue.push({ ...queue.decide(write, expires), resolve, reject });
      pumping ??= pump(journal);
    });
  }

  function commitNow(write: Write, expires: Instant | undefined): Outcome {
    const { change, outcome } = queue.decide(write, expires);
    if (change) {
      versions.append(change);
      if (expires !== undefined) expiring.add({ key: write.key, revision: change.revision, expires });
      published([change]);
    }
    return outcome;
  }

  /** Whatever was decided while the journal wrote goes into its next write. */
  async function pump(to: Journal): Promise<void> {
    // What is committed in the same turn goes together.
    await Promise.resolve();
    for (let batch = queue.take(); batch.length > 0; batch = queue.take()) {
      const records = batch.flatMap(({ record }) => record ?? []);
      try {
        if (records.length > 0) await to.write(records);
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)), batch);
        break;
      }
      acknowledge(batch, records);
    }
    pumping = undefined;
  }

  function acknowledge(batch: readonly Decided[], records: readonly JournalRecord[]): void {
    const changes = batch.flatMap(({ change }) => change ?? []);
    for (const change of changes) versions.append(change);
    for (const { key, revision, expires } of records) {
      if (expires !== undefined) expiring.add({ key, revision, expires });
    }
    queue.settled();
    if (changes.length > 0) published(changes);
    for (const { outcome, resolve } of batch) resolve(outcome);
  }

  function fail(error: Error, batch: readonly Decided[]): void {
    broken = error;
    expiring.close();
    for (const { reject } of [...batch, ...queue.take()]) reject(error);
  }

  function published(changes: readonly Change[]): void {
    watching.publish(changes);
    const upTo = keep.after(versions.revision, versions.remembered);
    if (upTo !== undefined) versions.compact(upTo);
  }

  /** Runs a read; what it throws becomes a rejection. */
  async function reading<T>(read: () => T): Promise<T> {
    if (broken) throw broken;
    return read();
  }

  async function close(): Promise<void> {
    broken ??= new Error('The store is closed');
    await pumping;
    expiring.close();
    watching.clear();
    await journal?.close();
  }

  return {
    revision: () => versions.revision,
    get: (key, at) => reading(() => versions.get(key, at)),
    list: (query) => reading(() => versions.list(query)),
    commit,
    watch(prefix, from, sink) {
      if (broken) throw broken;
      const past = versions.changesSince(prefix, from);
      const stop = watching.add(prefix, sink);
      if (past.length > 0) sink(past);
      return stop;
    },
    compact: (upTo) => reading(() => versions.compact(upTo)),
    close: () => (closing ??= close()),
  };
}

interface DecisionQueue {
  /** What becomes of a write, given all that was decided before it, durable or not. */
  decide(write: Write, expires: Instant | undefined): Pick<Decided, 'record' | 'change' | 'outcome'>;
  push(decided: Decided): void;
  /** Takes all that waits. */
  take(): Decided[];
  /** What was taken is in the versions now. */
  settled(): void;
}

/** Writes are decided at once and in order, on top of those that are not durable yet. */
function decisionQueue(versions: Versions): DecisionQueue {
  /** The newest decision per key among those not settled; `entry` undefined: deleted. */
  const ahead = new Map<string, { readonly revision: Revision; readonly entry: Entry | undefined }>();
  let waiting: Decided[] = [];
  let next = versions.revision;

  function current(key: string): Entry | undefined {
    const decided = ahead.size > 0 ? ahead.get(key) : undefined;
    return decided ? decided.entry : versions.get(key);
  }

  return {
    decide({ key, value, expect }, expires) {
      const previous = current(key);
      if (expect !== undefined && expect !== (previous?.revision ?? 0)) {
        return { record: undefined, change: undefined, outcome: { ok: false, current: previous } };
      }
      // Nothing to delete: nothing changes, and no revision is used, as in etcd.
      if (!value && !previous)
        return { record: undefined, change: undefined, outcome: { ok: true, revision: next, previous } };
      const revision = ++next;
      return {
        record: { key, value, revision, expires },
        change: { key, value, revision, previous },
        outcome: { ok: true, revision, previous },
      };
    },
    push(decided) {
      waiting.push(decided);
      const { change } = decided;
      if (!change) return;
      const { key, value, revision } = change;
      ahead.set(key, { revision, entry: value && { key, value, revision } });
    },
    take() {
      const taken = waiting;
      waiting = [];
      return taken;
    },
    settled() {
      for (const [key, { revision }] of ahead) if (revision <= versions.revision) ahead.delete(key);
    },
  };
}
