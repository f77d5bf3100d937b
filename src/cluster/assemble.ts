// Puts a cluster together: the server, what the server keeps in being, the controllers, the scheduler, the nodes. The one place that knows them all.

import type { Clock } from '../base/clock.ts';
import { createClient } from '../client/transport-client.ts';
import type { Client } from '../client/client.ts';
import { createInformers, type Informers } from '../client/informers.ts';
import { enabledGates, type GateSettings } from '../api/feature-gates.ts';
import type { Kind } from '../api/kind.ts';
import type { Transport } from '../api/request.ts';
import { isCollectable, startGarbageCollector } from '../controllers/garbage-collector.ts';
import { controllers, simulatedControllers } from '../controllers/index.ts';
import { simulatedSnapshots } from '../controllers/simulated-storage/index.ts';
import { addressPool, defaultPool, parsePool } from '../controllers/load-balancer/address-pool.ts';
import type { Describe } from '../kinds/descriptions.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { RuntimeConfig } from '../kinds/runtime-config.ts';
import { type SimulatedNodes, simulatedNodes } from '../node/agent.ts';
import type { NodeSpec } from '../node/node-object.ts';
import { volumeContents } from '../node/volume-contents.ts';
import { internalError } from '../api/status.ts';
import type { Controller } from '../reconcile/controller.ts';
import { createEventRecorder } from '../reconcile/events.ts';
import { startControllers } from '../reconcile/manager.ts';
import type { SchedulerConfiguration } from '../scheduler/configuration/read.ts';
import { type Scheduler, startScheduler } from '../scheduler/scheduler.ts';
import { type Authenticator } from '../server/authenticate.ts';
import { systemMasters } from '../server/authorize.ts';
import { keepAvailability } from '../server/aggregation/keep-availability.ts';
import { remoteKinds } from '../server/aggregation/remote-kinds.ts';
import { bootstrap } from '../server/bootstrap/index.ts';
import { keepFlowSchemas } from '../server/bootstrap/keep-flow-schemas.ts';
import { serveDefinitions } from '../server/custom/definitions.ts';
import { createServer, type RunningServer } from '../server/create-server.ts';
import type { ProcessUse } from '../server/metrics/paths.ts';
import { nodeAuthorizer } from '../server/node-authorizer.ts';
import type { Explains } from '../server/explains.ts';
import { outgoingPort } from '../server/outgoing/outgoing.ts';
import { rbac } from '../server/rbac.ts';
import { defaultRanges } from '../server/stock/default-ranges.ts';
import { createDepartures } from '../why/departures.ts';
import { createExplainer } from '../why/index.ts';
import { idleScheduler } from '../why/view.ts';
import { createDefaultStorageClass } from './default-storage-class.ts';
import { createReader, metricsReader, whyReader } from './readers.ts';
import { followChangingKinds } from './changing-kinds.ts';
import { healthChecks } from './health-checks.ts';
import { followSnapshots } from './snapshots.ts';
import type { World } from './world.ts';

export interface ClusterOptions {
  readonly nodes: readonly NodeSpec[];
  /** The API server alone: no controllers beyond those inside kube-apiserver, no scheduler, no nodes. */
  readonly bare?: boolean;
  /** Controllers and scheduler, but no nodes: those come from outside. */
  readonly controllersOnly?: boolean;
  readonly authenticators?: readonly Authenticator[];
  readonly featureGates?: GateSettings;
  /** Which versions are served besides the stable ones, or not served. */
  readonly runtimeConfig?: RuntimeConfig;
  /** How pods are scheduled, where not as kube-scheduler does by default. */
  readonly scheduler?: SchedulerConfiguration;
  readonly describe: Describe;
  /** What the process uses, for /metrics. */
  readonly processUse?: () => ProcessUse;
  /** Where the server can be reached, for the `kubernetes` Service. */
  readonly host: string;
  readonly port: number;
  readonly serviceAddress: string;
  /** One range of cluster addresses, or one for each family, the default one first: `10.96.0.0/16`. */
  readonly serviceCidrs?: readonly string[];
  /** Where simulated load balancers get their addresses from: `10.0.0.10-10.0.0.99,10.0.1.0/28`. */
  readonly loadBalancerPool?: string;
  /** How long a node may be silent, in milliseconds. */
  readonly nodeMonitorGracePeriod?: number;
  /** Whether simulated nodes renew their leases. Default true. */
  readonly leases?: boolean;
}

