// Subresources through which a part of the object itself is changed: its status, or what a facet names.

import { methodNotAllowed } from '../../api/status.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import type { Server } from '../server.ts';
import { patch } from '../verbs/patch.ts';
import { get } from '../verbs/read.ts';
import type { Result } from '../verbs/result.ts';
import { update } from '../verbs/update.ts';

export async function status(server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> {
  if (target.verb === 'get') return get(server, target, exchange.request.query);
  if (target.verb === 'update') return update(server, exchange, target);
  if (target.verb === 'patch') return patch(server, exchange, target);
  throw methodNotAllowed();
}
