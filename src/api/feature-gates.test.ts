import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { enabledGates, featureGate, gateRemarks, modelledGates, readFeatureGates } from './feature-gates.ts';

const gatesOf = (text: string) => {
  const read = readFeatureGates(text);
  if ('problem' in read) throw new Error(read.problem);
  return enabledGates(read.gates);
};
const problemOf = (text: string) => {
  const read = readFeatureGates(text);
  return 'problem' in read ? read.problem : undefined;
};

test('a gate is what it was set to, else what its stage was set to, else its default', () => {
  expect(gatesOf('')('WatchList')).toBe(true);
  expect(gatesOf('WatchList=f')('WatchList')).toBe(false);
  expect(gatesOf('AllAlpha=true')('GenericWorkload')).toBe(true);
  expect(gatesOf('GenericWorkload=true')('GenericWorkload')).toBe(true);
  const most = gatesOf('AllBeta=true, kube:ClusterTrustBundleProjection=false');
  expect([most('ClusterTrustBundle'), most('ClusterTrustBundleProjection'), most('HPAScaleToZero')]).toEqual([
    true,
    false,
    false,
  ]);
});

test('what kube-apiserver refuses is refused in its words', () => {
  expect(problemOf('Nonsense=true')).toBe('unrecognized feature gate: Nonsense');
  expect(problemOf('VolumeAttributesClass=false')).toBe(
    'cannot set feature gate VolumeAttributesClass to false, feature is locked to true',
  );
  expect(problemOf('GangScheduling=true')).toBe(
    'GangScheduling is enabled, but depends on features that are disabled: [GenericWorkload]',
  );
  expect(problemOf('WatchList')).toBe('missing bool value for WatchList');
  expect(problemOf('WatchList=yes')).toBe(
    'invalid value of WatchList=yes, err: strconv.ParseBool: parsing "yes": invalid syntax',
  );
  expect(problemOf('VolumeAttributesClass=true')).toBeUndefined();
});

test('a gate that changes nothing says so, and one that is going to go as well', () => {
  expect(gateRemarks({ CrossNamespaceVolumeDataSource: true, ClusterTrustBundle: false })).toEqual([]);
  expect(gateRemarks({ GenericWorkload: true })).toEqual([expect.stringContaining('modelled in part')]);
  expect(gateRemarks({ MemoryQoS: true })).toEqual([
    'feature gate MemoryQoS is known but not modelled: setting it changes nothing here',
  ]);
  expect(gateRemarks({ MutatingAdmissionPolicy: false })).toEqual([
    'setting GA feature gate MutatingAdmissionPolicy=false. It will be removed in a future release.',
  ]);
  expect(gateRemarks({ AllBeta: true })[0]).toContain('ClusterTrustBundle');
});

test('the gates called modelled are those that the sources ask, and all of them exist', () => {
  const src = join(import.meta.dirname, '..');
  const asked = new Set(['AllAlpha', 'AllBeta']);
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
    const text = readFileSync(join(src, file), 'utf8');
    for (const [, name = ''] of text.matchAll(/(?:enabled\(|\bgate: )'(\w+)'/g)) asked.add(name);
  }
  expect([...modelledGates].sort()).toEqual([...asked].sort());
  expect([...asked].filter((name) => !featureGate(name))).toEqual([]);
});
