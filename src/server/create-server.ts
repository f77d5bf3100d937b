// Puts a server together from what the world provides: store, clock, chance, who may come in and who may do what.

import { printBigints } from '../base/whole-number.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { createMetrics } from '../base/metrics.ts';
import type { Random } from '../base/random.ts';
import { enabledGates, type GateSettings } from '../api/feature-gates.ts';
import type { Transport } from '../api/request.ts';
import type { Describe } from '../kinds/descriptions.ts';
import { kinds } from '../kinds/index.ts';
import { type RuntimeConfig, servedBy } from '../kinds/runtime-config.ts';
import { servedKinds } from '../kinds/served.ts';
import { metricsKinds } from '../kinds/metrics/resource-metrics.ts';
import { whyKinds } from '../kinds/why/explanation.ts';
import { createClient } from '../client/transport-client.ts';
import type { Store } from '../store/store.ts';
import { admissionPlugins } from './admission/index.ts';
import type { AdmissionWorld } from './admission/plugin.ts';
import { createAggregation } from './aggregation/aggregation.ts';
import { accessBy } from './access.ts';
import { authenticate, type Authenticator } from './authenticate.ts';
import { authorize, type Authorizer } from './authorize.ts';
import { createCaches } from './cache.ts';
import { createCatalog } from './catalog.ts';
import { publishedSchema } from './custom/definitions.ts';
import { discoveryPaths, documentPaths } from './discovery.ts';
import { type HealthCheck, healthPaths } from './health.ts';
import { openApiPaths } from './openapi-paths.ts';
import { impersonate } from './impersonate.ts';
import { json, onlyGet, type PathAnswer, pathHandler } from './paths.ts';
import { type Outgoing } from './outgoing/outgoing.ts';
import { remoteOver } from './outgoing/remote.ts';
import { simulatedNetwork } from './outgoing/simulated-network.ts';
import { pipeline } from './pipeline.ts';
import { route } from './route.ts';
import type { Explains, Witness } from './explains.ts';
import type { Kubelets } from './kubelets.ts';
import { metricsPaths, type ProcessUse } from './metrics/paths.ts';
import { requestMetrics } from './metrics/request-metrics.ts';
import { serverMetrics } from './metrics/server-metrics.ts';
import type { Server } from './server.ts';
import { kubernetesVersion } from './version.ts';
import type { ServiceRanges } from './stock/allocation.ts';
import { createWriteHooks } from './stock/index.ts';
import { tokenPaths } from './tokens/discovery.ts';
import type { KeyMaker } from './tokens/key-maker.ts';
import { createGate } from './streaming/gate.ts';
import { serviceAccountTokens } from './tokens/service-account-tokens.ts';

export interface ServerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Who else than service accounts may show a token. */
  readonly authenticators: readonly Authenticator[];
  authorizers(server: Server): readonly Authorizer[];
  readonly describe: Describe;
  readonly healthChecks: readonly HealthCheck[];
  /** Further paths: metrics, key sets, what an add-on serves. */
  readonly paths?: (server: Server) => ReadonlyMap<string, PathAnswer>;
  readonly featureGates?: GateSettings;
  /** Which versions are served besides the stable ones, or not served. */
  readonly runtimeConfig?: RuntimeConfig;
  readonly kubelets?: Kubelets;
  /** The way to others. Without it nobody is there. */
  readonly outgoing?: Outgoing;
  /** Pods have addresses that lead nowhere. */
  readonly simulatesPods?: boolean;
  /** For /metrics. */
  readonly processUse?: () => ProcessUse;
  /** Told of everybody who asks for an object to go. */
  readonly witness?: Witness;
  /** Serves why.portolan.dev. */
  readonly explains?: Explains;
  /** Where cluster addresses and node ports come from. */
  readonly serviceRanges?: ServiceRanges;
  /** Serves metrics.k8s.io from what the kubelets measure. */
  readonly measures?: boolean;
  /** Signs and checks service-account tokens. Without it there are none. */
  readonly keys?: KeyMaker;
  /** What runs beside the server, for component statuses: `controller-manager`, `scheduler`. */
  readonly components?: readonly string[];
}

export interface RunningServer {
  readonly server: Server;
  readonly transport: Transport;
  close(): Promise<void>;
}

/** Who the server is towards itself. */
const loopback = { name: 'system:apiserver', groups: ['system:masters'] };

export function createServer(options: ServerOptions): RunningServer {
  printBigints();
  const { store, clock, random, log, featureGates = {}, runtimeConfig = {} } = options;
  const enabled = enabledGates(featureGates);
  const served = servedKinds(kinds, servedBy(runtimeConfig), enabled);
  const catalog = createCatalog([
    ...served,
    ...(options.measures ? metricsKinds : []),
    ...(options.explains ? whyKinds : []),
  ]);
  const numbers = createMetrics();
  const metrics = serverMetrics(numbers, clock);
  const caches = createCaches(store, metrics.watches.received);
  const access = accessBy(
    () => authenticators,
    () => authorizers,
  );
  const mirror: AdmissionWorld['mirror'] = async (kind) => (await caches.of(kind as never)).mirror as never;
  const network = { mirror, random, simulatesPods: options.simulatesPods ?? false };
  const remote = remoteOver(options.outgoing ?? simulatedNetwork(), network, clock);
  const aggregation = createAggregation(mirror);
  const admissionWorld: AdmissionWorld = {
    log,
    catalog,
    remote,
    access,
    clock,
    metrics,
    random,
    enabled,
    peek: (kind) => caches.peek(kind as never)?.mirror as never,
    mirror,
    get client() {
      return createClient({ transport, user: loopback, agent: 'kube-apiserver' });
    },
  };
  const server: Server = {
    catalog,
    caches,
    store,
    clock,
    random,
    log,
    admission: admissionPlugins,
    admissionWorld,
    kindContext: {
      now: clock.now,
      random,
      enabled,
      ...(options.keys?.verifySignature && { verifySignature: options.keys.verifySignature }),
    },
    hooks: createWriteHooks(options.serviceRanges),
    access,
    remote,
    aggregation,
    gate: createGate(clock),
    metrics,
    components: options.components ?? [],
    ...(options.keys && { keys: options.keys }),
    ...(options.kubelets && { kubelets: options.kubelets }),
    ...(options.explains && { explains: options.explains }),
    ...(options.witness && { witness: options.witness }),
  };
  const authorizers = options.authorizers(server);
  const authenticators = [
    ...options.authenticators,
    ...(options.keys ? [serviceAccountTokens(server, options.keys)] : []),
  ];
  const discovery = discoveryPaths(server);
  const paths = pathHandler(
    new Map<string, PathAnswer>([
      ...discovery,
      ...healthPaths(options.healthChecks),
      ...openApiPaths(server, () => ({
        kinds: catalog.kinds(),
        describe: options.describe,
        version: kubernetesVersion.gitVersion,
        customSchema: (kind, { version }) => publishedSchema(server, kind, version),
      })),
      ...metricsPaths(server, numbers, { healthChecks: options.healthChecks, processUse: options.processUse }),
      ['/version', onlyGet(() => json(kubernetesVersion))],
      ...(options.keys ? tokenPaths(options.keys) : []),
      ...(options.paths?.(server) ?? []),
    ]),
    () => documentPaths(server),
  );
  const transport = pipeline(
    server,
    [authenticate(authenticators), impersonate(authorizers), authorize(authorizers)],
    route(server, paths, options.describe),
    requestMetrics(numbers, clock),
  );
  return {
    server,
    transport,
    async close() {
      caches.close();
      await store.close();
    },
  };
}
