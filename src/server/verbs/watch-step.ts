// What a change is to a watch: an object comes, changes or goes, as far as its selectors reach.

import type { CacheEvent } from '../cache.ts';
import type { Selection } from '../selection.ts';
import type { WatchStep } from './result.ts';

/** What one change means for a watch whose selectors may have matched before, match now, or both. */
export function stepOf(event: CacheEvent, selection: Selection): WatchStep[] {
  const matchesNow = !event.deleted && selection.matches(event.stored.object);
  const matchedBefore = event.previous !== undefined && selection.matches(event.previous.object);
  if (matchesNow) return [{ type: matchedBefore ? 'MODIFIED' : 'ADDED', stored: event.stored, event }];
  if (!matchedBefore || !event.previous) return [];
  return [{ type: 'DELETED', stored: event.deleted ? event.stored : leavingState(event), event }];
}

/** An object that no longer matches is told as deleted: its last matching state, at the revision of the change. */
function leavingState(event: CacheEvent) {
  const previous = event.previous as NonNullable<CacheEvent['previous']>;
  const metadata = { ...previous.object.metadata, resourceVersion: String(event.revision) };
  return { object: { ...previous.object, metadata }, bytes: previous.bytes, revision: event.revision };
}
