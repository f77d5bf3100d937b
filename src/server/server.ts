// What every part of the server shares: the catalog, the caches, the store, time and chance.

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { KindContext } from '../api/kind.ts';
import type { Store } from '../store/store.ts';
import type { Access } from './access.ts';
import type { AdmissionPlugin, AdmissionWorld } from './admission/plugin.ts';
import type { Caches } from './cache.ts';
import type { Explains, Witness } from './explains.ts';
import type { Catalog } from './catalog.ts';
import type { Aggregation } from './aggregation/aggregation.ts';
import type { Remote } from './outgoing/remote.ts';
import type { Kubelets } from './kubelets.ts';
import type { ServerMetrics } from './metrics/server-metrics.ts';
import type { Gate } from './streaming/gate.ts';
import type { WriteHooks } from './stock/index.ts';
import type { KeyMaker } from './tokens/key-maker.ts';

export interface Server {
  readonly catalog: Catalog;
  readonly caches: Caches;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly admission: readonly AdmissionPlugin[];
  readonly admissionWorld: AdmissionWorld;
  readonly kindContext: KindContext;
  readonly hooks: WriteHooks;
  /** Who somebody is, and what they may do: what the first stages ask, for those who ask later. */
  readonly access: Access;
  /** Signs service-account tokens; absent where there is no key. */
  readonly keys?: KeyMaker;
  /** The parts of the control plane that run beside the server: `controller-manager`, `scheduler`. */
  readonly components: readonly string[];
  /** Others that can be asked: webhooks, aggregated API servers. */
  readonly remote: Remote;
  /** What other API servers answer for. */
  readonly aggregation: Aggregation;
  /** Watches over connections that became streams. */
  readonly gate: Gate;
  readonly metrics: ServerMetrics;
  /** Told of everybody who asks for an object to go. */
  readonly witness?: Witness;
  /** Absent where the server stands alone. */
  readonly explains?: Explains;
  /** Absent where no node can be reached. */
  readonly kubelets?: Kubelets;
}
