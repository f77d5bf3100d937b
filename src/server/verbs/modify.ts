// A change the server itself makes to a stored object: tried again until nobody was faster, without the checks of a client's update.

import type { Kind } from '../../api/kind.ts';
import { notFound, staleWrite } from '../../api/status.ts';
import { copyOf, type Draft } from '../draft.ts';
import type { Server } from '../server.ts';
import type { Stored } from '../stored.ts';
import { commit } from './commit.ts';

const mostTries = 64;

export interface Modification {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly dryRun: boolean;
  /** Changes the draft, or throws what the client is to see. False: there is nothing to change. */
  change(draft: Draft): boolean | void;
}

export async function modify(server: Server, modification: Modification): Promise<Stored> {
  const { kind, namespace, name, dryRun, change } = modification;
  const cache = await server.caches.of(kind);
  for (let tries = mostTries; tries > 0; tries--) {
    const previous = cache.stored(namespace, name);
    if (!previous) throw notFound({ group: kind.group, resource: kind.plural }, name);
    const draft = copyOf(previous.object) as Draft;
    if (change(draft) === false) return previous;
    if (dryRun) return { ...previous, object: draft };
    const stored = await commit(server, kind, draft, previous);
    if (stored) return stored;
  }
  throw staleWrite({ group: kind.group, resource: kind.plural }, name);
}
