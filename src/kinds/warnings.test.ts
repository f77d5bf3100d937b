import { expect, test } from 'vitest';
import type { Kind } from '../api/kind.ts';
import { addressWarnings, cidrWarnings } from './addresses.ts';
import { kinds } from './index.ts';

const warnings = (name: string, object: object, previous?: object): string[] => {
  const kind = kinds.find((each) => each.kind === name) as Kind;
  return kind.behaviour.warnings?.({ metadata: {}, ...object } as never, previous as never) ?? [];
};

test('addresses that not everyone reads alike', () => {
  expect(addressWarnings('ip', '10.0.0.1')).toEqual([]);
  expect(addressWarnings('ip', '010.0.0.1')).toEqual([
    'ip: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"',
  ]);
  expect(cidrWarnings('cidr', '10.0.0.0/8')).toEqual([]);
  expect(cidrWarnings('cidr', '10.1.2.3/8')).toEqual([
    'cidr: CIDR value "10.1.2.3/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.1.2.3/32"?)',
  ]);
  expect(cidrWarnings('cidr', '2001:DB8::/32')).toEqual([
    'cidr: IPv6 CIDR value "2001:DB8::/32" should be in RFC 5952 canonical format ("2001:db8::/32")',
  ]);
});

test('labels of nodes that others have taken the place of', () => {
  const key = 'beta.kubernetes.io/os';
  const text = 'deprecated since v1.14; use "kubernetes.io/os" instead';
  expect(warnings('RuntimeClass', { scheduling: { nodeSelector: { [key]: 'linux' } } })).toEqual([
    `scheduling.nodeSelector: ${text}`,
  ]);
  expect(
    warnings('StorageClass', { allowedTopologies: [{ matchLabelExpressions: [{ key, values: ['a'] }] }] }),
  ).toEqual([`allowedTopologies[0].matchLabelExpressions[0].key: ${text}`]);
  expect(warnings('CSIStorageCapacity', { nodeTopology: { matchExpressions: [{ key, operator: 'Exists' }] } })).toEqual(
    [`nodeTopology.matchExpressions[0].key: ${key} is ${text}`],
  );
});

test('a quota that asks for more than it lets through', () => {
  const hard = { cpu: '2', 'limits.cpu': '1', 'requests.memory': '1Gi', 'limits.memory': '1Gi' };
  expect(warnings('ResourceQuota', { spec: { hard } })).toEqual([
    'ResourceQuota cpu (2) should be less than limits.cpu (1)',
  ]);
  expect(warnings('ResourceQuota', { spec: { hard } }, {})).toEqual([]);
});

test('endpoints that are names', () => {
  expect(warnings('EndpointSlice', { addressType: 'FQDN', endpoints: [] })).toEqual([
    'spec.addressType: FQDN endpoints are deprecated',
  ]);
});

const deprecated = { securityContext: {}, containers: [], terminationGracePeriodSeconds: -1 };
const about = (field: string) =>
  `${field}.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`;

test('a DaemonSet warns of its template when that changes, whatever else did', () => {
  const set = (template: number, generation: number) => ({
    metadata: { generation, annotations: { 'deprecated.daemonset.template.generation': String(template) } },
    spec: { template: { spec: deprecated } },
  });
  expect(warnings('DaemonSet', set(1, 1))).toEqual([about('spec.template')]);
  expect(warnings('DaemonSet', set(1, 2), set(1, 1))).toEqual([]);
  expect(warnings('DaemonSet', set(2, 2), set(1, 1))).toEqual([about('spec.template')]);
});

test('a ReplicationController warns of its name, and on update of the template it had', () => {
  const controller = (generation: number, spec: object) => ({
    metadata: { generation, name: 'a.b' },
    spec: { template: { spec } },
  });
  const [name, ...others] = warnings('ReplicationController', controller(1, deprecated));
  expect(name).toContain('metadata.name: this is used in Pod names and hostnames');
  expect(others).toEqual([about('spec.template')]);
  expect(warnings('ReplicationController', controller(2, {}), controller(1, deprecated))).toEqual(others);
  expect(warnings('ReplicationController', controller(2, deprecated), controller(1, {}))).toEqual([]);
});

test('jobs of very many indexes are warned of where they stand, and when they change', () => {
  const spec = { completionMode: 'Indexed', completions: 100_001, parallelism: 10_001, template: {} };
  const job = (generation: number) => ({ metadata: { name: 'j', generation }, spec });
  const rule =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';
  expect(warnings('Job', job(1))).toEqual([`spec: ${rule}`]);
  expect(warnings('Job', job(1), job(1))).toEqual([]);
  const cronJob = { metadata: { name: 'j', generation: 1 }, spec: { schedule: '@daily', jobTemplate: { spec } } };
  expect(warnings('CronJob', cronJob)).toEqual([`spec.jobTemplate.spec: ${rule}`]);
});

test('a time zone within a schedule is warned of while it stays', () => {
  const cronJob = { metadata: { name: 'j' }, spec: { schedule: 'TZ=UTC 0 0 * * *', jobTemplate: {} } };
  expect(warnings('CronJob', cronJob, cronJob)).toEqual([
    'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
  ]);
});
