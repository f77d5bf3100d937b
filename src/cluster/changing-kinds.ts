// Custom kinds come and go while a cluster runs; who looks at all kinds must follow them.

import type { Log } from '../base/log.ts';
import { type Kind, resourceKey } from '../api/kind.ts';
import { type GarbageCollector, isCollectable } from '../controllers/garbage-collector.ts';
import type { Catalog } from '../server/catalog.ts';

/** Has the garbage collector follow them. Returns the way to stop. */
export function followCustomKinds(catalog: Catalog, collector: GarbageCollector, log: Log): () => void {
  const known = new Map<string, Kind>();
  const follow = () => {
    const custom = new Map(
      catalog
        .kinds()
        .filter((kind) => kind.custom && isCollectable(kind))
        .map((kind) => [resourceKey(kind), kind]),
    );
    for (const [key, kind] of known) if (!custom.has(key)) collector.forget(kind);
    for (const [key, kind] of custom) {
      if (!known.has(key))
        collector
          .watch(kind)
          .catch((error: unknown) =>
            log.warn('a custom kind is not collected', { kind: kind.kind, error: String(error) }),
          );
    }
    known.clear();
    for (const [key, kind] of custom) known.set(key, kind);
  };
  follow();
  return catalog.subscribe(follow);
}
