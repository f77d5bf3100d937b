// portolan why: the answer in the first line, the reasons below it, what to do next at the end.

import { parseTime } from '../base/time.ts';
import { spokenDuration } from '../base/duration.ts';
import { clusterFolder, clusterNames, isAlive, readRecord, stateHome } from '../edge/state-folder.ts';
import type { DrainStep, Explanation, Placement, Remedy } from '../kinds/why/explanation.ts';
import { accessOf, getJson } from './access.ts';
import { clusterNameOf, noSuchCluster } from './cluster-name.ts';
import type { CliCommand } from './command.ts';
import { UserError } from './errors.ts';
import { formatOf } from './output.ts';
import { nearest } from './suggest.ts';

/** What may be asked about, by every name kubectl knows it by. */
const resources: Readonly<Record<string, string>> = {
  pods: 'pod po',
  nodes: 'node no',
  services: 'service svc',
  persistentvolumeclaims: 'persistentvolumeclaim pvc',
  deployments: 'deployment deploy',
  replicasets: 'replicaset rs',
  statefulsets: 'statefulset sts',
  daemonsets: 'daemonset ds',
  jobs: 'job',
};

export const why: CliCommand = {
  name: 'why',
  example: 'portolan why pod/web-0 -n shop',
  define: (parser) =>
    parser
      .description('why something is as it is: why a pod waits, why a service has no endpoints, what a drain would do')
      .argument('<what>', 'a resource and a name, like pod/web-0, deploy/web, pvc/data, svc/web, job/load, node/n1')
      .option('-n, --namespace <namespace>', 'its namespace', 'default')
      .option('--cluster <name>', 'the cluster (default: default)')
      .option('-o, --output <format>', 'text or json', 'text'),

  async run(options, [what = '']) {
    const format = formatOf(options);
    const { resource, name } = subjectOf(what);
    const access = accessOf(runningCluster(options.cluster as string | undefined));
    const namespace = resource === 'nodes' ? '' : `namespaces/${encodeURIComponent(String(options.namespace))}/`;
    const path = `/apis/why.portolan.dev/v1alpha1/${namespace}${resource}/${encodeURIComponent(name)}`;
    const explanation = await getJson<Explanation>(access, path).catch((error: Error) => {
      if (!error.message.includes('not found')) throw error;
      const where = namespace && ` in namespace ${String(options.namespace)}`;
      throw new UserError(
        `there is no ${what}${where}. Another namespace: -n NAME. All there are: kubectl get ${resource} -A`,
        1,
      );
    });
    if (format === 'json') console.log(JSON.stringify(explanation, undefined, 2));
    else for (const line of screen(explanation)) console.log(line);
    return 0;
  },
};

function subjectOf(what: string): { readonly resource: string; readonly name: string } {
  const [kind = '', name = '', more] = what.split('/');
  const names = Object.entries(resources).map(([plural, others]) => [plural, ...others.split(' ')] as const);
  const resource = names.find((each) => each.includes(kind.toLowerCase()))?.[0];
  if (resource && name && more === undefined) return { resource, name };
  const known = names.map(([, singular]) => `${singular}/NAME`).join(', ');
  const meant = resource === undefined && name ? nearest(kind, names.flat()) : undefined;
  throw new UserError(
    `${JSON.stringify(what)} is nothing to ask about${meant ? `. Did you mean ${meant}/${name}?` : `: give a kind and a name, one of ${known}`}`,
  );
}

function runningCluster(given: string | undefined) {
  const name = clusterNameOf(given);
  const home = stateHome(process.env);
  if (!clusterNames(home).includes(name)) throw noSuchCluster(home, name);
  const folder = clusterFolder(home, name);
  const record = readRecord(folder);
  if (!record || !isAlive(record))
    throw new UserError(`cluster ${name} does not run. Start it: portolan up ${name}`, 1);
  return folder;
}

