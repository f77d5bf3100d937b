// The options of a cluster, shared by every command that starts one; checked here, with a sentence for every mistake.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { parseDuration } from '../base/duration.ts';
import { parseCidr } from '../base/ip.ts';
import { isCanonicalCidr, isDns1123Label } from '../base/names.ts';
import { ParseError } from '../base/parse-error.ts';
import { defaultPool, parsePool } from '../controllers/load-balancer/address-pool.ts';
import { gateRemarks, type GateSettings, readFeatureGates } from '../api/feature-gates.ts';
import { readRuntimeConfig, type RuntimeConfig, runtimeConfigRemarks } from '../kinds/runtime-config.ts';
import { defaultRanges } from '../server/stock/default-ranges.ts';
import type { NodeSpec } from '../node/node-object.ts';
import { readConfiguration } from '../scheduler/configuration/read.ts';
import { UserError } from './errors.ts';
import { readSchedulerConfig } from './scheduler-config-file.ts';
import { nodesOfWorld, readWorld } from './world-file.ts';

/** Everything the server process needs to know; JSON, since it is handed over to it. */
export interface ClusterSettings {
  readonly name: string;
  readonly nodes: readonly NodeSpec[];
  readonly zones: readonly string[];
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where it was last, tried first when any will do: clients that know it find it again. */
  readonly formerPort?: number;
  readonly store: 'memory' | 'sqlite';
  readonly dataDir?: string;
  readonly tokenAuthFile?: string;
  readonly bare: boolean;
  readonly controllersOnly: boolean;
  readonly nodeMonitorGracePeriodMs?: number;
  /** Where cluster addresses come from: one range, or one for each family. */
  readonly serviceCidrs?: readonly string[];
  /** Where simulated load balancers get their addresses from. */
  readonly loadBalancerPool?: string;
  /** How much history the store keeps; 0: all of it. */
  readonly compactionIntervalMs?: number;
  /** A KubeSchedulerConfiguration that is valid. */
  readonly schedulerConfig?: unknown;
  readonly featureGates: GateSettings;
  /** Absent in the settings of a cluster that was made before there was such an option. */
  readonly runtimeConfig?: RuntimeConfig;
}

const mostNodes = 10_000;

export function withClusterOptions(parser: Command): Command {
  return parser
    .option('--nodes <n>', 'how many simulated nodes (default 3)')
    .option('--zones <a,b,c>', 'zones the nodes are spread over')
    .option('-f, --file <world.yaml>', 'nodes by groups, from a file')
    .option('--port <p>', 'port of the API server (default: a free one)')
    .option('--store <kind>', 'memory or sqlite (default: sqlite)')
    .option('--data-dir <folder>', 'where the store and the keys are kept')
    .option('--token-auth-file <file>', "bearer tokens in kube-apiserver's CSV form")
    .option('--scheduler-config <file>', 'a KubeSchedulerConfiguration: profiles, plugins, their arguments')
    .option('--bare', 'the API server alone: no controllers, no scheduler, no nodes')
    .option('--controllers-only', 'controllers and scheduler, but no nodes')
    .option('--node-monitor-grace-period <duration>', 'how long a node may be silent before it counts as lost')
    .option(
      '--service-cluster-ip-range <cidr[,cidr]>',
      `ranges of cluster addresses (default ${defaultRanges.addresses.join()})`,
    )
    .option('--load-balancer-pool <range>', `addresses of simulated load balancers (default ${defaultPool})`)
    .option('--etcd-compaction-interval <duration>', 'how much history is kept for watches (default 5m)')
    .option('--feature-gates <Name=bool,...>', 'feature gates of Kubernetes 1.36, also AllAlpha and AllBeta', joined)
    .option(
      '--runtime-config <key=bool,...>',
      'versions to serve: api/all, api/ga, api/beta, api/alpha, group/version, group/version/resource',
      joined,
    );
}

/** An option that is written several times means all of what it says. */
const joined = (value: string, before?: string): string => (before === undefined ? value : `${before},${value}`);

type Setting = keyof ClusterSettings;

const kindOfNodes: readonly Setting[] = ['nodes', 'zones', 'bare', 'controllersOnly'];

/** Which settings an option decides. */
const decides: Readonly<Record<string, readonly Setting[]>> = {
  nodes: kindOfNodes,
  zones: kindOfNodes,
  file: kindOfNodes,
  bare: kindOfNodes,
  controllersOnly: kindOfNodes,
  port: ['port'],
  store: ['store'],
  dataDir: ['dataDir'],
  tokenAuthFile: ['tokenAuthFile'],
  nodeMonitorGracePeriod: ['nodeMonitorGracePeriodMs'],
  loadBalancerPool: ['loadBalancerPool'],
  serviceClusterIpRange: ['serviceCidrs'],
  etcdCompactionInterval: ['compactionIntervalMs'],
  schedulerConfig: ['schedulerConfig'],
  featureGates: ['featureGates'],
  runtimeConfig: ['runtimeConfig'],
};

/** The settings of a cluster: as the options say; where they are silent, as they were `before`. */
export function settingsOf(name: string, options: Record<string, unknown>, before?: ClusterSettings): ClusterSettings {
  const asked = askedFor(name, options);
  if (!before) return asked;
  const given = Object.keys(options).flatMap((option) => decides[option] ?? []);
  return { ...before, ...Object.fromEntries(given.map((setting) => [setting, asked[setting]])) };
}

