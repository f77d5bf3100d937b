// Clusters for the time of a command, and servers that stay in the foreground.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { kubectlOf } from '../support/clients.ts';
import { type Outcome, portolan, run, stateFolder } from '../support/cluster.ts';
import { httpsClient } from '../support/https-client.ts';

const { home, env } = stateFolder();
const root = fileURLToPath(new URL('../..', import.meta.url));
const cli = (...args: string[]): Promise<Outcome> => portolan(args, { env });

afterAll(async () => {
  await cli('down', '--all');
  rmSync(home, { recursive: true, force: true });
});

test('run gives the command a cluster, passes on its exit code, and leaves nothing behind', async () => {
  const { code, stdout } = await cli(
    'run',
    '--nodes',
    '1',
    '--',
    'sh',
    '-c',
    `${kubectlOf('35')} get nodes -o name; exit 7`,
  );
  expect(stdout).toBe('node/n1\n');
  expect(code).toBe(7);
  expect(readdirSync(join(home, 'clusters'))).toEqual([]);
});

test('run of a program that does not exist says so, and leaves nothing behind', async () => {
  expect(await cli('run', '--bare', '--', 'no-such-program')).toMatchObject({
    code: 2,
    stderr: 'portolan run: there is no program no-such-program\n',
  });
  expect(readdirSync(join(home, 'clusters'))).toEqual([]);
});

test('run never takes a cluster that is somebody’s', async () => {
  await cli('up', 'mine', '--bare');
  expect(await cli('run', '--name', 'mine', '--', 'true')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('cluster mine is there already'),
  });
  expect(await cli('status', 'mine')).toMatchObject({ code: 0 });
  await cli('down', 'mine');
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('a server in the foreground answers at the port asked for and ends with the terminal’s interrupt', async () => {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [
      join(root, 'bin/portolan.js'),
      'up',
      'fore',
      '--bare',
      '--store',
      'memory',
      '--port',
      String(port),
      '--foreground',
    ],
    { env },
  );
  let said = '';
  await new Promise<void>((resolve) =>
    child.stdout.on('data', (text) => (said += text).includes('ctrl-c') && resolve()),
  );
  expect(said).toContain(`https://127.0.0.1:${port}`);
  const client = httpsClient(join(home, 'clusters', 'fore', 'kubeconfig'));
  expect(await client.send('GET', '/api/v1/namespaces/default')).toMatchObject({ status: 200 });
  client.close();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGINT');
  expect(await ended).toBe(0);
  expect(JSON.parse((await cli('status', 'fore', '-o', 'json')).stdout)).toMatchObject({ state: 'stopped', pid: 0 });
});

test('a cluster in memory writes no database', async () => {
  await cli('up', 'light', '--bare', '--store', 'memory');
  expect(existsSync(join(home, 'clusters', 'light', 'store.db'))).toBe(false);
  expect((await cli('status', 'light')).stdout).toContain('store memory');
  expect((await cli('down', 'light', '--keep-data')).stdout).toContain('was in memory only');
});

test('bearer tokens of a file open the door to their user', async () => {
  const tokens = join(home, 'tokens.csv');
  writeFileSync(tokens, 's3cret,alice,u1,"system:masters"\n');
  await cli('up', 'tokens', '--bare', '--store', 'memory', '--token-auth-file', tokens);
  const { url } = JSON.parse((await cli('status', 'tokens', '-o', 'json')).stdout) as { url: string };
  const whoami = await run(
    kubectlOf('35'),
    [
      '--kubeconfig=/dev/null',
      `--server=${url}`,
      '--insecure-skip-tls-verify',
      '--token=s3cret',
      'get',
      'namespaces',
      '-o',
      'name',
    ],
    { env },
  );
  expect(whoami.stdout).toContain('namespace/default');
  await cli('down', 'tokens');
});

test('npx finds the command in the checkout', async () => {
  const npx = await run('npx', ['--no-install', 'portolan', '--version'], {
    env: { ...env, npm_config_offline: 'true' },
    cwd: root,
  });
  expect(npx.stdout, npx.stderr).toBe(
    `portolan ${JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version}\n`,
  );
});
