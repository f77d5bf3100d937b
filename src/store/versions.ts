// What the store holds in memory: every key's versions back to the last compaction, and the log of changes that made them.

import { sortedMap } from '../base/sorted-map.ts';
import { type Change, type Entry, type Listing, type ListQuery, type Revision, RevisionError } from './store.ts';

export interface Versions {
  /** The newest revision. */
  readonly revision: Revision;
  /** What was before this revision is forgotten. */
  readonly compacted: Revision;
  /** How many changes are remembered. */
  readonly remembered: number;
  get(key: string, at?: Revision): Entry | undefined;
  list(query: ListQuery): Listing;
  /** Takes the next revision's change over. */
  append(change: Change): void;
  /** All remembered changes under the prefix after the revision. */
  changesSince(prefix: string, from: Revision): Change[];
  compact(upTo: Revision): void;
}

interface Version {
  readonly revision: Revision;
  /** Undefined: the key was deleted by this version. */
  readonly entry: Entry | undefined;
  older: Version | undefined;
}

interface Slot {
  readonly key: string;
  newest: Version;
}

interface Logged {
  readonly change: Change;
  readonly version: Version;
  readonly slot: Slot;
}

/** @param entries what there is at `revision`, in any order; history begins there */
export function versions(entries: Iterable<Entry> = [], revision: Revision = 0): Versions {
  const slots = new Map<string, Slot>();
  const ordered = sortedMap<Slot>();
  const log = changeLog();
  let compacted = revision;

  function write(key: string, version: Version): Slot {
    const slot = slots.get(key);
    if (slot) {
      version.older = slot.newest;
      slot.newest = version;
      return slot;
    }
    const created = { key, newest: version };
    slots.set(key, created);
    ordered.set(key, created);
    return created;
  }

  for (const entry of entries) write(entry.key, { revision: entry.revision, entry, older: undefined });

  function append(change: Change): void {
    const { key, value } = change;
    revision = change.revision;
    const entry = value && { key, value, revision };
    const version: Version = { revision, entry, older: undefined };
    log.push({ change, version, slot: write(key, version) });
  }

  function check(at: Revision): void {
    if (at > revision) throw new RevisionError('future', at);
    if (at < compacted) throw new RevisionError('compacted', at);
  }

  function list({ prefix, limit = Infinity, after, at = revision }: ListQuery): Listing {
    check(at);
    const entries: Entry[] = [];
    let remaining = 0;
    ordered.scan(after !== undefined && after > prefix ? after : prefix, (slot) => {
      if (!slot.key.startsWith(prefix)) return false;
      const entry = slot.key === after ? undefined : entryAt(slot, at);
      if (!entry) return true;
      if (entries.length < limit) entries.push(entry);
      else remaining++;
      return true;
    });
    return { entries, revision: at, remaining };
  }

  /** A version that is superseded as of the new beginning goes, and a key that is deleted as of then with it. */
  function forget({ version, slot }: Logged): void {
    version.older = undefined;
    if (version.entry || slot.newest !== version) return;
    slots.delete(slot.key);
    ordered.delete(slot.key);
  }

  return {
    get revision() {
      return revision;
    },
    get compacted() {
      return compacted;
    },
    get remembered() {
      return log.size;
    },
    get(key, at = revision) {
      check(at);
      const slot = slots.get(key);
      return slot && entryAt(slot, at);
    },
    list,
    append,
    changesSince(prefix, from) {
      check(from);
      return log.after(from - compacted, prefix);
    },
    compact(upTo) {
      if (upTo > revision) throw new RevisionError('future', upTo);
      if (upTo <= compacted) return;
      for (const logged of log.drop(upTo - compacted)) forget(logged);
      compacted = upTo;
    },
  };
}

function entryAt(slot: Slot, at: Revision): Entry | undefined {
  let version: Version | undefined = slot.newest;
  while (version && version.revision > at) version = version.older;
  return version?.entry;
}

interface ChangeLog {
  readonly size: number;
  push(logged: Logged): void;
  /** What follows the first `count`, under the prefix. */
  after(count: number, prefix: string): Change[];
  /** Takes out the first `count`. */
  drop(count: number): Logged[];
}

/** A queue in an array: revisions are dense, so a change's place follows from its revision. */
function changeLog(): ChangeLog {
  let logged: Logged[] = [];
  let start = 0;
  return {
    get size() {
      return logged.length - start;
    },
    push: (each) => void logged.push(each),
    after(count, prefix) {
      const changes: Change[] = [];
      for (let i = start + count; i < logged.length; i++) {
        const { change } = logged[i] as Logged;
        if (change.key.startsWith(prefix)) changes.push(change);
      }
      return changes;
    },
    drop(count) {
      const dropped = logged.slice(start, start + count);
      start += count;
      // What is dropped must not be held: cut it off now, or soon.
      if (start * 2 >= logged.length) {
        logged = logged.slice(start);
        start = 0;
      } else {
        logged.fill(undefined as never, start - count, start);
      }
      return dropped;
    },
  };
}
