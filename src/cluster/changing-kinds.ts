// Custom kinds, and those of other API servers, come and go while a cluster runs; who looks at all kinds must follow them.

import type { Log } from '../base/log.ts';
import { apiVersionOf, type Kind, resourceKey } from '../api/kind.ts';
import { type GarbageCollector, isCollectable } from '../controllers/garbage-collector.ts';
import { remoteKinds } from '../server/aggregation/remote-kinds.ts';
import type { Server } from '../server/server.ts';

/** Has the garbage collector follow them. Returns the way to stop. */
export function followChangingKinds(
  { catalog, aggregation, log }: Pick<Server, 'catalog' | 'aggregation' | 'log'>,
  collector: GarbageCollector,
): () => void {
  const following = [
    followKinds(() => catalog.kinds().filter((kind) => kind.custom), collector, log),
    followKinds((before) => servedElsewhere(before), collector, log),
  ];
  const follow = () => following.forEach((each) => each());
  follow();
  const stops = [catalog.subscribe(follow), aggregation.subscribe(follow)];
  return () => stops.forEach((stop) => stop());

  /** A server that does not answer has not ceased to serve what it did. */
  function servedElsewhere(before: readonly Kind[]): readonly Kind[] {
    const { kinds, stale } = remoteKinds(catalog, aggregation);
    return [...kinds, ...before.filter((kind) => stale.includes(apiVersionOf(kind)))];
  }
}

/** To be called whenever there may be others. `now` is told which there were. */
function followKinds(now: (before: readonly Kind[]) => readonly Kind[], collector: GarbageCollector, log: Log) {
  let known = new Map<string, Kind>();
  return () => {
    const kinds = now([...known.values()]).filter(isCollectable);
    const before = known;
    known = new Map(kinds.map((kind) => [resourceKey(kind), kind]));
    for (const [key, kind] of before) if (!known.has(key)) collector.forget(kind);
    for (const [key, kind] of known) if (!before.has(key)) void watch(kind, collector, log);
  };
}

const watch = (kind: Kind, collector: GarbageCollector, log: Log): Promise<void> =>
  collector
    .watch(kind)
    .catch((error: unknown) => log.warn('a kind is not collected', { kind: kind.kind, error: String(error) }));
