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
import type { Describe } from '../kinds/descriptions.ts';
import type { RuntimeConfig } from '../kinds/runtime-config.ts';
import { type SimulatedNodes, simulatedNodes } from '../node/agent.ts';
import type { NodeSpec } from '../node/node-object.ts';
import { internalError } from '../api/status.ts';
import type { Controller } from '../reconcile/controller.ts';
import { createEventRecorder } from '../reconcile/events.ts';
import { startControllers } from '../reconcile/manager.ts';
import type { SchedulerConfiguration } from '../scheduler/configuration/read.ts';
import { startScheduler } from '../scheduler/scheduler.ts';
import { type Authenticator } from '../server/authenticate.ts';
import { systemMasters } from '../server/authorize.ts';
import { keepAvailability } from '../server/aggregation/keep-availability.ts';
import { bootstrap } from '../server/bootstrap/index.ts';
import { keepFlowSchemas } from '../server/bootstrap/keep-flow-schemas.ts';
import { serveDefinitions } from '../server/custom/definitions.ts';
import { createServer, type RunningServer } from '../server/create-server.ts';
import type { ProcessUse } from '../server/metrics/paths.ts';
import { nodeAuthorizer } from '../server/node-authorizer.ts';
import { outgoingPort } from '../server/outgoing/outgoing.ts';
import { rbac } from '../server/rbac.ts';
import { defaultRanges } from '../server/stock/allocation.ts';
import { createDefaultStorageClass } from './default-storage-class.ts';
import { createMetricsReader } from './metrics-reader.ts';
import { followCustomKinds } from './custom-kinds.ts';
import { healthChecks } from './health-checks.ts';
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
  /** How long a node may be silent, in milliseconds. */
  readonly nodeMonitorGracePeriod?: number;
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
  const hasNodes = !options.bare && !options.controllersOnly;
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
    ...(options.processUse && { processUse: options.processUse }),
  });
  const { transport } = running;
  const client = createClient({ transport, user: system, agent: 'kube-apiserver' });
  const informers = createInformers({ client, clock, log, signal: stopping.signal });
  const events = createEventRecorder({ client, clock, log });
  const common = { client, informers, clock, log, events };
  const nodes = hasNodes
    ? simulatedNodes({ ...common, random: random.fork('nodes'), nodes: options.nodes })
    : undefined;
  /** The server is made before the nodes, and asks for them only when a request needs one. */
  function kubelets(): SimulatedNodes {
    if (!nodes) throw internalError('no node can be reached: this cluster has none of its own');
    return nodes;
  }
  const stops: (() => void | Promise<void>)[] = [];

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
        serviceCidrs: [defaultRanges.addresses],
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
      stops.push(collector.stop, followCustomKinds(running.server.catalog, collector, log));
      const isServed = ({ for: { group, version, plural } }: Controller) =>
        running.server.catalog.find(group, version, plural) !== undefined;
      const manager = await startControllers(
        [
          ...controllers({
            kinds: running.server.catalog.kinds,
            keys,
            nodeMonitorGracePeriod: options.nodeMonitorGracePeriod ?? 50_000,
          }),
          ...(nodes ? simulatedControllers() : []),
        ].filter(isServed),
        {
          ...common,
          random: random.fork('controllers'),
        },
      );
      stops.push(manager.stop);
      const scheduler = await startScheduler({
        ...common,
        random: random.fork('scheduler'),
        ...(options.scheduler && { configuration: options.scheduler }),
      });
      stops.push(scheduler.stop);
      if (!nodes) return;
      await createDefaultStorageClass(client);
      await createMetricsReader(client);
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
