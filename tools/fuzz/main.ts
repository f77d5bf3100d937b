// Sends random requests to a real server process over real sockets, and looks for crashes, bugs, waits and growth.
//   npm run fuzz -- api                       a minute
//   npm run fuzz -- api --seconds 600
//   npm run fuzz -- api --seed 7 --from 1200  the same requests as a run before, beginning there

import { readFileSync } from 'node:fs';
import { Agent, request as send } from 'node:https';
import { type BenchCluster, benchCluster } from '../../bench/cluster.ts';
import { cleaner } from './cleaner.ts';
import { type FuzzRequest, namespaces, requestOf, requestsPerRound } from './requests.ts';
import { faultOf, type FuzzAnswer, slowestMs } from './verdict.ts';

/** How many requests are under way at once. */
const atOnce = 4;
/** A short history, so that what is kept of it shows within a minute. */
const options = ['--bare', '--etcd-compaction-interval', '2s'];
/** After so many rounds a server has loaded what it loads when it is first asked for it. */
const warmRounds = 10;
/** How many times the memory of the first third of a run that of the last may be: collectors have their moods. */
const mostGrowth = 1.25;
/** How much of an answer is kept. */
const keptBytes = 2000;

interface Run {
  readonly cluster: BenchCluster;
  readonly agent: Agent;
  readonly faults: string[];
  readonly statuses: Map<number, number>;
  slowestMs: number;
}

function ask({ cluster: { access }, agent }: Run, request: FuzzRequest): Promise<FuzzAnswer> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(access.server);
    const began = performance.now();
    let tookMs = 0;
    const done = (status: number, text: string) =>
      resolve({ status, text, tookMs: tookMs || performance.now() - began });
    const outgoing = send(
      {
        agent,
        hostname,
        port,
        path: request.target,
        method: request.method,
        headers: request.headers,
        timeout: 20_000,
      },
      (incoming) => {
        tookMs = performance.now() - began;
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => void (chunks.length < 4 && chunks.push(chunk.subarray(0, keptBytes))));
        incoming.on('error', () => {});
        incoming.on('close', () => done(incoming.statusCode ?? 0, Buffer.concat(chunks).toString('utf8')));
        if (request.streams) setTimeout(() => outgoing.destroy(), 20);
      },
    );
    outgoing.on('upgrade', (incoming, socket) => {
      socket.destroy();
      done(incoming.statusCode ?? 101, '');
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('nothing came for 20 s')));
    outgoing.on('error', (error) => done(0, String(error)));
    outgoing.end(request.body);
  });
}

/** An answer to a HEAD has no text: what a fault says is asked again as GET. */
async function askInWords(run: Run, request: FuzzRequest): Promise<FuzzAnswer> {
  const answer = await ask(run, request);
  if (request.method !== 'HEAD' || answer.status < 500) return answer;
  return { ...answer, text: (await ask(run, { ...request, method: 'GET' })).text };
}

/** CPU that the server has used, in milliseconds. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/**
 * Asks, and judges. How long an answer takes is how much the server worked meanwhile, unless that is out of all proportion: other programs
 * of a busy machine are no fault of the server's.
 */
async function judge(run: Run, seed: number, number: number): Promise<void> {
  const request = requestOf(seed, number);
  const before = cpuMs(run.cluster.pid);
  const answer = await askInWords(run, request);
  const workedMs = cpuMs(run.cluster.pid) - before;
  const tookMs = answer.tookMs < 10 * slowestMs ? Math.min(answer.tookMs, workedMs) : answer.tookMs;
  run.slowestMs = Math.max(run.slowestMs, tookMs);
  run.statuses.set(answer.status, (run.statuses.get(answer.status) ?? 0) + 1);
  const fault = faultOf({ ...answer, tookMs });
  if (fault)
    run.faults.push(`${described(request)}\n  ${fault}\n  again: npm run fuzz -- api --seed ${seed} --from ${number}`);
}

const described = ({ method, target, headers, body }: FuzzRequest): string =>
  `${method} ${target}\n  ${JSON.stringify(headers)}\n  ${body ? new TextDecoder().decode(body.subarray(0, 1000)) : ''}`;

async function fuzzApi(seed: number, from: number, seconds: number): Promise<number> {
  const cluster = await benchCluster(options);
  const { ca, certificate, key } = cluster.access;
  const agent = new Agent({ ca, cert: certificate, key, keepAlive: true, maxSockets: atOnce });
  const run: Run = { cluster, agent, faults: [], statuses: new Map(), slowestMs: 0 };
  const memory: number[] = [];
  try {
    for (const name of namespaces) await cluster.call('POST', '/api/v1/namespaces', { metadata: { name } });
    const clean = await cleaner(cluster);
    const end = performance.now() + seconds * 1000;
    let number = from;
    while (performance.now() < end && run.faults.length < 20) {
      const last = (Math.floor(number / requestsPerRound) + 1) * requestsPerRound;
      const worker = async () => {
        while (number < last && performance.now() < end) await judge(run, seed, number++);
      };
      await Promise.all(Array.from({ length: atOnce }, worker));
      await clean();
      memory.push(cluster.residentMb());
    }
    return report(run, seed, number - from, memory.slice(warmRounds));
  } finally {
    agent.destroy();
    await cluster.down();
  }
}

function report(
  { faults, statuses, slowestMs: slowest }: Run,
  seed: number,
  sent: number,
  memory: readonly number[],
): number {
  const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count}× ${status}`);
  console.log(`${sent} requests with seed ${seed}: ${counts.join(', ')}`);
  console.log(`slowest answer ${slowest.toFixed(0)} ms (limit ${slowestMs})`);
  const grew = growthOf(memory) > mostGrowth;
  for (const fault of faults) console.log(`\nFAULT ${fault}`);
  console.log(`\n${faults.length + Number(grew)} faults`);
  return faults.length > 0 || grew ? 1 : 0;
}

/** How many times the memory of the first third is that of the last. */
function growthOf(memory: readonly number[]): number {
  const third = Math.floor(memory.length / 3);
  if (third === 0) {
    console.log('memory: not judged, since the run is too short');
    return 1;
  }
  const [first, last] = [mean(memory.slice(0, third)), mean(memory.slice(-third))];
  console.log(`memory ${last.toFixed(0)} MB, ${(last / first).toFixed(2)} times what it was (limit ${mostGrowth})`);
  return last / first;
}

const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

if (process.argv[2] !== 'api') {
  console.error('There is one thing to fuzz: npm run fuzz -- api [--seconds 60] [--seed N] [--from N]');
  process.exitCode = 2;
} else {
  const seed = option('seed', Math.floor(Math.random() * 1e9));
  console.log(`seed ${seed}`);
  process.exitCode = await fuzzApi(seed, option('from', 0), option('seconds', 60));
}