function askedFor(name: string, options: Record<string, unknown>): ClusterSettings {
  const text = (key: string) => options[key] as string | undefined;
  const bare = options.bare === true;
  const controllersOnly = options.controllersOnly === true;
  if (bare && controllersOnly) throw new UserError('--bare and --controllers-only exclude each other: choose one');
  const zones = zonesOf(text('zones'));
  const nodes = bare || controllersOnly ? [] : nodesOf(text('file'), text('nodes'), zones);
  const grace = text('nodeMonitorGracePeriod');
  const ranges = text('serviceClusterIpRange');
  const pool = text('loadBalancerPool');
  const compaction = text('etcdCompactionInterval');
  const dataDir = text('dataDir');
  const schedulerConfig = text('schedulerConfig');
  const tokenAuthFile = text('tokenAuthFile');
  if (tokenAuthFile !== undefined) requireReadable('--token-auth-file', tokenAuthFile);
  return {
    name,
    nodes,
    zones: zones.length > 0 ? zones : [...new Set(nodes.flatMap(({ zone }) => (zone ? [zone] : [])))],
    host: '127.0.0.1',
    port: portOf(text('port')),
    store: storeOf(text('store') ?? 'sqlite'),
    bare,
    controllersOnly,
    ...(dataDir !== undefined && { dataDir: resolve(dataDir) }),
    ...(tokenAuthFile !== undefined && { tokenAuthFile: resolve(tokenAuthFile) }),
    ...(grace !== undefined && { nodeMonitorGracePeriodMs: durationOf('--node-monitor-grace-period', grace) }),
    ...(ranges !== undefined && { serviceCidrs: cidrsOf(ranges) }),
    ...(pool !== undefined && { loadBalancerPool: poolOf(pool) }),
    ...(compaction !== undefined && {
      compactionIntervalMs: durationOf('--etcd-compaction-interval', compaction),
    }),
    ...(schedulerConfig !== undefined && { schedulerConfig: readSchedulerConfig(schedulerConfig) }),
    featureGates: gatesOf(text('featureGates')),
    runtimeConfig: runtimeConfigOf(text('runtimeConfig')),
  };
}

/** One range, or one for each family. */
function cidrsOf(text: string): readonly string[] {
  const parts = text.split(',').map((part) => part.trim());
  const families = parts.map((part) => (isCanonicalCidr(part).length > 0 ? undefined : parseCidr(part)?.ip.family));
  if (families.includes(undefined) || new Set(families).size !== parts.length)
    throw new UserError(
      `--service-cluster-ip-range: ${JSON.stringify(text)} is not one range, or one for each family: write ${defaultRanges.addresses.join()} or ${defaultRanges.addresses.join()},fd00:10:96::/112`,
    );
  return parts;
}

function poolOf(text: string): string {
  try {
    return parsePool(text).text;
  } catch (error) {
    if (error instanceof ParseError) throw new UserError(`--load-balancer-pool: ${error.message}`);
    throw error;
  }
}

function nodesOf(file: string | undefined, count: string | undefined, zones: readonly string[]): readonly NodeSpec[] {
  if (file !== undefined) {
    if (count !== undefined || zones.length > 0)
      throw new UserError('-f describes the nodes by itself: leave --nodes and --zones out');
    return nodesOfWorld(readWorld(file));
  }
  const many = wholeNumber('--nodes', count ?? '3', mostNodes);
  return Array.from({ length: many }, (_, at) => ({
    name: `n${at + 1}`,
    ...(zones.length > 0 && { zone: zones[at % zones.length] as string }),
  }));
}

function zonesOf(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const zones = text.split(',').map((zone) => zone.trim());
  const odd = zones.find((zone) => isDns1123Label(zone).length > 0);
  if (odd !== undefined)
    throw new UserError(
      `--zones: ${JSON.stringify(odd)} is no name for a zone. Write names with commas between: --zones a,b,c`,
    );
  return zones;
}

const portOf = (text: string | undefined): number => (text === undefined ? 0 : wholeNumber('--port', text, 65_535));

function storeOf(text: string): ClusterSettings['store'] {
  if (text === 'memory' || text === 'sqlite') return text;
  throw new UserError(`--store: there is no store ${JSON.stringify(text)}; choose memory or sqlite`);
}

export function wholeNumber(option: string, text: string, most: number): number {
  if (/^\d+$/.test(text) && Number(text) <= most) return Number(text);
  throw new UserError(`${option}: ${JSON.stringify(text)} is not a whole number from 0 to ${most}`);
}

export function durationOf(option: string, text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw new UserError(`${option}: ${JSON.stringify(text)} is no duration; write for example 30s or 2m30s`);
  }
}

function gatesOf(text: string | undefined): GateSettings {
  const read = readFeatureGates(text ?? '');
  if ('problem' in read) throw new UserError(`--feature-gates: ${read.problem}`);
  return read.gates;
}

function runtimeConfigOf(text: string | undefined): RuntimeConfig {
  const read = readRuntimeConfig(text ?? '');
  if ('problem' in read) throw new UserError(`--runtime-config: ${read.problem}`);
  return read.config;
}

/** What whoever starts a cluster so should hear: settings that Kubernetes knows and that change nothing here. */
export const remarksOn = ({
  featureGates,
  runtimeConfig = {},
  schedulerConfig,
}: ClusterSettings): readonly string[] => [
  ...gateRemarks(featureGates).map((remark) => `--feature-gates: ${remark}`),
  ...runtimeConfigRemarks(runtimeConfig).map((remark) => `--runtime-config: ${remark}`),
  ...(schedulerConfig === undefined ? [] : readConfiguration(schedulerConfig).remarks).map(
    (remark) => `--scheduler-config: ${remark}`,
  ),
];

function requireReadable(option: string, file: string): void {
  try {
    readFileSync(file);
  } catch (error) {
    throw new UserError(
      `${option}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`,
    );
  }
}
