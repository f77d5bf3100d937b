// namespaces/finalize: takes or gives the finalizers in a namespace's spec; the last one gone, a namespace that is being deleted goes.

import type { Exchange, ResourceTarget } from '../exchange.ts';
import type { Server } from '../server.ts';
import type { Result } from '../verbs/result.ts';
import { update } from '../verbs/update.ts';

export const finalize = (server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> =>
  update(server, exchange, target);