export interface Cluster {
  readonly transport: Transport;
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly running: RunningServer;
  readonly nodes: SimulatedNodes | undefined;
  /** Serves requests; what is to be live comes alive. Resolves when all of it runs. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The program's own identity until each component has one with least privilege. */
const system = { name: 'system:apiserver', groups: ['system:masters'] };

export function assemble(world: World, options: ClusterOptions): Cluster {
  const { clock, random, log, store, keys } = world;
  const stopping = new AbortController();
  let started = false;
  const enabled = enabledGates(options.featureGates ?? {});
  const ranges = { ...defaultRanges, ...(options.serviceCidrs && { addresses: options.serviceCidrs }) };
  const hasNodes = !options.bare && !options.controllersOnly;
  const departures = createDepartures(clock);
  const explainer: Explains = {
    one: (...asked) => why.one(...asked),
    all: (...asked) => why.all(...asked),
  };
  const running = createServer({
    store,
    clock,
    random: random.fork('server'),
    log,
    authenticators: options.authenticators ?? [],
    keys,
    components: options.bare ? [] : ['controller-manager', 'scheduler'],
    authorizers: (server) => [systemMasters, nodeAuthorizer(server, enabled), rbac(server)],
    describe: options.describe,
    healthChecks: healthChecks(() => started),
    ...(options.featureGates && { featureGates: options.featureGates }),
    ...(options.runtimeConfig && { runtimeConfig: options.runtimeConfig }),
    outgoing: world.use(outgoingPort),
    simulatesPods: !options.bare && !options.controllersOnly,
    kubelets: {
      logs: (...asked) => kubelets().logs(...asked),
      command: (...asked) => kubelets().command(...asked),
      dial: (...asked) => kubelets().dial(...asked),
      ask: (...asked) => kubelets().ask(...asked),
      askNode: (...asked) => kubelets().askNode(...asked),
      usage: () => kubelets().usage(),
    },
    measures: hasNodes,
    ...(!options.bare && { explains: explainer, witness: departures.asked }),
    serviceRanges: ranges,
    ...(options.processUse && { processUse: options.processUse }),
  });
  const { transport } = running;
  const client = createClient({ transport, user: system, agent: 'kube-apiserver' });
  const informers = createInformers({ client, clock, log, signal: stopping.signal });
  const events = createEventRecorder({ client, clock, log });
  let scheduler: Scheduler | undefined;
  const why = createExplainer({ informers, clock, departures, scheduler: () => scheduler?.answers ?? idleScheduler });
  const common = { client, informers, clock, log, events };
  const contents = volumeContents();
  const nodes = hasNodes
    ? simulatedNodes({
        ...common,
        random: random.fork('nodes'),
        nodes: options.nodes,
        contents,
        leases: options.leases ?? true,
      })
    : undefined;
  /** The server is made before the nodes, and asks for them only when a request needs one. */
  function kubelets(): SimulatedNodes {
    if (!nodes) throw internalError('no node can be reached: this cluster has none of its own');
    return nodes;
  }
  const stops: (() => void | Promise<void>)[] = [];
  const snapshotsOf = () =>
    followSnapshots({
      client,
      log,
      catalog: running.server.catalog,
      run: (kinds) =>
        startControllers(simulatedSnapshots(kinds, contents), { ...common, random: random.fork('snapshots') }),
    });

  return {
    transport,
    client,
    informers,
    clock,
    running,
    nodes,
    async start() {
      const facts = {
        serviceAddress: options.serviceAddress,
        host: options.host,
        port: options.port,
        caCertificate: keys.caCertificate,
        ...(keys.proxyCaCertificate && { proxyCaCertificate: keys.proxyCaCertificate }),
        serviceCidrs: ranges.addresses,
        groupVersions: builtInVersions(running.server.catalog.kinds()),
        enabled,
        now: clock.now,
      };
      await bootstrap(client, facts);
      stops.push(
        await serveDefinitions(running.server, client),
        await keepAvailability(running.server, client),
        await keepFlowSchemas(running.server, client),
      );
      started = true;
      if (options.bare) return;
      const collector = await startGarbageCollector(running.server.catalog.kinds().filter(isCollectable), common);
      stops.push(collector.stop, followChangingKinds(running.server, collector));
      const isServed = ({ for: { group, version, plural } }: Controller) =>
        running.server.catalog.find(group, version, plural) !== undefined;
      const snapshots = nodes && snapshotsOf();
      if (snapshots) stops.push(snapshots.stop);
      const pool = addressPool(parsePool(options.loadBalancerPool ?? defaultPool));
      const manager = await startControllers(
        [
          ...controllers({
            kinds: running.server.catalog.kinds,
            remoteKinds: () => remoteKinds(running.server.catalog, running.server.aggregation),
            keys,
            enabled,
            nodeMonitorGracePeriod: options.nodeMonitorGracePeriod ?? 50_000,
          }),
          ...(snapshots ? simulatedControllers({ contents, snapshots: snapshots.kinds, loadBalancers: pool }) : []),
        ].filter(isServed),
        {
          ...common,
          random: random.fork('controllers'),
        },
      );
      stops.push(manager.stop);
      scheduler = await startScheduler({
        ...common,
        random: random.fork('scheduler'),
        ...(options.scheduler && { configuration: options.scheduler }),
      });
      stops.push(scheduler.stop);
      (await informers.of(Pod)).subscribe(departures.podsChanged);
      await createReader(client, whyReader);
      if (!nodes) return;
      await createDefaultStorageClass(client);
      await snapshots?.install();
      await createReader(client, metricsReader);
      await nodes.start();
      stops.push(nodes.stop);
    },
    async stop() {
      stopping.abort();
      for (const stop of stops.reverse()) await stop();
      await running.close();
    },
  };
}

/** The group versions of the kinds that are no custom resources, each once. */
function builtInVersions(kinds: readonly Kind[]): readonly { group: string; version: string }[] {
  const all = kinds
    .filter(({ custom }) => !custom)
    .flatMap(({ group, versions }) => versions.map(({ version }) => ({ group, version })));
  return [...new Map(all.map((each) => [`${each.group}/${each.version}`, each])).values()];
}
