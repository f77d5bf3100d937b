// What people mistype: one clear line, the right exit code, and nothing left behind.

import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Outcome, portolan, stateFolder } from '../support/cluster.ts';

const { home, env } = stateFolder();
const cli = (...args: string[]): Promise<Outcome> => portolan(args, { env, cwd: home });

afterAll(() => rmSync(home, { recursive: true, force: true }));

test.each([
  [['stats'], /^portolan: there is no command stats\. Did you mean status\?$/],
  [['up', '--nods', '3'], /^portolan up: there is no option --nods\. Did you mean --nodes\?$/],
  [['up', '--nodes', 'many'], /^portolan up: --nodes: "many" is not a whole number from 0 to 10000$/],
  [['up', '--zones', 'a,B'], /^portolan up: --zones: "B" is no name for a zone/],
  [['up', '--port', '70000'], /^portolan up: --port: "70000" is not a whole number from 0 to 65535$/],
  [['up', '--store', 'etcd'], /^portolan up: --store: there is no store "etcd"; choose memory or sqlite$/],
  [['up', '--wait', 'long'], /^portolan up: --wait: "long" is no duration; write for example 30s/],
  [
    ['up', '--feature-gates', 'A=maybe'],
    /^portolan up: --feature-gates: invalid value of A=maybe, err: strconv\.ParseBool: parsing "maybe": invalid syntax$/,
  ],
  [
    ['up', '--feature-gates', 'DynamicResourceAllocation=false'],
    /^portolan up: --feature-gates: cannot set feature gate DynamicResourceAllocation to false, feature is locked to true$/,
  ],
  [['up', '--runtime-config', 'v1=true'], /^portolan up: --runtime-config: runtime-config invalid key v1$/],
  [
    ['up', '--runtime-config', 'nowhere.io/v1=true'],
    /^portolan up: --runtime-config: unknown api groups nowhere\.io\/v1$/,
  ],
  [['up', '--token-auth-file', 'none.csv'], /^portolan up: --token-auth-file: none\.csv cannot be read \(ENOENT\)$/],
  [['up', '--bare', '--controllers-only'], /exclude each other/],
  [['up', 'Shop'], /^portolan up: "Shop" is no name for a cluster/],
  [['up', 'a', 'b'], /^portolan up: too many arguments/],
  [['down', 'a', '--all'], /^portolan down: --all stops every cluster: leave the name out$/],
  [['list', '-o', 'yaml'], /^portolan list: --output: there is no format "yaml"; choose text or json$/],
  [['run'], /^portolan run: missing required argument/],
])('portolan %j is refused in one line', async (args, line) => {
  const { code, stdout, stderr } = await cli(...args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr.split('\n')[0]).toMatch(line);
  expect(stderr).not.toMatch(/^ +at /m);
});

test('a mistake in a world is told with the file and the place in it', async () => {
  writeFileSync(join(home, 'world.yaml'), 'nodes: [{}, { cpus: 3 }]\n');
  expect(await cli('up', '-f', 'world.yaml')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'portolan up: world.yaml, nodes[1].cpus: there is no field cpus; did you mean cpu?\n',
  });
});

test('a port somebody else has is told, and no cluster is left', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  const { code, stderr } = await cli('up', 'busy', '--port', String(port));
  other.close();
  expect(code).toBe(2);
  expect(stderr).toBe(`portolan up: port ${port} is taken by another program. Leave --port out to get a free one\n`);
  expect(readdirSync(join(home, 'clusters'))).toEqual([]);
});

test('a mistake in a token file is told with its line, and no cluster is left', async () => {
  writeFileSync(join(home, 'tokens.csv'), 'secret,alice,1\nonly-a-token\n');
  const { code, stderr } = await cli('up', 'tokens', '--bare', '--token-auth-file', 'tokens.csv');
  expect(code).toBe(2);
  expect(stderr).toMatch(/^portolan up: .*tokens\.csv: token file, line 2: wants at least three columns/);
  expect(readdirSync(join(home, 'clusters'))).toEqual([]);
});

test('every help ends with an example', async () => {
  const { stdout } = await cli('--help');
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^Example: portolan /);
  const names = [...stdout.matchAll(/^ {2}([a-z]+)[ [<]/gm)]
    .map(([, name]) => name as string)
    .filter((name) => name !== 'help');
  expect(names).toEqual(expect.arrayContaining(['up', 'down', 'list', 'status', 'kubeconfig', 'run', 'demo']));
  expect(names).not.toContain('serve');
  const helps = await Promise.all(names.map((name) => cli(name, '--help')));
  for (const [at, { code, stdout: help }] of helps.entries()) {
    expect(code).toBe(0);
    expect(help.trimEnd().split('\n').at(-1)).toMatch(new RegExp(`^Example: portolan ${names[at]}`));
  }
});

test('--version names the version of the package', async () => {
  expect((await cli('--version')).stdout).toMatch(/^portolan \d+\.\d+\.\d+\n$/);
});
