// How long from nothing to an answering API server, and how much memory the shop takes: `npm run bench -- start`.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { accessOf } from '../src/cli/access.ts';
import type { Access } from '../src/edge/kubeconfig.ts';
import { clusterFolder } from '../src/edge/state-folder.ts';
import { benchCluster } from './cluster.ts';
import { median, report } from './report.ts';

const entry = fileURLToPath(new URL('../bin/portolan.js', import.meta.url));
const rounds = 5;
const shop = fileURLToPath(new URL('../examples/shop/shop.yaml', import.meta.url));

export async function start(): Promise<void> {
  const times: number[] = [];
  await timeToReady();
  for (let round = 0; round < rounds; round++) times.push(await timeToReady());
  const { resident, pods } = await shopMemory();
  report(`start (median of ${rounds}, ${pods} pods in the shop)`, [
    { name: 'up to /readyz', value: median(times) / 1000, unit: 's', limit: 1.5 },
    { name: 'resident with the shop running', value: resident, unit: 'MB', limit: 150 },
  ]);
}

/** Milliseconds from the start of `up` until /readyz answers ok, from an empty state folder. */
async function timeToReady(): Promise<number> {
  const home = mkdtempSync(join(tmpdir(), 'portolan-bench-'));
  const env = { ...process.env, PORTOLAN_HOME: home, CI: '1' };
  const began = performance.now();
  const up = spawn(process.execPath, [entry, 'up', 'bench'], { env, stdio: 'ignore' });
  const ended = new Promise((resolve) => up.once('exit', resolve));
  const took = await untilReady(home, began);
  await ended;
  await new Promise((resolve) =>
    spawn(process.execPath, [entry, 'down', 'bench'], { env, stdio: 'ignore' }).once('exit', resolve),
  );
  rmSync(home, { recursive: true, force: true });
  return took;
}

async function untilReady(home: string, began: number): Promise<number> {
  const folder = clusterFolder(home, 'bench');
  for (;;) {
    try {
      await answersReady(accessOf(folder));
      return performance.now() - began;
    } catch {
      await sleep(5);
    }
  }
}

/** @throws while /readyz is not ok */
function answersReady({ server, ca }: Access): Promise<void> {
  return new Promise((resolve, reject) => {
    get(new URL('/readyz', server), { ca, agent: false }, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) resolve();
      else reject(new Error(`/readyz answers ${answer.statusCode}`));
    }).on('error', reject);
  });
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const plurals: Readonly<Record<string, string>> = {
  StatefulSet: 'statefulsets',
  PodDisruptionBudget: 'poddisruptionbudgets',
};
const pathOf = ({ apiVersion, kind, metadata }: Manifest): string => {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}${metadata.namespace ? `/namespaces/${metadata.namespace}` : ''}/${plurals[kind] ?? `${kind.toLowerCase()}s`}`;
};

async function shopMemory(): Promise<{ resident: number; pods: number }> {
  const cluster = await benchCluster(['--nodes', '6', '--zones', 'a,b,c']);
  try {
    for (const manifest of loadAll(readFileSync(shop, 'utf8')) as Manifest[])
      await cluster.call('POST', pathOf(manifest), manifest);
    for (let waited = 0; waited < 60_000; waited += 250) {
      const { items } = await cluster.call<{
        items: { status?: { availableReplicas?: number }; spec: { replicas: number } }[];
      }>('GET', '/apis/apps/v1/namespaces/shop/deployments');
      if (items.every(({ status, spec }) => status?.availableReplicas === spec.replicas)) break;
      await sleep(250);
    }
    await sleep(5000);
    const { items } = await cluster.call<{ items: unknown[] }>('GET', '/api/v1/pods');
    return { resident: cluster.residentMb(), pods: items.length };
  } finally {
    await cluster.down();
  }
}
