// A whole cluster in virtual time, in the memory of this process: for tests, examples and whoever wants to see what would happen.

import { days, type Instant } from '../base/clock.ts';
import { type Log, silentLog } from '../base/log.ts';
import type { Port } from '../base/port.ts';
import { seededRandom } from '../base/random.ts';
import { virtualClock, type VirtualClock } from '../base/virtual-clock.ts';
import { undescribed } from '../kinds/descriptions.ts';
import type { NodeSpec } from '../node/node-object.ts';
import { type Outgoing, outgoingPort, Unreachable } from '../server/outgoing/outgoing.ts';
import { toyKeys } from '../server/tokens/toy-keys.ts';
import { memoryStore } from '../store/memory-store.ts';
import { assemble, type Cluster } from './assemble.ts';

export interface SimulationOptions {
  /** The same seed and the same calls give the same cluster. */
  readonly seed: number | string;
  /** Default: one node, `n1`. */
  readonly nodes?: readonly NodeSpec[];
  /** Where time begins, in milliseconds since the epoch. */
  readonly start?: Instant;
  /** Whether nodes renew their leases, so that it is noticed when one falls silent. Without, years pass quickly. Default true. */
  readonly leases?: boolean;
  readonly log?: Log;
}

export interface Simulation extends Cluster {
  readonly clock: VirtualClock;
}

/** Whoever asks for somebody outside meets nobody. */
const outgoing: Outgoing = {
  send: async ({ url }) => {
    throw new Unreachable(`no name leads out of a simulation: ${url}`);
  },
};

function use<P>(port: Port<P>): P {
  if (port !== (outgoingPort as Port<unknown>)) throw new Error(`a simulation has no ${port.name}`);
  return outgoing as P;
}

/** Resolves once the cluster runs. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const { seed, nodes = [{ name: 'n1' }], start = 1_767_225_600_000, leases = true, log = silentLog } = options;
  const random = seededRandom(seed);
  const clock = virtualClock(start, { random: random.fork('clock') });
  const world = {
    clock,
    random,
    log,
    store: memoryStore({ clock }),
    keys: toyKeys,
    use,
  };
  const cluster = assemble(world, {
    nodes,
    leases,
    describe: undescribed,
    host: '127.0.0.1',
    port: 6443,
    serviceAddress: '10.96.0.1',
    ...(!leases && { nodeMonitorGracePeriod: days(36_500) }),
  });
  const started = cluster.start();
  await clock.settle();
  await started;
  return { ...cluster, clock };
}
