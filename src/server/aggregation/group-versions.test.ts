import { expect, test } from 'vitest';
import type { APIService } from '../../kinds/apiregistration/api-service.ts';
import { merged } from './group-versions.ts';

const api = (group: string, version: string, groupPriorityMinimum: number, versionPriority = 15): APIService =>
  ({
    metadata: { name: `${version}.${group}` },
    spec: { group, version, groupPriorityMinimum, versionPriority },
  }) as APIService;

test('others take the place their priority gives them, and own groups keep theirs', () => {
  const own = [
    { group: '', version: 'v1' },
    { group: 'apiregistration.k8s.io', version: 'v1' },
    { group: 'apps', version: 'v1' },
    { group: 'mine.test', version: 'v1' },
  ];
  const remote = [
    api('low.test', 'v1', 10),
    api('high.test', 'v1beta1', 17_900, 1),
    api('high.test', 'v1', 17_900, 9),
    api('mine.test', 'v2', 1000, 20),
  ];
  const all = [...remote, api('', 'v1', 18_000), api('apps', 'v1', 17_800), api('mine.test', 'v1', 1000, 10)];
  expect(merged(own, remote, all).map(({ group, version }) => `${group}/${version}`)).toEqual([
    '/v1',
    'apiregistration.k8s.io/v1',
    'high.test/v1',
    'high.test/v1beta1',
    'apps/v1',
    'mine.test/v2',
    'mine.test/v1',
    'low.test/v1',
  ]);
});
