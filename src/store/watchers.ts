// Who wants to hear of which keys' changes.

import type { Change, Unsubscribe } from './store.ts';

export type Sink = (changes: readonly Change[]) => void;

export interface Watchers {
  add(prefix: string, sink: Sink): Unsubscribe;
  /** Calls every sink with those of the changes it asked for, if any. */
  publish(changes: readonly Change[]): void;
  clear(): void;
}

interface Watcher {
  readonly prefix: string;
  readonly sink: Sink;
  stopped: boolean;
}

export function watchers(): Watchers {
  // A list that is replaced, never changed: a sink may watch, or stop watching, while changes are handed out.
  let all: readonly Watcher[] = [];
  return {
    add(prefix, sink) {
      const watcher = { prefix, sink, stopped: false };
      all = [...all, watcher];
      return () => {
        watcher.stopped = true;
        all = all.filter((each) => each !== watcher);
      };
    },
    publish(changes) {
      for (const watcher of all) {
        const wanted = under(watcher.prefix, changes);
        if (wanted.length > 0 && !watcher.stopped) watcher.sink(wanted);
      }
    },
    clear() {
      all = [];
    },
  };
}

const none: readonly Change[] = [];

function under(prefix: string, changes: readonly Change[]): readonly Change[] {
  const [only] = changes;
  if (!only || changes.length > 1) return changes.filter((change) => change.key.startsWith(prefix));
  return only.key.startsWith(prefix) ? changes : none;
}
