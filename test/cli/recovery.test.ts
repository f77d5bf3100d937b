// A server that dies loses nothing it has acknowledged, and goes on where it was.

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { kubectlOf } from '../support/clients.ts';
import { type Outcome, portolan, run, stateFolder } from '../support/cluster.ts';
import { httpsClient } from '../support/https-client.ts';

const { home, env } = stateFolder();
const cli = (...args: string[]): Promise<Outcome> => portolan(args, { env });
const kubeconfigOf = (name: string): string => join(home, 'clusters', name, 'kubeconfig');
const kubectl = (name: string, ...args: string[]): Promise<Outcome> =>
  run(kubectlOf('35'), args, { env: { ...env, KUBECONFIG: kubeconfigOf(name) } });

afterAll(async () => {
  await cli('down', '--all');
  rmSync(home, { recursive: true, force: true });
});

const pidOf = (name: string): number =>
  (JSON.parse(readFileSync(join(home, 'clusters', name, 'cluster.json'), 'utf8')) as { pid: number }).pid;

async function killServer(name: string): Promise<void> {
  const pid = pidOf(name);
  process.kill(pid, 'SIGKILL');
  await gone(pid);
}

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(5);
  }
}

test('a killed cluster is told as such; up goes on with everything in it', async () => {
  await cli('up', 'shop', '--nodes', '2');
  await kubectl('shop', 'create', 'deployment', 'web', '--image=nginx', '--replicas=2');
  await kubectl('shop', 'wait', '--for=condition=Available', 'deployment/web', '--timeout=30s');
  const pods = (await kubectl('shop', 'get', 'pods', '-o', 'name')).stdout;
  await killServer('shop');

  expect(await cli('status', 'shop')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/process \d+ died\. Go on with it: portolan up shop/),
  });
  expect((await cli('list')).stdout).toMatch(/^shop +stopped$/m);
  expect(await kubectl('shop', 'get', 'nodes', '--request-timeout=2s')).toMatchObject({ code: 1 });

  expect(await cli('up', 'shop')).toMatchObject({ code: 0, stdout: expect.stringContaining('2 ready') });
  expect((await kubectl('shop', 'get', 'pods', '-o', 'name')).stdout).toBe(pods);
  await kubectl('shop', 'scale', 'deployment/web', '--replicas=3');
  const scaled = await kubectl(
    'shop',
    'wait',
    '--for=jsonpath={.status.readyReplicas}=3',
    'deployment/web',
    '--timeout=30s',
  );
  expect(scaled, scaled.stderr).toMatchObject({ code: 0 });
  await cli('down', 'shop');
}, 60_000);

/** Creates config maps one after another until the connection breaks, and adds the names of those acknowledged. */
async function createUntilKilled(kubeconfig: string, prefix: string, acknowledged: string[]): Promise<void> {
  const client = httpsClient(kubeconfig);
  try {
    for (let count = 0; ; count++) {
      const name = `${prefix}-${count}`;
      const { status } = await client.send('POST', '/api/v1/namespaces/default/configmaps', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name },
        data: { count: String(count) },
      });
      if (status !== 201) throw new Error(`${name} was answered with ${status}`);
      acknowledged.push(name);
    }
  } catch (error) {
    if (!['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    client.close();
  }
}

async function configMaps(kubeconfig: string): Promise<Set<string>> {
  const client = httpsClient(kubeconfig);
  const { body } = await client.send('GET', '/api/v1/namespaces/default/configmaps');
  client.close();
  return new Set((body as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name));
}

test('ten times killed while it writes, the server has lost nothing it acknowledged', async () => {
  const kubeconfig = kubeconfigOf('killed');
  const acknowledged: string[] = [];
  await cli('up', 'killed', '--bare');
  for (let round = 0; round < 10; round++) {
    const pid = pidOf('killed');
    const before = acknowledged.length;
    const writers = [0, 1, 2].map((writer) => createUntilKilled(kubeconfig, `r${round}-w${writer}`, acknowledged));
    while (acknowledged.length === before) await sleep(5);
    await sleep(13 * round);
    process.kill(pid, 'SIGKILL');
    await Promise.all(writers);
    await gone(pid);

    const again = await cli('up', 'killed');
    expect(again, again.stderr).toMatchObject({ code: 0 });
    const there = await configMaps(kubeconfig);
    expect(acknowledged.filter((name) => !there.has(name))).toEqual([]);
  }
}, 90_000);
