// The store of tests, simulations and the browser: everything in memory, gone with the program.

import type { Clock } from '../base/clock.ts';
import { journaledStore } from './journaled-store.ts';
import type { Store } from './store.ts';
import { versions } from './versions.ts';
import type { Window } from './window.ts';

export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** How much history is kept (default: five minutes). */
  readonly window?: Window;
}

export const memoryStore = ({ clock, window }: MemoryStoreOptions): Store =>
  journaledStore({ clock, versions: versions(), ...(window && { window }) });
