// portolan status: what runs where, on one screen.

import { statSync } from 'node:fs';
import { formatDuration } from '../base/duration.ts';
import {
  clusterFolder,
  type ClusterRecord,
  clusterNames,
  isAlive,
  readRecord,
  stateHome,
} from '../edge/state-folder.ts';
import { accessOf, getJson, type NodeView } from './access.ts';
import { isNodeReady } from '../kinds/core/node-facts.ts';
import { clusterNameOf, noSuchCluster } from './cluster-name.ts';
import type { CliCommand } from './command.ts';
import { UserError } from './errors.ts';
import { formatOf } from './output.ts';
import { readSettings } from './settings-file.ts';

interface PodView {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export const status: CliCommand = {
  name: 'status',
  example: 'portolan status shop -o json',
  define: (parser) =>
    parser
      .description('what runs where')
      .argument('[name]', 'the cluster (default: default)')
      .option('-o, --output <format>', 'text or json', 'text'),

  async run(options, [given]) {
    const name = clusterNameOf(given);
    const home = stateHome(process.env);
    if (!clusterNames(home).includes(name)) throw noSuchCluster(home, name);
    const folder = clusterFolder(home, name);
    const record = readRecord(folder);
    const running = record !== undefined && isAlive(record);
    if (formatOf(options) === 'json') {
      console.log(
        JSON.stringify(
          {
            name,
            state: running ? 'running' : 'stopped',
            url: record?.url ?? '',
            pid: running ? record.pid : 0,
            kubeconfig: folder.kubeconfig,
            dataDir: readSettings(folder)?.dataDir ?? folder.path,
          },
          undefined,
          2,
        ),
      );
      return running ? 0 : 1;
    }
    if (!running)
      throw new UserError(
        `cluster ${name} ${record ? `does not run: its process ${record.pid} died` : 'is stopped'}. Go on with it: portolan up ${name}`,
        1,
      );
    const access = accessOf(folder);
    const [nodes, pods] = await Promise.all([
      getJson<{ items: NodeView[] }>(access, '/api/v1/nodes'),
      getJson<{ items: PodView[]; metadata: { resourceVersion: string } }>(access, '/api/v1/pods'),
    ]);
    console.log(headline(record, Number(pods.metadata.resourceVersion), databaseOf(home, name)));
    for (const line of nodeLines(nodes.items, pods.items)) console.log(line);
    console.log(podLine(pods.items));
    return 0;
  },
};

const databaseOf = (home: string, name: string): string =>
  clusterFolder(home, name, readSettings(clusterFolder(home, name))?.dataDir).database;

function headline(record: ClusterRecord, revision: number, database: string): string {
  const up = formatDuration(Math.floor((Date.now() - record.startedAt) / 1000) * 1000);
  const size = record.store === 'sqlite' ? ` ${sizeOf(database)}` : '';
  return `${record.name}   running ${up}   ${record.url}   store ${record.store}${size}, revision ${revision.toLocaleString('en-US')}`;
}

function sizeOf(file: string): string {
  try {
    return `${(statSync(file).size / 1_000_000).toFixed(0)} MB`;
  } catch {
    return '';
  }
}

const isReadyPod = (pod: PodView): boolean =>
  pod.status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;

/** A row a node: ▣ a ready pod, ▨ one that is not, ▢ room, × a lost node. */
function nodeLines(nodes: readonly NodeView[], pods: readonly PodView[]): string[] {
  const width = Math.max(8, ...nodes.map(({ metadata }) => metadata.name.length));
  const live = pods.filter((pod) => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed');
  return [...nodes]
    .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
    .map((node) => {
      const own = live.filter((pod) => pod.spec.nodeName === node.metadata.name);
      const drawn = isNodeReady(node) ? boxes(own) : '× × × NotReady';
      const zone = zoneOf(node) ? `zone ${zoneOf(node)}  ` : '';
      return `  ${zone}${node.metadata.name.padEnd(width)} ${drawn}${node.spec?.unschedulable ? '   cordoned' : ''}`;
    });
}

const sortKey = (node: NodeView): string => `${zoneOf(node)}/${node.metadata.name}`;

const zoneOf = (node: NodeView): string => node.metadata.labels?.['topology.kubernetes.io/zone'] ?? '';

function boxes(pods: readonly PodView[]): string {
  const ready = pods.filter(isReadyPod).length;
  const drawn = '▣'.repeat(Math.min(ready, 20)) + '▨'.repeat(Math.min(pods.length - ready, 20));
  return `${drawn.padEnd(10, '▢')} ${pods.length > 20 ? `${pods.length} pods` : ''}`.trimEnd();
}

function podLine(pods: readonly PodView[]): string {
  const live = pods.filter((pod) => pod.status?.phase !== 'Succeeded');
  const waiting = live.filter((pod) => !isReadyPod(pod));
  const [first] = waiting;
  const more = first
    ? `, ${waiting.length} not: ${first.metadata.namespace}/${first.metadata.name}${waiting.length > 1 ? ' …' : ''} (why: portolan why pod/${first.metadata.name} -n ${first.metadata.namespace})`
    : '';
  return `  ${live.length - waiting.length} pods ready${more}`;
}
