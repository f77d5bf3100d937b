// Pods that wait for a node: ready ones by priority, failed ones until something happens that could help them.

import type { Clock, Duration, Instant, Timer } from '../base/clock.ts';
import { type Heap, type HeapEntry, heap } from '../base/heap.ts';
import { type ClusterEvent, isWokenBy } from './events.ts';
import type { Plugin } from './plugin.ts';
import { plugins as allPlugins } from './plugins/index.ts';
import type { PodInfo } from './pod-info.ts';
import { type ClusterView, emptyView } from './view.ts';

/** Pauses end all together, with the first whole second that begins after them. */
const backoffWindow: Duration = 1000;
/** A pod that nothing woke is tried again after this. */
const longestWait: Duration = 300_000;
const waitsCheckedEvery: Duration = 30_000;

/** `active`: next by priority. `backoff`: likewise, but only when nothing is active. `error`: after its pause. The others wait for an event. */
type Place = 'active' | 'backoff' | 'error' | 'waiting' | 'gated' | 'tried';

export interface QueuedPod {
  pod: PodInfo;
  /** How often no node could have it. */
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
  /** How often in a row something else went wrong. */
  errors: number;
  /** What it was before it changed while it was being tried. */
  changes: PodInfo[];
}

export interface SchedulingQueue {
  /** A new pod, or a newer state of one. */
  put(pod: PodInfo): void;
  /** It is gone, or has its node. */
  drop(uid: string): void;
  /** The next pod to try. It stays known as being tried until it is put back or dropped. */
  take(): QueuedPod | undefined;
  /** No node could have it: it waits for an event that the plugins which refused it wait for. If there are none, it is tried again after a pause. */
  refused(uid: string, refusedBy: ReadonlySet<string>): void;
  /** Something went wrong that is nobody's refusal: it is tried again after a pause. */
  broken(uid: string): void;
  /** While held, nothing wakes it. */
  hold(uid: string): void;
  release(uid: string): void;
  /** Releases it and lets it try again. */
  retry(uid: string): void;
  /** Something that matters to pods of this priority and below. */
  happened(event: ClusterEvent, priority?: number): void;
  counts(): Readonly<Record<Place, number>>;
  stop(): void;
}

export interface QueueOptions {
  readonly clock: Clock;
  /** Called when there may be something to take. */
  readonly onReady: () => void;
  /** The plugins that a pod is scheduled by. */
  readonly pluginsFor?: (pod: PodInfo) => readonly Plugin[];
  /** The pause after a failed try doubles from the first to the longest of these; 1 s and 10 s unless said otherwise. */
  readonly podInitialBackoff?: Duration;
  readonly podMaxBackoff?: Duration;
  /** What gates may look up. */
  readonly view?: ClusterView;
}

export function createQueue(options: QueueOptions): SchedulingQueue {
  const { clock, onReady, pluginsFor = () => allPlugins, view = emptyView } = options;
  const { podInitialBackoff = 1000, podMaxBackoff = 10_000 } = options;
  const entries = new Map<string, Entry>();
  const active = heap<Entry>(byPriority);
  const backoff = heap<Entry>((a, b) => readyAt(a) - readyAt(b) || byPriority(a, b));
  const errors = heap<Entry>((a, b) => readyAt(a) - readyAt(b) || a.turn - b.turn);
  const heaps: Partial<Record<Place, Heap<Entry>>> = { active, backoff, error: errors };
  const waiting = new Set<Entry>();
  const gated = new Set<Entry>();
  const held = new Set<string>();
  let turns = 0;
  let errorTimer: Timer | undefined;
  let waitTimer: Timer | undefined;

  function readyAt({ since, attempts, errors: failures }: Entry): Instant {
    const times = failures > 0 ? failures : attempts;
    if (times === 0) return 0;
    const pause = Math.min(podMaxBackoff, podInitialBackoff * 2 ** (times - 1));
    return (Math.floor((since + pause) / backoffWindow) + 1) * backoffWindow;
  }

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
    errorTimer = first && clock.after(Math.max(0, readyAt(first) - clock.now()), releaseErrors);
  }

  function releaseErrors(): void {
    for (let entry = errors.peek(); entry && readyAt(entry) <= clock.now(); entry = errors.peek()) {
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
      changes: [],
    };
    entries.set(pod.uid, entry);
    return entry;
  }

  const isGated = (info: PodInfo): boolean => pluginsFor(info).some(({ gate }) => gate?.(info.pod, view) !== undefined);

  function isWoken(entry: Entry, event: ClusterEvent): boolean {
    if (held.has(entry.pod.uid)) return false;
    return pluginsFor(entry.pod).some(
      ({ name, wakes }) => wakes !== undefined && entry.refusedBy.has(name) && isWokenBy(wakes, entry.pod, event),
    );
  }

  function putBack(uid: string, place: 'waiting' | 'error', refusedBy: ReadonlySet<string>): void {
    const entry = entries.get(uid);
    if (entry?.place !== 'tried') return;
    if (place === 'waiting') entry.attempts++;
    entry.errors = place === 'error' ? entry.errors + 1 : 0;
    entry.since = clock.now();
    entry.turn = turns++;
    entry.refusedBy = refusedBy;
    if (isGated(entry.pod)) move(entry, 'gated');
    else if (place === 'waiting' && entry.changes.some((previous) => isWoken(entry, { name: 'OwnChange', previous }))) {
      requeue(entry);
    } else move(entry, place);
  }

  return {
    put(pod) {
      const known = entries.get(pod.uid);
      if (!known) return move(newEntry(pod), isGated(pod) ? 'gated' : 'active');
      const previous = known.pod;
      known.pod = pod;
      if (known.place === 'gated') {
        if (!isGated(pod)) move(known, 'active');
      } else if (known.place === 'tried') {
        known.changes.push(previous);
      } else if (known.place === 'waiting') {
        if (isWoken(known, { name: 'OwnChange', previous })) requeue(known);
      } else if (pod.priority !== previous.priority) {
        move(known, known.place);
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
      for (let over = backoff.peek(); over && readyAt(over) <= clock.now(); over = backoff.peek()) move(over, 'active');
      const entry = active.peek() ?? backoff.peek();
      if (!entry) return undefined;
      move(entry, 'tried');
      entry.changes = [];
      return entry;
    },
    refused: (uid, refusedBy) => putBack(uid, refusedBy.size > 0 ? 'waiting' : 'error', refusedBy),
    broken: (uid) => putBack(uid, 'error', new Set()),
    hold: (uid) => void held.add(uid),
    release: (uid) => void held.delete(uid),
    retry(uid) {
      held.delete(uid);
      const entry = entries.get(uid);
      if (entry?.place === 'waiting') requeue(entry);
    },
    happened(event, priority = Number.POSITIVE_INFINITY) {
      for (const entry of [...waiting]) {
        if (entry.pod.priority <= priority && isWoken(entry, event)) requeue(entry);
      }
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
