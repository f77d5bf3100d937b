import { expect, test } from 'vitest';
import type { CheckedPod } from './check.ts';
import { printViolations, violationsOf } from './evaluate.ts';
import type { LevelVersion } from './policy.ts';

const pod = (spec: object, annotations: Record<string, string> = {}): CheckedPod => ({
  metadata: { annotations },
  spec: { containers: [{ name: 'c', image: 'x' }], ...spec },
});

const said = (of: CheckedPod, level: LevelVersion['level'], version: LevelVersion['version'] = 'latest') =>
  printViolations(violationsOf(of, { level, version }));

test('a plain pod keeps to baseline and breaks restricted in four ways', () => {
  expect(said(pod({}), 'baseline')).toBe('');
  expect(violationsOf(pod({}), { level: 'restricted', version: 'latest' }).map(({ reason }) => reason)).toEqual([
    'allowPrivilegeEscalation != false',
    'unrestricted capabilities',
    'runAsNonRoot != true',
    'seccompProfile',
  ]);
});

test('each version of a level has the rules of its time', () => {
  const nonRoot = pod({ securityContext: { runAsNonRoot: true } });
  expect(said(nonRoot, 'restricted', 0)).toBe('');
  expect(said(nonRoot, 'restricted', 8)).toContain('allowPrivilegeEscalation');
  const windows = pod({ os: { name: 'windows' }, securityContext: { runAsNonRoot: true } });
  expect(said(windows, 'restricted', 24)).toContain('unrestricted capabilities');
  expect(said(windows, 'restricted', 25)).toBe('');
});

test('a restricted check stands in for the baseline check of the same thing', () => {
  const mounts = pod({ volumes: [{ name: 'v', hostPath: { path: '/' } }] });
  expect(said(mounts, 'baseline')).toBe('hostPath volumes (volume "v")');
  const reasons = violationsOf(mounts, { level: 'restricted', version: 'latest' }).map(({ reason }) => reason);
  expect(reasons).toContain('restricted volume types');
  expect(reasons).not.toContain('hostPath volumes');
});

test('several offenders and several offences are named in one sentence', () => {
  const securityContext = { seLinuxOptions: { type: 'spc_t', user: 'u' } };
  const two = pod({ securityContext, containers: ['a', 'b'].map((name) => ({ name, image: 'x', securityContext })) });
  expect(said(two, 'baseline')).toBe(
    'seLinuxOptions (pod and containers "a", "b" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
  );
});

test('users of its own make root in a pod harmless', () => {
  const root = { runAsUser: 0, runAsNonRoot: false, seccompProfile: { type: 'RuntimeDefault' } };
  expect(said(pod({ hostUsers: false, securityContext: root }), 'restricted')).not.toContain('runAs');
  expect(said(pod({ securityContext: root }), 'restricted')).toContain('runAsUser=0');
});