/** The lines of the answer. */
export function screen({
  state,
  since,
  metadata,
  verdict,
  causes = [],
  placement,
  drain,
  remedies,
}: Explanation): string[] {
  const inTable = new Set(placement?.nodes?.flatMap(({ refusals = [] }) => refusals.map(({ plugin }) => plugin)));
  const told = causes.filter(({ message, reason }) => !verdict.includes(message) && !inTable.has(reason));
  return [
    `${headOf(state, since, metadata.creationTimestamp)}: ${verdict}`,
    ...section(placement ? nodeLines(placement) : []),
    ...section(
      told.map(({ message, source }) => `  ${message}${source && source !== 'scheduler' ? `   (${source})` : ''}`),
    ),
    ...section(drain ? drainLines(drain) : []),
    ...section(remedies?.length ? remedyLines(remedies) : []),
  ];
}

const section = (lines: readonly string[]): readonly string[] => (lines.length > 0 ? ['', ...lines] : []);

function headOf(state: string, since: string | undefined, now: string | undefined): string {
  const [from, to] = [parseTime(since ?? ''), parseTime(now ?? '')];
  return from === undefined || to === undefined || to < from ? state : `${state} for ${spokenDuration(to - from)}`;
}

/** So many nodes have a column of their own. */
const columnsShown = 12;

/** A row for each plugin that refuses a node or scored it, a column for each node. */
function nodeLines({ nodes = [], totalNodes, preemption }: Placement): string[] {
  const shown = nodes.slice(0, columnsShown);
  const widths = shown.map(({ name, score }) => Math.max(name.length, String(score ?? '').length));
  const row = (head: string, cells: readonly string[], tail = '') =>
    `  ${head.padEnd(headWidth)} ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' ')}  ${tail}`.trimEnd();
  const refusing = [...new Set(shown.flatMap(({ refusals = [] }) => refusals.map(({ plugin }) => plugin)))];
  const scoring = shown.some(({ score }) => score !== undefined);
  const headWidth = Math.max(4, ...refusing.map((plugin) => plugin.length));
  const more = totalNodes > shown.length ? `and ${totalNodes - shown.length} more` : '';
  return [
    ...(shown.length > 0
      ? [
          row(
            'node',
            shown.map(({ name }) => name),
            more,
          ),
        ]
      : []),
    ...refusing.map((plugin) => {
      const cells = shown.map(({ refusals = [] }) => (refusals.some((each) => each.plugin === plugin) ? '✗' : '✓'));
      return row(plugin, cells, textOf(shown, plugin));
    }),
    ...(scoring
      ? [
          row(
            'score',
            shown.map(({ score }) => (score === undefined ? '·' : String(score))),
          ),
        ]
      : []),
    ...(preemption ? [`  Preemption ${preemption}.`] : []),
  ];
}

/** What a plugin says of the nodes; the first of what it says differently of each. */
function textOf(nodes: NonNullable<Placement['nodes']>, plugin: string): string {
  const texts = nodes.flatMap(({ name, refusals = [] }) =>
    refusals
      .filter((each) => each.plugin === plugin)
      .map(({ detail, reasons }) =>
        detail ? `${name}: ${detail}` : reasons.map((each) => each.replace(/^node\(s\) /, '')).join(', '),
      ),
  );
  const distinct = [...new Set(texts)];
  return distinct.length > 2 ? `${distinct.slice(0, 2).join('; ')} …` : distinct.join('; ');
}

const marks: Readonly<Record<DrainStep['outcome'], string>> = {
  Evicted: '✓',
  Waits: '…',
  Blocked: '✗',
  Ignored: '·',
  Lost: '✗',
};

function drainLines(steps: readonly DrainStep[]): string[] {
  const names = steps.map(({ namespace, name }) => `${namespace}/${name}`);
  const width = Math.max(0, ...names.map(({ length }) => length));
  return steps.map(
    ({ outcome, message }, i) =>
      `  ${marks[outcome]} ${(names[i] ?? '').padEnd(width)}  ${outcome.toLowerCase().padEnd(7)}  ${message}`,
  );
}

function remedyLines(remedies: readonly Remedy[]): string[] {
  const lines = remedies.map(
    ({ change, effect, command }) => `${change}${effect ? `: ${effect}` : ''}${command ? `   ${command}` : ''}`,
  );
  return [`Try: ${lines[0] ?? ''}`, ...lines.slice(1).map((line) => ` or: ${line}`)];
}
