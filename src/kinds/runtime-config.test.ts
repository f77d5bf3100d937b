import { expect, test } from 'vitest';
import { readRuntimeConfig, runtimeConfigRemarks, servedBy } from './runtime-config.ts';

function served(text: string) {
  const read = readRuntimeConfig(text);
  if ('problem' in read) throw new Error(read.problem);
  const isServed = servedBy(read.config);
  return (path: string) => isServed(...(path.split('/') as [string, string, string]));
}
const problemOf = (text: string) => {
  const read = readRuntimeConfig(text);
  return 'problem' in read ? read.problem : undefined;
};

test('without a word the stable versions are served', () => {
  const is = served('');
  expect([is('apps/v1/deployments'), is('resource.k8s.io/v1beta1/deviceclasses'), is('/v1/pods')]).toEqual([
    true,
    false,
    true,
  ]);
});

test('a stage is stronger than everything, a version than its stage, a resource than its version, whatever the order', () => {
  const is = served(
    'resource.k8s.io/v1beta1/deviceclasses=false,resource.k8s.io/v1beta1=true,networking.k8s.io/v1beta1/ipaddresses,api/beta=false,api/all=true',
  );
  expect(is('resource.k8s.io/v1beta1/deviceclasses')).toBe(false);
  expect(is('resource.k8s.io/v1beta1/resourceclaims')).toBe(true);
  expect(is('resource.k8s.io/v1beta2/resourceclaims')).toBe(false);
  expect(is('networking.k8s.io/v1beta1/ipaddresses')).toBe(true);
  expect(is('networking.k8s.io/v1beta1/servicecidrs')).toBe(false);
  expect(is('scheduling.k8s.io/v1alpha2/workloads')).toBe(true);
});

test('stable versions can be switched off', () => {
  const is = served('api/ga=false,/v1=true,apps/v1/deployments=1');
  expect([is('/v1/pods'), is('apps/v1/deployments'), is('apps/v1/replicasets')]).toEqual([true, true, false]);
});

test.each([
  ['api/all=false', 'invalid runtime-config with only api/all=false'],
  ['v1=true', 'runtime-config invalid key v1'],
  ['a/b/c/d=true', 'runtime-config invalid key a/b/c/d'],
  ['nowhere/v1=true,api/legacy=false', 'unknown api groups api/legacy,nowhere/v1'],
  ['apps/v7=true', 'group version apps/v7 that has not been registered'],
  ['api/beta=1', 'invalid value api/beta=1'],
  ['apps/v1=maybe', 'invalid value of apps/v1: maybe, err: strconv.ParseBool: parsing "maybe": invalid syntax'],
  [
    'apps/v1/Deployments=true',
    'invalid key apps/v1/Deployments: group/version/resource and resource is always lowercase plural, not "Deployments"',
  ],
])('%s is refused', (text, problem) => {
  expect(problemOf(text)).toBe(problem);
});

test('what is asked for in vain is said', () => {
  expect(runtimeConfigRemarks({ 'apps/v1beta1': 'true', 'api/all': 'true' })).toEqual([
    'apps/v1beta1 is known to Kubernetes 1.36 and served no more',
  ]);
  expect(runtimeConfigRemarks({ 'apps/v1/jobs': '' })).toEqual(['there is no resource jobs in apps/v1']);
});
