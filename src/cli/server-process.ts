// The process a cluster lives in: opens its keys and its store, assembles the cluster, listens, and tells the process that started it.

import { readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import type { Port } from '../base/port.ts';
import type { Cluster } from '../cluster/assemble.ts';
import type { World } from '../cluster/world.ts';
import { randomSeed } from '../edge/entropy.ts';
import { descriptions } from '../edge/descriptions.ts';
import { type HttpsServer, type HttpsServerOptions, serveHttps } from '../edge/https-server.ts';
import { kubeconfigText } from '../edge/kubeconfig.ts';
import { streamLog } from '../edge/log.ts';
import { httpsOutgoing } from '../edge/outgoing.ts';
import { processUse } from '../edge/process-use.ts';
import { openPki } from '../edge/pki.ts';
import { type Cidr, firstOf, parseCidr } from '../base/ip.ts';
import { defaultRanges } from '../server/stock/default-ranges.ts';
import { realClock } from '../edge/real-clock.ts';
import { clusterFolder, makeFolder, removeRecord, stateHome, writePrivate, writeRecord } from '../edge/state-folder.ts';
import { seededRandom } from '../base/random.ts';
import { type Authenticator, staticTokens } from '../server/authenticate.ts';
import { readConfiguration } from '../scheduler/configuration/read.ts';
import { outgoingPort } from '../server/outgoing/outgoing.ts';
import { kubernetesVersion } from '../server/version.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { Store } from '../store/store.ts';
import { usualWindow } from '../store/window.ts';
import type { ClusterSettings } from './cluster-options.ts';
import { writeSettings } from './settings-file.ts';
import { UserError } from './errors.ts';
import { explainStart } from './start-faults.ts';

/** One line of what has been reached, for the progress of `up`. */
export interface Progress {
  readonly step: 'server' | 'control-plane' | 'nodes' | 'ready' | 'failed';
  readonly text: string;
  readonly url?: string;
  readonly exitCode?: number;
}

/** How long open work may take to finish on shutdown, in milliseconds. */
const shutdownPatience = 3000;

/** Runs until it is told to stop. `tell` gets every step reached. */
export async function serve(settings: ClusterSettings, tell: (progress: Progress) => void): Promise<void> {
  const folder = clusterFolder(stateHome(process.env), settings.name, settings.dataDir);
  makeFolder(folder);
  const authenticators = settings.tokenAuthFile === undefined ? [] : [tokensOf(settings.tokenAuthFile)];
  const log = streamLog(process.stderr);
  const clock = realClock();
  const serviceCidrs = settings.serviceCidrs ?? defaultRanges.addresses;
  // What the `kubernetes` Service answers at.
  const serviceAddress = firstOf(parseCidr(serviceCidrs[0] ?? '') as Cidr);
  // Keys are made, and the store opens, in threads of their own while the program is being loaded.
  const [pki, store, { assemble }] = await Promise.all([
    openPki(folder.pki, serviceAddress, clock.now()),
    openStore(settings, folder.database, clock),
    import('../cluster/assemble.ts'),
  ]);
  const outgoing = httpsOutgoing({ proxyIdentity: pki.proxy });
  const world = {
    clock,
    random: seededRandom(randomSeed()),
    store,
    keys: pki.keys,
    log,
    use: provider(new Map([[outgoingPort, outgoing]])),
  };
  const https = await listen(settings.formerPort, {
    // The port is known only once it is bound, and the cluster must know the port: requests that come before wait for it.
    transport: { call: async (request) => (await assembled).transport.call(request) },
    log,
    certificate: pki.server.certificate,
    key: pki.server.key,
    clientCa: pki.ca.certificate,
    host: settings.host,
    port: settings.port,
  }).catch(async (error: unknown) => {
    await store.close();
    throw explainStart(error, settings);
  });
  const assembled: Promise<Cluster> = Promise.resolve().then(() =>
    assemble(world, {
      nodes: settings.nodes,
      bare: settings.bare,
      controllersOnly: settings.controllersOnly,
      authenticators,
      featureGates: settings.featureGates,
      runtimeConfig: settings.runtimeConfig ?? {},
      ...(settings.schedulerConfig !== undefined && { scheduler: readConfiguration(settings.schedulerConfig) }),
      describe: descriptions,
      processUse: () => processUse(settings.store === 'memory' ? undefined : folder.database),
      host: settings.host,
      port: https.port,
      serviceAddress,
      serviceCidrs,
      ...(settings.loadBalancerPool !== undefined && { loadBalancerPool: settings.loadBalancerPool }),
      ...(settings.nodeMonitorGracePeriodMs !== undefined && {
        nodeMonitorGracePeriod: settings.nodeMonitorGracePeriodMs,
      }),
    }),
  );

  const url = `https://${settings.host}:${https.port}`;
  const access = { name: settings.name, server: url, ca: pki.ca.certificate, ...pki.admin };
  writePrivate(folder.kubeconfig, kubeconfigText(access));
  const { start, stop } = await assembled.catch(async (error: unknown) => {
    await Promise.all([https.close(), store.close()]);
    throw error;
  });
  await start().catch(async (error: unknown) => {
    await https.close();
    await stop().catch(() => {});
    throw error;
  });
  tell({
    step: 'server',
    text: `${url}   Kubernetes ${kubernetesVersion.major}.${kubernetesVersion.minor}, certificates of its own`,
    url,
  });
  writeSettings(folder, { ...settings, formerPort: https.port });
  writeRecord(folder, {
    name: settings.name,
    pid: process.pid,
    url,
    port: https.port,
    store: settings.store,
    nodes: settings.nodes.length,
    zones: settings.zones,
    startedAt: clock.now(),
    version: kubernetesVersion.gitVersion,
  });
  tell({ step: 'ready', text: url, url });
  flushCompileCache();

  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const patience = setTimeout(() => process.exit(0), shutdownPatience);
  removeRecord(folder);
  await https.close();
  await stop();
  outgoing.close();
  clearTimeout(patience);
}

/** What of the outside the world provides. */
const provider =
  (ports: ReadonlyMap<Port<unknown>, unknown>): World['use'] =>
  <P>(port: Port<P>): P => {
    const provided = ports.get(port);
    if (provided === undefined) throw new Error(`this world provides no ${port.name}`);
    return provided as P;
  };

function tokensOf(file: string): Authenticator {
  try {
    return staticTokens(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UserError(`${file}: ${(error as Error).message}`);
  }
}

/** Where the cluster was last, if that is still free. */
async function listen(formerPort: number | undefined, options: HttpsServerOptions): Promise<HttpsServer> {
  if (options.port === 0 && formerPort !== undefined) {
    const again = await serveHttps({ ...options, port: formerPort }).catch(() => undefined);
    if (again) return again;
  }
  return serveHttps(options);
}

async function openStore(settings: ClusterSettings, file: string, clock: ReturnType<typeof realClock>): Promise<Store> {
  const { compactionIntervalMs: duration = usualWindow.duration } = settings;
  const window = { ...usualWindow, duration: duration === 0 ? Infinity : duration };
  if (settings.store === 'memory') return memoryStore({ clock, window });
  const { openSqliteStore } = await import('../edge/sqlite-store.ts');
  return openSqliteStore({ file, clock, window });
}
