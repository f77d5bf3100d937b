import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { remarksOn, settingsOf, withClusterOptions } from './cluster-options.ts';

const optionsOf = (...args: string[]): Record<string, unknown> =>
  withClusterOptions(new Command()).parse(args, { from: 'user' }).opts();

test('an option that is written several times means all of what it says', () => {
  const settings = settingsOf(
    'a',
    optionsOf(
      '--feature-gates=GenericWorkload=true',
      '--runtime-config=api/beta=true',
      '--feature-gates=MemoryQoS=true',
    ),
  );
  expect(settings.featureGates).toEqual({ GenericWorkload: true, MemoryQoS: true });
  expect(settings.runtimeConfig).toEqual({ 'api/beta': 'true' });
});

test('versions and features stay as they were until they are said anew', () => {
  const first = settingsOf('a', optionsOf('--runtime-config=api/beta=true', '--feature-gates=GenericWorkload=true'));
  const again = settingsOf('a', optionsOf('--port=0'), first);
  expect([again.runtimeConfig, again.featureGates]).toEqual([{ 'api/beta': 'true' }, { GenericWorkload: true }]);
  const anew = settingsOf('a', optionsOf('--runtime-config=api/alpha=true'), first);
  expect([anew.runtimeConfig, anew.featureGates]).toEqual([{ 'api/alpha': 'true' }, { GenericWorkload: true }]);
});

test('a scheduler configuration is read and checked before anything starts', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'portolan-')), 'scheduler.yaml');
  const head = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n';
  writeFileSync(file, `${head}parallelism: 4\n`);
  const settings = settingsOf('a', optionsOf(`--scheduler-config=${file}`));
  expect(settings.schedulerConfig).toMatchObject({ parallelism: 4 });
  expect(remarksOn(settings)).toEqual([
    '--scheduler-config: parallelism is known but changes nothing here: there is one scheduler, in the same process',
  ]);
  writeFileSync(file, `${head}podMaxBackoffSeconds: 0\n`);
  expect(() => settingsOf('a', optionsOf(`--scheduler-config=${file}`))).toThrow(
    `--scheduler-config: ${file}: podMaxBackoffSeconds: Invalid value: 0: must be greater than or equal to PodInitialBackoffSeconds`,
  );
});

test('what cannot be is a mistake of the user’s, and what changes nothing is said', () => {
  expect(() => settingsOf('a', optionsOf('--feature-gates=Nonsense=true'))).toThrow(
    '--feature-gates: unrecognized feature gate: Nonsense',
  );
  expect(() => settingsOf('a', optionsOf('--runtime-config=nowhere/v1=true'))).toThrow(
    '--runtime-config: unknown api groups nowhere/v1',
  );
  const odd = settingsOf('a', optionsOf('--feature-gates=MemoryQoS=true', '--runtime-config=apps/v1beta1=true'));
  expect(remarksOn(odd)).toEqual([
    '--feature-gates: feature gate MemoryQoS is known but not modelled: setting it changes nothing here',
    '--runtime-config: apps/v1beta1 is known to Kubernetes 1.36 and served no more',
  ]);
});

test('ranges of addresses are checked', () => {
  const settings = settingsOf(
    'a',
    optionsOf('--service-cluster-ip-range=10.96.0.0/16,fd00::/112', '--load-balancer-pool=10.0.0.1-10.0.0.9'),
  );
  expect([settings.serviceCidrs, settings.loadBalancerPool]).toEqual([
    ['10.96.0.0/16', 'fd00::/112'],
    '10.0.0.1-10.0.0.9',
  ]);
  for (const odd of ['10.96.0.0', '10.0.0.0/16,10.1.0.0/16', '10.96.0.1/16'])
    expect(() => settingsOf('a', optionsOf(`--service-cluster-ip-range=${odd}`))).toThrow('one for each family');
  expect(() => settingsOf('a', optionsOf('--load-balancer-pool=10.0.0.1'))).toThrow('--load-balancer-pool: "10.0.0.1"');
});
