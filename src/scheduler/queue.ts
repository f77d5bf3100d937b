// Pods that wait for a node: ready ones by priority, failed ones until something happens that could help them.

import type { Clock, Duration, Instant, Timer } from '../base/clock.ts';
import { deepEqual } from '../base/equal.ts';
import { type Heap, type HeapEntry, heap } from '../base/heap.ts';
import type { ClusterEvent } from './events.ts';
import type { Plugin } from './plugin.ts';
import { plugins as allPlugins } from './plugins/index.ts';
import type { PodInfo } from './pod-info.ts';
import { type ClusterView, emptyView } from './view.ts';

/** The pause after a failed try doubles from the first to the last of these. */
const firstBackoff: Duration = 1000;
const longestBackoff: Duration = 10_000;
/** A pod that nothing woke is tried again after this. */
const longestWait: Duration = 300_000;
const waitsCheckedEvery: Duration = 30_000;

/** `active`: next by priority. `backoff`: likewise, but only when nothing is active. `error`: after its pause. The others wait for an event. */
type Place = 'active' | 'backoff' | 'error' | 'waiting' | 'gated' | 'tried';

export interface QueuedPod {
  pod: PodInfo;
  /** Failed tries so far. */
  attempts: number;
  /** When it last came here; older ones of equal priority go first. */
  since: Instant;
  refusedBy: ReadonlySet<string>;
}

interface Entry extends QueuedPod {
  place: Place;
  /** Breaks ties, so that the order never depends on the heap. */
  turn: number;
  handle: HeapEntry<Entry> | undefined;
  errors: number;
  /** Something happened that could help while it was being tried. */
  woken: boolean;
}

export interface SchedulingQueue {
  /** A new pod, or a newer state of one. */
  put(pod: PodInfo): void;
  /** It is gone, or has its node. */
  drop(uid: string): void;
  /** The next pod to try. It stays known as being tried until it is put back or dropped. */
  take(): QueuedPod | undefined;
  /** No node could have it: it waits for an event that the plugins which refused it wait for. */
  refused(uid: string, refusedBy: ReadonlySet<string>): void;
  /** Something went wrong that is nobody's refusal: it is tried again after a pause. */
  broken(uid: string): void;
  /** While held, nothing wakes it. */
  hold(uid: string): void;
  release(uid: string): void;
  /** Releases it and lets it try again. */
  retry(uid: string): void;
  happened(event: ClusterEvent): void;
  counts(): Readonly<Record<Place, number>>;
  stop(): void;
}

export interface QueueOptions {
  readonly clock: Clock;
  /** Called when there may be something to take. */
  readonly onReady: () => void;
  readonly plugins?: readonly Plugin[];
  /** What gates may look up. */
  readonly view?: ClusterView;
}

