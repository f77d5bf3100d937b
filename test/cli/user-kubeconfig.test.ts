// The user's own kubeconfig: joined by a cluster's context when somebody sits there, left alone in CI.

import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, expect, test } from 'vitest';
import { kubectlOf } from '../support/clients.ts';
import { attended, portolan, run, stateFolder } from '../support/cluster.ts';

const { home, env } = stateFolder();
const file = join(home, '.kube', 'config');
const terminal = attended(home);

afterAll(async () => {
  await portolan(['down', '--all'], { env });
  rmSync(home, { recursive: true, force: true });
});

test('in CI it is not touched; the private one is for its owner alone', async () => {
  expect(await portolan(['up', 'ci', '--bare'], { env })).toMatchObject({ code: 0 });
  expect(existsSync(join(home, '.kube'))).toBe(false);
  expect(statSync(join(home, 'clusters', 'ci', 'kubeconfig')).mode & 0o777).toBe(0o600);
  await portolan(['down', 'ci'], { env });
});

test('at a terminal the context joins what is there, and leaves again with the cluster', async () => {
  const others = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'work', cluster: { server: 'https://work.example:6443' } }],
    contexts: [{ name: 'work', context: { cluster: 'work', user: 'me', namespace: 'team' } }],
    users: [{ name: 'me', user: { token: 'abc' } }],
    'current-context': 'work',
  };
  mkdirSync(join(home, '.kube'));
  writeFileSync(file, JSON.stringify(others), { mode: 0o644 });

  const { stdout } = await portolan(['up', 'shop', '--nodes', '1'], { env: terminal });
  expect(stdout).toContain("kubectl's context is portolan-shop.");
  const merged = load(readFileSync(file, 'utf8')) as typeof others;
  expect(merged['current-context']).toBe('portolan-shop');
  for (const section of ['clusters', 'contexts', 'users'] as const) {
    expect(merged[section].map(({ name }) => name)).toEqual([others[section][0]?.name, 'portolan-shop']);
    expect(merged[section][0]).toEqual(others[section][0]);
  }
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const nodes = await run(kubectlOf('35'), ['get', 'nodes', '-o', 'name'], { env: terminal });
  expect(nodes).toMatchObject({ code: 0, stdout: 'node/n1\n' });

  await portolan(['down', 'shop'], { env: terminal });
  expect(load(readFileSync(file, 'utf8'))).toEqual({ ...others, 'current-context': '' });
});

test('a file that is no kubeconfig is left as it is, and said to be the reason', async () => {
  writeFileSync(file, 'just: [some\n');
  const { code, stderr } = await portolan(['up', 'odd', '--bare'], { env: terminal });
  expect(code).toBe(2);
  expect(stderr).toContain(`${file} is not a kubeconfig that can be read`);
  expect(readFileSync(file, 'utf8')).toBe('just: [some\n');
});
