// watch: past changes from a resourceVersion on, then live ones, matched with the selectors of the watch.

import type { Timer } from '../../base/clock.ts';
import type { ApiRequest, WatchSource } from '../../api/request.ts';
import { type ApiError, gone } from '../../api/status.ts';
import { RevisionError, type Revision } from '../../store/store.ts';
import type { Cache, CacheEvent } from '../cache.ts';
import type { ResourceTarget } from '../exchange.ts';
import { isTrue } from '../resolve.ts';
import { wholeNumber } from '../options.ts';
import { placeOf, type Selection, selectionOf } from '../selection.ts';
import type { Server } from '../server.ts';
import { revisionOf, selected, tooLarge } from './read.ts';
import type { WatchResult, WatchStep } from './result.ts';
import { stepsInVersion } from './watch-conversion.ts';
import { requireWatchOptions } from './watch-options.ts';
import { stepOf } from './watch-step.ts';

/** How often a watch that allows bookmarks gets one, in milliseconds. */
const bookmarkEvery = 60_000;
/** Upstream ends watches after a random time between one and two of these, in milliseconds. */
const shortestTimeout = 1_800_000;

/** Whoever watches from inside this process misses nothing: no bookmarks while nothing happens, and no end but by the watcher. */
export async function watch(
  server: Server,
  target: ResourceTarget,
  { query, inProcess }: Pick<ApiRequest, 'query' | 'inProcess'>,
): Promise<WatchResult> {
  const { kind } = target.served;
  const askedAt = server.clock.elapsed();
  const selection = selectionOf(kind, target.namespace, target.name, query);
  requireWatchOptions(query);
  const timeout = query.has('timeoutSeconds') ? wholeNumber(query.get('timeoutSeconds') ?? '') * 1000 : 0;
  const version = query.get('resourceVersion') ?? '';
  const from = version === '' ? 0 : revisionOf(version, 'watch');
  const cache = await server.caches.of(kind);
  const plan: Plan = {
    from,
    initialEvents: query.has('sendInitialEvents') ? isTrue(query.get('sendInitialEvents')) : from === 0,
    endMark:
      query.has('sendInitialEvents') &&
      isTrue(query.get('sendInitialEvents')) &&
      isTrue(query.get('allowWatchBookmarks')),
    bookmarks: isTrue(query.get('allowWatchBookmarks')) && !inProcess,
    timeout: timeout > 0 ? timeout : inProcess ? undefined : shortestTimeout * (1 + server.random.next()),
    listed: () => server.metrics.watches.listed(target, server.clock.elapsed() - askedAt),
  };
  if (from > server.store.revision() && plan.initialEvents) throw tooLarge(from, server.store.revision());
  if (!kind.convert) return { type: 'watch', steps: stepsOf(server, cache, selection, plan) };
  const steps = stepsOf(server, cache, placeOf(selection), plan);
  return { type: 'watch', steps: stepsInVersion(target.served, selection, steps) };
}

interface Plan {
  readonly from: Revision;
  /** The objects there are now come first, as ADDED. */
  readonly initialEvents: boolean;
  /** A bookmark says where they end. */
  readonly endMark: boolean;
  readonly bookmarks: boolean;
  readonly timeout: number | undefined;
  /** To be called once the end of the initial events is told. */
  listed(): void;
}

function stepsOf(server: Server, cache: Cache, selection: Selection, plan: Plan): WatchSource<WatchStep> {
  return {
    subscribe(sink, end) {
      const timers: Timer[] = [];
      const send = (steps: readonly WatchStep[]) => steps.length > 0 && sink(steps);
      let stop: () => void;
      try {
        stop = begin(server, cache, selection, plan, { send, end: () => finish(true) });
      } catch (error) {
        if (!(error instanceof RevisionError)) throw error;
        send([{ type: 'ERROR', status: refusalOf(error, server.store.revision()).status }]);
        end();
        return () => {};
      }
      if (plan.timeout !== undefined) timers.push(server.clock.after(plan.timeout, () => finish(true)));
      if (plan.bookmarks) scheduleBookmark(timers.length);

      function scheduleBookmark(place: number): void {
        timers[place] = server.clock.after(bookmarkEvery, () => {
          send([{ type: 'BOOKMARK', revision: server.store.revision(), initialEventsEnd: false }]);
          scheduleBookmark(place);
        });
      }
      function finish(byServer: boolean): void {
        for (const timer of timers) timer.cancel();
        stop();
        if (byServer) end();
      }
      return () => finish(false);
    },
  };
}

interface Watcher {
  send(steps: readonly WatchStep[]): void;
  end(): void;
}

function begin(server: Server, cache: Cache, selection: Selection, plan: Plan, { send, end }: Watcher): () => void {
  const live = (events: readonly CacheEvent[]) => send(events.flatMap((event) => stepOf(event, selection)));
  if (!plan.initialEvents) return cache.watch(plan.from === 0 ? server.store.revision() : plan.from, live, end);
  const now = server.store.revision();
  send(selected(cache, selection).map((stored) => ({ type: 'ADDED', stored })));
  if (plan.endMark) {
    send([{ type: 'BOOKMARK', revision: now, initialEventsEnd: true }]);
    plan.listed();
  }
  return cache.watch(now, live, end);
}

function refusalOf(error: RevisionError, current: Revision): ApiError {
  return error.reason === 'future'
    ? tooLarge(error.revision, current)
    : gone(`too old resource version: ${error.revision} (${current})`);
}
