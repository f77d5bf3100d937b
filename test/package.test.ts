// The published package: packed, installed into an empty folder, and used there, where no TypeScript is stripped.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { kubectlOf } from './support/clients.ts';
import { type Outcome, run, stateFolder } from './support/cluster.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'portolan-package-'));
const { home, env } = stateFolder();
const npm = (args: string[], cwd: string): Promise<Outcome> => run('npm', args, { cwd, timeoutMs: 180_000 });
const installed = (...args: string[]): Promise<Outcome> =>
  run('npx', ['--no-install', 'portolan', ...args], { cwd: folder, env });

afterAll(async () => {
  await installed('down', '--all');
  for (const each of [folder, home]) rmSync(each, { recursive: true, force: true });
});

test('installed from its package, portolan starts a cluster that keeps its data', async () => {
  const packed = await npm(['pack', '--json', '--pack-destination', folder], root);
  expect(packed.code, packed.stderr).toBe(0);
  const [{ filename, files }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('[\n'))) as [
    { filename: string; files: { path: string }[] },
  ];
  const paths = files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      'bin/portolan.js',
      'dist/cli/main.js',
      'dist/kinds/generated/descriptions.json',
      'examples/shop/shop.yaml',
    ]),
  );
  expect(paths.filter((path) => /\.test\.|^src\/|^test\//.test(path))).toEqual([]);

  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const install = await npm(['install', '--omit=dev', '--prefer-offline', '--no-audit', `./${filename}`], folder);
  expect(install.code, install.stderr).toBe(0);

  expect((await installed('--version')).stdout).toMatch(/^portolan \d/);
  const up = await installed('up', 'packed', '--nodes', '1');
  expect(up.code, up.stderr).toBe(0);
  const kubectl = (...args: string[]) =>
    run(kubectlOf('35'), args, { env: { ...env, KUBECONFIG: join(home, 'clusters', 'packed', 'kubeconfig') } });
  expect((await kubectl('get', 'nodes')).stdout).toMatch(/^n1 +Ready/m);
  expect((await kubectl('explain', 'pod.spec.containers.image')).stdout).toContain('Container image name.');
  await kubectl('create', 'configmap', 'kept');
  await installed('down', 'packed', '--keep-data');
  expect(await installed('up', 'packed')).toMatchObject({ code: 0 });
  expect(await kubectl('get', 'configmap', 'kept')).toMatchObject({ code: 0 });
  expect(await installed('down', 'packed')).toMatchObject({ code: 0 });
}, 240_000);
