import { expect, test } from 'vitest';
import type { Kind } from '../api/kind.ts';
import { kinds } from './index.ts';

const now = Date.UTC(2026, 0, 2);
const yesterday = '2026-01-01T00:00:00Z';

const columnsOf = (name: string) => (kinds.find((each) => each.kind === name) as Kind).behaviour.columns ?? [];

/** The row of an object of a kind, made a day ago and named x unless it says otherwise. */
const row = (kind: string, object: object, metadata: object = {}) =>
  columnsOf(kind).map((column) =>
    column.cell({ metadata: { name: 'x', creationTimestamp: yesterday, ...metadata }, ...object } as never, now),
  );

const heads = (kind: string) => columnsOf(kind).map(({ name }) => name);

test('a request for the state of pools sums them up, unless it failed', () => {
  expect(heads('ResourcePoolStatusRequest')).toEqual([
    'Name',
    'Driver',
    'Total',
    'Available',
    'Allocated',
    'Unavailable',
    'Errors',
    'Pools',
    'Status',
    'Completed',
  ]);
  const spec = { driver: 'd.example.com' };
  const pools = [{ totalDevices: 4, availableDevices: 3, allocatedDevices: 1 }, { validationError: 'broken' }];
  const ended = (type: string) => ({
    poolCount: 3,
    pools,
    conditions: [{ type, status: 'True', lastTransitionTime: yesterday }],
  });
  const untold = ['-', '-', '-', '-', '-'];
  expect(row('ResourcePoolStatusRequest', { spec })).toEqual(['x', spec.driver, ...untold, 0, 'Pending', '<none>']);
  expect(row('ResourcePoolStatusRequest', { spec, status: ended('Complete') })).toEqual([
    'x',
    spec.driver,
    '4',
    '3',
    '1',
    '0',
    '1',
    3,
    'Complete (2/3 pools)',
    '24h',
  ]);
  expect(row('ResourcePoolStatusRequest', { spec, status: ended('Failed') })).toEqual([
    'x',
    spec.driver,
    ...untold,
    3,
    'Failed',
    '<none>',
  ]);
});

test('a pod group says how it is scheduled, whose it is, and whether it was', () => {
  const spec = { schedulingPolicy: { basic: {} } };
  const gang = {
    schedulingPolicy: { gang: { minCount: 2 } },
    podGroupTemplateRef: { workload: { workloadName: 'w', podGroupTemplateName: 't' } },
  };
  const status = (...conditions: object[]) => ({ conditions });
  const scheduled = { type: 'PodGroupScheduled', status: 'True', reason: 'Scheduled' };
  expect(row('PodGroup', { spec })).toEqual(['x', 'Basic', '<none>', 'Pending', '24h']);
  expect(row('PodGroup', { spec: gang, status: status(scheduled) })).toEqual(['x', 'Gang', 'w', 'Scheduled', '24h']);
  expect(row('PodGroup', { spec, status: status({ ...scheduled, status: 'False' }) })[3]).toBe('Unschedulable');
  const target = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' };
  expect(row('PodGroup', { spec, status: status(target, scheduled) })[3]).toBe('PreemptionByScheduler');
});

test('a taint rule shows its taint', () => {
  const taint = { key: 'broken', effect: 'NoSchedule', timeAdded: yesterday };
  expect(heads('DeviceTaintRule')).toEqual(['Name', 'Key', 'Value', 'Effect', 'TimeAdded', 'Age']);
  expect(row('DeviceTaintRule', { spec: { taint } })).toEqual(['x', 'broken', '', 'NoSchedule', '24h', '24h']);
});

test('a request for a pod certificate shows the last of its outcomes, and what the pod says of itself', () => {
  const spec = { podName: 'p', serviceAccountName: 's', nodeName: 'n', signerName: 'a.b/c' };
  const said = { ...spec, unverifiedUserAnnotations: { 'b.c/d': '2', 'a.b/c': '1' } };
  const status = { conditions: [{ type: 'Issued' }, { type: 'Failed' }] };
  expect(row('PodCertificateRequest', { spec })).toEqual(['x', 'p', 's', 'n', 'a.b/c', 'Pending', '<none>']);
  expect(row('PodCertificateRequest', { spec: said, status }).slice(5)).toEqual(['Failed', 'a.b/c=1,b.c/d=2']);
});

test('the phase of a migration is the last of its conditions that holds', () => {
  const conditions = [
    { type: 'Succeeded', status: 'True' },
    { type: 'Running', status: 'True' },
    { type: 'Failed', status: 'False' },
  ];
  const spec = { resource: { group: 'apps', resource: 'deployments' } };
  expect(row('StorageVersionMigration', { spec, status: { conditions } })).toEqual([
    'x',
    'deployments.apps',
    'Running',
  ]);
});

test('an ingress class that is the default says so', () => {
  const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
  expect(row('IngressClass', { spec: { controller: 'a.b/c' } }, { annotations })[0]).toBe('x (default)');
  expect(row('IngressClass', { spec: { controller: 'a.b/c' } })[0]).toBe('x');
});

test('a rule for every host is counted behind three hosts', () => {
  const hosts = (...names: string[]) => row('Ingress', { spec: { rules: names.map((host) => ({ host })) } })[2];
  expect(hosts('a', 'b', 'c')).toBe('a,b,c');
  expect(hosts('a', 'b', 'c', '')).toBe('a,b,c + 1 more...');
  expect(hosts('', 'a', 'b', 'c')).toBe('a,b,c');
  expect(hosts('a', 'b', 'c', 'd')).toBe('a,b,c + 1 more...');
});

test('how requests are shared out is shown in numbers, where it is limited', () => {
  const limited = {
    nominalConcurrencyShares: 30,
    limitResponse: { queuing: { queues: 8, handSize: 2, queueLengthLimit: 5 } },
  };
  expect(row('PriorityLevelConfiguration', { spec: { type: 'Limited', limited } }).slice(2, 6)).toEqual([30, 8, 2, 5]);
  const exempt = { type: 'Exempt', exempt: { nominalConcurrencyShares: 5 } };
  expect(row('PriorityLevelConfiguration', { spec: exempt })[2]).toBe('<none>');
});

test('a slice that belongs to no node names none', () => {
  expect(row('ResourceSlice', { spec: { driver: 'd', pool: { name: 'p' } } })).toEqual(['x', '', 'd', 'p', '24h']);
});

test('an autoscaler tells what is not reported from reports that leave the amount out', () => {
  const target = { type: 'AverageValue', averageValue: '10' };
  const metrics = [{ type: 'Pods', pods: { metric: { name: 'm' }, target } }];
  const targets = (currentMetrics: object[]) =>
    row('HorizontalPodAutoscaler', {
      spec: { scaleTargetRef: { kind: 'Deployment', name: 'd' }, maxReplicas: 3, metrics },
      status: { currentMetrics },
    })[2];
  expect(targets([])).toBe('<unknown>/10');
  expect(targets([{ type: 'Pods', pods: { metric: { name: 'm' }, current: {} } }])).toBe('<nil>/10');
});
