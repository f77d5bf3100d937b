// What happens around a write of a kind that takes something from a common stock: addresses, ports. Taken before the checks, given back when the write fails.

import type { KubeObject } from '../../api/object.ts';
import type { Draft } from '../draft.ts';
import type { Server } from '../server.ts';

export interface Taken {
  /** The write is over: what it took now shows in the objects there are, or is free again. */
  settle(): void;
}

export interface WriteHook {
  /** Completes the draft with what it takes; `previous` is undefined on create. @throws ApiError when the stock refuses */
  take(server: Server, draft: Draft, previous: KubeObject | undefined): Promise<Taken>;
  /** Called once an object is stored (`previous` undefined: created) or gone (`next` undefined). */
  written?(server: Server, next: KubeObject | undefined, previous: KubeObject | undefined): Promise<void>;
}
