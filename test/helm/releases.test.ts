// Helm installs, upgrades, tests, rolls back and removes its own starter chart.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { helmOf } from '../support/clients.ts';
import { run, type TestCluster, testCluster } from '../support/cluster.ts';

let cluster: TestCluster;
const folder = mkdtempSync(join(tmpdir(), 'portolan-helm-'));

beforeAll(async () => {
  cluster = await testCluster();
});
afterAll(async () => {
  await cluster.down();
  rmSync(folder, { recursive: true, force: true });
});

test.concurrent.each(['3', '4'] as const)(
  'Helm %s: a release from its first install to its end',
  async (major) => {
    const namespace = `helm${major}`;
    const chart = `chart${major}`;
    const helm = (args: string) => cluster.helm(`-n ${namespace} ${args}`, { major, cwd: folder });
    const replicas = () =>
      cluster.kubectl(`-n ${namespace} get deployment shop-${chart} -o jsonpath={.status.readyReplicas}`);

    await helm(`create ${chart}`);
    expect(await helm(`lint ${chart}`)).toContain('1 chart(s) linted, 0 chart(s) failed');
    expect(await helm(`template shop ${chart}`)).toMatch(/^kind: Deployment$/m);
    expect(await helm(`install shop ${chart} --create-namespace --dry-run=server`)).toMatch(
      /^STATUS: pending-install$/m,
    );

    expect(await helm(`install shop ${chart} --create-namespace --wait --timeout 60s`)).toMatch(/^STATUS: deployed$/m);
    expect(await replicas()).toBe('1');
    expect(await helm('list')).toMatch(new RegExp(`^shop\\s+${namespace}\\s+1\\s.*deployed`, 'm'));
    expect(await helm('status shop')).toMatch(/^REVISION: 1$/m);
    expect(await helm('get values shop --all')).toMatch(/^replicaCount: 1$/m);
    expect(await helm('get manifest shop')).toMatch(/^kind: Service$/m);
    expect(await helm('test shop --timeout 60s')).toMatch(/^Phase: +Succeeded$/m);

    expect(await helm(`upgrade shop ${chart} --set replicaCount=3 --wait --timeout 60s`)).toContain(
      'has been upgraded. Happy Helming!',
    );
    expect(await replicas()).toBe('3');
    expect(await helm(`upgrade shop ${chart} --set replicaCount=2 --dry-run=server`)).toMatch(
      /^STATUS: pending-upgrade$/m,
    );
    expect(await replicas()).toBe('3');
    expect(await helm('history shop')).toMatch(/^1 .*superseded[^]*^2 .*deployed/m);
    expect(await helm('rollback shop 1 --wait --timeout 60s')).toContain('Rollback was a success! Happy Helming!');
    expect(await replicas()).toBe('1');

    const ifItFails = major === '3' ? '--atomic' : '--rollback-on-failure';
    const failing = [
      '-n',
      namespace,
      'upgrade',
      'shop',
      chart,
      '--set',
      'resources.requests.cpu=1000',
      ifItFails,
      '--timeout',
      '5s',
    ];
    const failed = await run(helmOf(major), failing, { env: cluster.env, cwd: folder });
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/UPGRADE FAILED: release shop failed, and has been rolled back/);
    expect(await helm('history shop')).toMatch(/^4 .*failed[^]*^5 .*deployed .*Rollback to 3/m);

    expect(await helm('uninstall shop --wait')).toBe('release "shop" uninstalled\n');
    expect(await helm('list -q')).toBe('');
    expect(await cluster.kubectl(`-n ${namespace} get deployments,services,secrets -o name`)).toBe('');
  },
  120_000,
);
