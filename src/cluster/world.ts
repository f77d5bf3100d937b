// Everything outside the program, passed once: a real world at the edge, a simulated one in tests.

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Port } from '../base/port.ts';
import type { Random } from '../base/random.ts';
import type { KeyMaker } from '../server/tokens/key-maker.ts';
import type { Store } from '../store/store.ts';

export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly keys: KeyMaker;
  readonly log: Log;
  /** @throws an Error naming the port when this world does not provide it */
  use<P>(port: Port<P>): P;
}
