// The life of clusters at the command line: up, list, status, down.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kubectlOf } from '../support/clients.ts';
import { type Outcome, portolan, run, stateFolder } from '../support/cluster.ts';

const { home, env } = stateFolder();
const cli = (...args: string[]): Promise<Outcome> => portolan(args, { env });
const kubeconfigOf = (name: string): string => join(home, 'clusters', name, 'kubeconfig');
const kubectl = (name: string, ...args: string[]): Promise<Outcome> =>
  run(kubectlOf('35'), args, { env: { ...env, KUBECONFIG: kubeconfigOf(name) } });

beforeAll(async () => {
  const started = await cli('up', 'one', '--nodes', '2', '--zones', 'a,b');
  expect(started, started.stderr).toMatchObject({ code: 0 });
});

afterAll(async () => {
  await cli('down', '--all');
  rmSync(home, { recursive: true, force: true });
});

test('up says what was reached and what to type next', async () => {
  const { stdout } = await cli('up', 'said', '--nodes', '1', '--store', 'memory');
  expect(stdout).toMatch(/^✓ API server +https:\/\/127\.0\.0\.1:\d+ +Kubernetes 1\.36/m);
  expect(stdout).toMatch(/^✓ Nodes +1 ready .*simulated: no container really runs$/m);
  expect(stdout).toContain(`export KUBECONFIG=${kubeconfigOf('said')}`);
  expect(stdout).toMatch(/^ {2}portolan down said/m);
  expect(await cli('down', 'said')).toMatchObject({ code: 0, stdout: expect.stringContaining('stopped and removed') });
});

test('up of a cluster that runs changes nothing', async () => {
  const before = JSON.parse((await cli('status', 'one', '-o', 'json')).stdout);
  for (const again of [
    ['up', 'one'],
    ['up', 'one', '--nodes', '2', '--zones', 'a,b'],
  ]) {
    expect(await cli(...again)).toMatchObject({ code: 0, stdout: expect.stringContaining('runs already at https://') });
  }
  expect(JSON.parse((await cli('status', 'one', '-o', 'json')).stdout)).toEqual(before);
});

test('up of a cluster that runs with other settings is refused, and says how to get them', async () => {
  const refused = await cli('up', 'one', '--nodes', '5');
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toMatch(/runs already, with other settings \(nodes.*portolan down one --keep-data/);
});

test('two clusters side by side know nothing of each other', async () => {
  expect(await cli('up', 'two', '--nodes', '1')).toMatchObject({ code: 0 });
  expect(await kubectl('one', 'create', 'configmap', 'mine')).toMatchObject({ code: 0 });
  expect((await kubectl('two', 'get', 'configmap', 'mine')).stderr).toContain('NotFound');
  expect((await kubectl('two', 'get', 'nodes', '-o', 'name')).stdout).toBe('node/n1\n');

  const listed = JSON.parse((await cli('list', '-o', 'json')).stdout) as { name: string; state: string }[];
  expect(listed).toMatchObject([
    { name: 'one', state: 'running', nodes: 2 },
    { name: 'two', state: 'running', nodes: 1 },
  ]);
  expect((await cli('list')).stdout).toMatch(/^one +running +https:\/\/127\.0\.0\.1:\d+ +2 nodes$/m);
  expect(await cli('down', 'two')).toMatchObject({ code: 0 });
  expect(existsSync(join(home, 'clusters', 'two'))).toBe(false);
  expect(await kubectl('one', 'get', 'configmap', 'mine')).toMatchObject({ code: 0 });
});

test('status answers programs with a fixed set of fields', async () => {
  const { code, stdout } = await cli('status', 'one', '-o', 'json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    name: 'one',
    state: 'running',
    url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
    pid: expect.any(Number),
    kubeconfig: kubeconfigOf('one'),
    dataDir: join(home, 'clusters', 'one'),
  });
});

test('status shows people the nodes by zone', async () => {
  const { stdout } = await cli('status', 'one');
  expect(stdout).toMatch(/^one +running .*store sqlite/);
  expect(stdout).toMatch(/^ {2}zone a {2}n1 /m);
  expect(stdout).toMatch(/^ {2}zone b {2}n2 /m);
});

test('kubeconfig goes to standard output', async () => {
  const { stdout } = await cli('kubeconfig', 'one');
  expect(stdout).toBe(readFileSync(kubeconfigOf('one'), 'utf8'));
  expect(stdout).toContain('current-context: portolan-one');
});

test('a cluster stopped with its data kept goes on at the same address, with the same nodes', async () => {
  await cli('up', 'kept', '--nodes', '2');
  await kubectl('kept', 'create', 'configmap', 'before');
  const { url } = JSON.parse((await cli('status', 'kept', '-o', 'json')).stdout);
  expect(await cli('down', 'kept', '--keep-data')).toMatchObject({ stdout: expect.stringContaining('data is kept') });
  expect(await cli('status', 'kept')).toMatchObject({ code: 1, stderr: expect.stringContaining('is stopped') });
  expect(await cli('up', 'kept')).toMatchObject({ code: 0, stdout: expect.stringMatching(/2 ready/) });
  expect(JSON.parse((await cli('status', 'kept', '-o', 'json')).stdout)).toMatchObject({ url });
  expect(await kubectl('kept', 'get', 'configmap', 'before')).toMatchObject({ code: 0 });
  await cli('down', 'kept');
});

test('a data folder of the user’s own outlives the cluster', async () => {
  const data = join(home, 'data');
  await cli('up', 'own', '--bare', '--data-dir', data);
  expect(JSON.parse((await cli('status', 'own', '-o', 'json')).stdout)).toMatchObject({ dataDir: data });
  await kubectl('own', 'create', 'configmap', 'there');
  expect((await cli('down', 'own')).stdout).toContain(`${data} is left as it is`);
  await cli('up', 'again', '--bare', '--data-dir', data);
  expect(await kubectl('again', 'get', 'configmap', 'there')).toMatchObject({ code: 0 });
  await cli('down', 'again');
});

test('a name nobody gave is told, with the names there are', async () => {
  for (const command of ['down', 'status', 'kubeconfig']) {
    const { code, stderr } = await cli(command, 'nope');
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^portolan ${command}: there is no cluster nope\\. There are: one\\.`));
  }
});

test('down --all leaves nothing', async () => {
  expect(await cli('down', '--all')).toMatchObject({ code: 0 });
  expect((await cli('list')).stdout).toBe('No cluster yet. Start one: portolan up\n');
  expect((await cli('down', '--all')).stdout).toBe('No cluster is there.\n');
});
