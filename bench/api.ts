// What requests cost, in CPU time of the server, compared with an earlier commit in the same run: `npm run bench -- api --against COMMIT`.
// Both servers live side by side and take turns, so that a busy or a slow machine is the same to both. Only the ratios mean something.

import { readdirSync, readFileSync } from 'node:fs';
import { type BenchCluster, benchCluster } from './cluster.ts';
import { checkout } from './checkout.ts';
import { report } from './report.ts';

/** The last commit before the work on an exact API began. */
const before = '963002b';
const limit = 1.2;
const rounds = 9;
/** Work of each kind in one round. */
const pods = 150;
const gets = 2000;
const lists = 40;
/** How many requests are under way at once. */
const atOnce = 4;

const namespace = '/api/v1/namespaces/bench';
const options = ['--bare', '--store', 'memory'];

const pod = (i: number) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `p${i}`,
    labels: { app: 'web', tier: 'front' },
    annotations: { 'example.com/note': 'a pod for a benchmark' },
  },
  spec: {
    containers: [
      {
        name: 'main',
        image: 'nginx:1.29',
        ports: [{ name: 'http', containerPort: 80 }],
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
        resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
        readinessProbe: { httpGet: { path: '/', port: 'http' } },
      },
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  },
});

const merge = 'application/merge-patch+json';
const apply = 'application/apply-patch+yaml';

type Work = (server: BenchCluster, i: number) => Promise<unknown>;

/** In this order: what one leaves, the next works on. */
const works: Readonly<Record<string, { readonly times: number; readonly work: Work }>> = {
  'create a pod': { times: pods, work: (server, i) => server.call('POST', `${namespace}/pods`, pod(i)) },
  'get a pod': { times: gets, work: (server, i) => server.call('GET', `${namespace}/pods/p${i % pods}`) },
  'list the pods': { times: lists, work: (server) => server.call('GET', `${namespace}/pods`) },
  'patch a pod': {
    times: pods,
    work: (server, i) =>
      server.call('PATCH', `${namespace}/pods/p${i}`, { metadata: { labels: { app: `web${i}` } } }, merge),
  },
  'apply a pod': {
    times: pods,
    work: (server, i) => server.call('PATCH', `${namespace}/pods/p${i}?fieldManager=bench&force=true`, pod(i), apply),
  },
  'delete a pod': {
    times: pods,
    work: (server, i) => server.call('DELETE', `${namespace}/pods/p${i}?gracePeriodSeconds=0`),
  },
};

/** CPU time that the threads of the server's process have had so far, in milliseconds. */
function cpuMs(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce((sum, task) => sum + nanosecondsOf(`/proc/${pid}/task/${task}/schedstat`) / 1e6, 0);
}

function nanosecondsOf(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8').split(' ')[0]);
  } catch {
    // The thread has ended since.
    return 0;
  }
}

async function costOf(server: BenchCluster, { times, work }: (typeof works)[string]): Promise<number> {
  const began = cpuMs(server.pid);
  let next = 0;
  const worker = async () => {
    while (next < times) await work(server, next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return cpuMs(server.pid) - began;
}

export async function api(args: readonly string[]): Promise<void> {
  const at = args.indexOf('--against');
  const commit = at < 0 ? before : (args[at + 1] ?? before);
  const earlier = await checkout(commit);
  try {
    const servers = [await benchCluster(options), await benchCluster(options, earlier.entry)] as const;
    try {
      await compare(servers, commit);
    } finally {
      for (const server of servers) await server.down();
    }
  } finally {
    await earlier.remove();
  }
}

async function compare(servers: readonly [BenchCluster, BenchCluster], commit: string): Promise<void> {
  for (const server of servers) {
    await server.call('POST', '/api/v1/namespaces', { metadata: { name: 'bench' } });
    await server.call('POST', `${namespace}/serviceaccounts`, { metadata: { name: 'default' } });
  }
  const costs: Record<string, [number, number][]> = {};
  // The first rounds are for the compilers.
  for (let round = -3; round < rounds; round++) {
    for (const [name, work] of Object.entries(works)) {
      const order = round % 2 === 0 ? [0, 1] : [1, 0];
      const cost: [number, number] = [0, 0];
      for (const which of order) cost[which as 0 | 1] = await costOf(servers[which as 0 | 1], work);
      if (round >= 0) (costs[name] ??= []).push(cost);
    }
  }
  const figures = Object.entries(costs).map(([name, each]) => ({
    name,
    value: total(each, 0) / total(each, 1),
    unit: 'times',
    ...(/^(get|create)/.test(name) && { limit }),
  }));
  report(`api: CPU of the server compared with ${commit} (${rounds} rounds)`, figures);
  for (const [name, each] of Object.entries(costs)) {
    const times = (works[name]?.times ?? 1) * rounds;
    const [now, then] = [perRequest(total(each, 0), times), perRequest(total(each, 1), times)];
    console.log(`  ${name.padEnd(36)} ${now} now, ${then} then, on this machine`);
  }
  if (figures.some(({ value, limit: most = Infinity }) => value > most)) process.exitCode = 1;
}

const total = (costs: readonly [number, number][], which: 0 | 1): number =>
  costs.reduce((sum, cost) => sum + cost[which], 0);

const perRequest = (ms: number, times: number): string => `${((ms / times) * 1000).toFixed(0)} µs`;