export function createQueue({ clock, onReady, plugins = allPlugins, view = emptyView }: QueueOptions): SchedulingQueue {
  const entries = new Map<string, Entry>();
  const active = heap<Entry>(byPriority);
  const backoff = heap<Entry>((a, b) => readyAt(a) - readyAt(b) || byPriority(a, b));
  const errors = heap<Entry>((a, b) => errorOver(a) - errorOver(b) || a.turn - b.turn);
  const heaps: Partial<Record<Place, Heap<Entry>>> = { active, backoff, error: errors };
  const waiting = new Set<Entry>();
  const gated = new Set<Entry>();
  const held = new Set<string>();
  const byName = new Map(plugins.map((plugin) => [plugin.name, plugin]));
  let turns = 0;
  let errorTimer: Timer | undefined;
  let waitTimer: Timer | undefined;

  function move(entry: Entry, place: Place): void {
    if (entry.handle) heaps[entry.place]?.remove(entry.handle);
    waiting.delete(entry);
    gated.delete(entry);
    entry.place = place;
    entry.handle = heaps[place]?.push(entry);
    if (place === 'waiting') waiting.add(entry);
    if (place === 'gated') gated.add(entry);
    if (place === 'waiting') watchWaits();
    if (place === 'error') watchErrors();
    if (place === 'active' || place === 'backoff') onReady();
  }

  function requeue(entry: Entry): void {
    move(entry, readyAt(entry) > clock.now() ? 'backoff' : 'active');
  }

  function watchErrors(): void {
    const first = errors.peek();
    errorTimer?.cancel();
    errorTimer = first && clock.after(Math.max(0, errorOver(first) - clock.now()), releaseErrors);
  }

  function releaseErrors(): void {
    for (let entry = errors.peek(); entry && errorOver(entry) <= clock.now(); entry = errors.peek()) {
      move(entry, 'active');
    }
    watchErrors();
  }

  function watchWaits(): void {
    waitTimer ??= clock.after(waitsCheckedEvery, () => {
      waitTimer = undefined;
      for (const entry of [...waiting]) {
        if (clock.now() - entry.since > longestWait && !held.has(entry.pod.uid)) requeue(entry);
      }
      if (waiting.size > 0) watchWaits();
    });
  }

  function newEntry(pod: PodInfo): Entry {
    const entry: Entry = {
      pod,
      attempts: 0,
      errors: 0,
      since: clock.now(),
      refusedBy: new Set(),
      place: 'tried',
      turn: turns++,
      handle: undefined,
      woken: false,
    };
    entries.set(pod.uid, entry);
    return entry;
  }

  const isGated = ({ pod }: PodInfo): boolean => plugins.some(({ gate }) => gate?.(pod, view) !== undefined);

  function isWoken(entry: Entry, event: ClusterEvent): boolean {
    if (held.has(entry.pod.uid)) return false;
    for (const name of entry.refusedBy) {
      const wakes = byName.get(name)?.wakes?.[event.name];
      if (wakes === true || wakes?.(entry.pod, event)) return true;
    }
    return false;
  }

  function putBack(uid: string, place: 'waiting' | 'error', refusedBy: ReadonlySet<string>): void {
    const entry = entries.get(uid);
    if (entry?.place !== 'tried') return;
    entry.attempts++;
    entry.errors = place === 'error' ? entry.errors + 1 : 0;
    entry.since = clock.now();
    entry.turn = turns++;
    entry.refusedBy = refusedBy;
    if (isGated(entry.pod)) move(entry, 'gated');
    else if (place === 'waiting' && entry.woken) requeue(entry);
    else move(entry, place);
  }

  return {
    put(pod) {
      const known = entries.get(pod.uid);
      if (!known) return move(newEntry(pod), isGated(pod) ? 'gated' : 'active');
      const previous = known.pod;
      known.pod = pod;
      if (known.place === 'gated') {
        if (!isGated(pod)) move(known, 'active');
      } else if (asksDifferently(pod, previous)) {
        if (known.place === 'waiting') requeue(known);
        else if (known.place === 'tried') known.woken = true;
        else move(known, known.place);
      }
    },
    drop(uid) {
      const entry = entries.get(uid);
      if (!entry) return;
      move(entry, 'tried');
      entries.delete(uid);
      held.delete(uid);
    },
    take() {
      const entry = active.peek() ?? backoff.peek();
      if (!entry) return undefined;
      move(entry, 'tried');
      entry.woken = false;
      return entry;
    },
    refused: (uid, refusedBy) => putBack(uid, 'waiting', refusedBy),
    broken: (uid) => putBack(uid, 'error', new Set()),
    hold: (uid) => void held.add(uid),
    release: (uid) => void held.delete(uid),
    retry(uid) {
      held.delete(uid);
      const entry = entries.get(uid);
      if (entry?.place === 'waiting') requeue(entry);
    },
    happened(event) {
      for (const entry of [...waiting]) if (isWoken(entry, event)) requeue(entry);
      for (const entry of [...gated]) if (!isGated(entry.pod)) move(entry, 'active');
    },
    counts() {
      const counts = { active: 0, backoff: 0, error: 0, waiting: 0, gated: 0, tried: 0 };
      for (const { place } of entries.values()) counts[place]++;
      return counts;
    },
    stop() {
      errorTimer?.cancel();
      waitTimer?.cancel();
    },
  };
}

function byPriority(a: Entry, b: Entry): number {
  return b.pod.priority - a.pod.priority || a.since - b.since || a.turn - b.turn;
}

const pauseAfter = (failures: number): Duration =>
  failures === 0 ? 0 : Math.min(longestBackoff, firstBackoff * 2 ** (failures - 1));

const readyAt = ({ since, attempts }: Entry): Instant => since + pauseAfter(attempts);
const errorOver = ({ since, errors }: Entry): Instant => since + pauseAfter(errors);

/** Whether what decides about a pod's place has changed; its status does not. */
const asksDifferently = (next: PodInfo, previous: PodInfo): boolean =>
  !deepEqual(next.pod.spec, previous.pod.spec) || !deepEqual(next.pod.metadata.labels, previous.pod.metadata.labels);
