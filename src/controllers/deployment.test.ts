import { expect, test } from 'vitest';
import type { Deployment } from '../kinds/apps/deployment.ts';
import type { ReplicaSet } from '../kinds/apps/replica-set.ts';
import { planDeployment } from './deployment/plan.ts';

const now = 1_000_000;

const template = (version: string) => ({ metadata: { labels: { app: 'web', version } }, spec: { containers: [] } });

const deployment = (spec: object, status: object = {}): Deployment => ({
  metadata: { name: 'web', namespace: 'ns', uid: 'd', generation: 1, annotations: {} },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    progressDeadlineSeconds: 600,
    revisionHistoryLimit: 10,
    template: template('2'),
    ...spec,
  },
  status,
});

const replicaSet = (name: string, version: string, replicas: number, ready: number, max = 4): ReplicaSet => ({
  metadata: {
    name,
    uid: name,
    creationTimestamp: `2026-01-01T00:00:0${version}Z`,
    annotations: {
      'deployment.kubernetes.io/revision': version,
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': String(max),
    },
  },
  spec: { replicas, selector: {}, template: template(version) },
  status: { replicas, readyReplicas: ready, availableReplicas: ready, terminatingReplicas: 0 },
});

const plan = (d: Deployment, sets: ReplicaSet[]) =>
  planDeployment({ deployment: d, sets, now, oldPodsRun: () => false });

const sizes = (p: ReturnType<typeof plan>) =>
  Object.fromEntries(p.updates.map(({ set }) => [set.metadata.name, set.spec.replicas]));

test('the first replica set gets all replicas and the revision 1', () => {
  const p = plan(deployment({}), []);
  expect(p.create?.spec.replicas).toBe(3);
  expect(p.revision).toBe('1');
  expect(p.status.conditions?.map(({ reason }) => reason)).toContain('MinimumReplicasUnavailable');
});

test('a new template surges first and takes nothing away while all old pods are needed', () => {
  const p = plan(deployment({}), [replicaSet('old', '1', 3, 3)]);
  expect(p.create?.spec.replicas).toBe(1);
  expect(p.create?.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
  expect(sizes(p)).toEqual({});
});

test('an available new pod lets an old one go', () => {
  const p = plan(deployment({}), [replicaSet('old', '1', 3, 3), replicaSet('new', '2', 1, 1)]);
  expect(sizes(p)).toEqual({ old: 2 });
  expect(p.updates[0]?.event?.message).toBe('Scaled down replica set old from 3 to 2');
});

test('scaling in the middle of a rollout shares by size, what is left over goes to the largest', () => {
  const d = deployment({
    replicas: 10,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } },
  });
  const p = plan(d, [replicaSet('old', '1', 3, 3, 5), replicaSet('new', '2', 2, 0, 5)]);
  expect(sizes(p)).toEqual({ old: 7, new: 5 });
});

test('Recreate makes nothing new before the old pods are gone', () => {
  const d = deployment({ strategy: { type: 'Recreate' } });
  expect(sizes(plan(d, [replicaSet('old', '1', 3, 3)]))).toEqual({ old: 0 });
  const waiting = planDeployment({ deployment: d, sets: [replicaSet('old', '1', 0, 0)], now, oldPodsRun: () => true });
  expect(waiting.create).toBeUndefined();
  expect(plan(d, [replicaSet('old', '1', 0, 0)]).create?.spec.replicas).toBe(3);
});

test('without progress for longer than the deadline the condition says so', () => {
  const condition = {
    type: 'Progressing',
    status: 'True' as const,
    reason: 'ReplicaSetUpdated',
    lastUpdateTime: '1970-01-01T00:00:00Z',
  };
  const status = { replicas: 3, updatedReplicas: 3, unavailableReplicas: 3, conditions: [condition] };
  const p = plan(deployment({ progressDeadlineSeconds: 600 }, status), [replicaSet('new', '2', 3, 0)]);
  expect(p.status.conditions?.find(({ type }) => type === 'Progressing')).toMatchObject({
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
  });
});

test('an old template taken up again keeps its earlier revision in the history', () => {
  const d = deployment({ template: template('1') });
  const p = plan(d, [replicaSet('a', '1', 1, 1), replicaSet('b', '2', 3, 3)]);
  expect(p.updates[0]?.set.metadata.annotations).toMatchObject({
    'deployment.kubernetes.io/revision': '3',
    'deployment.kubernetes.io/revision-history': '1',
  });
});

test('Recreate leaves a ReplicaSet alone that has its size, whatever it noted of a former surge', () => {
  const d = deployment({ strategy: { type: 'Recreate' } });
  expect(plan(d, [replicaSet('new', '2', 3, 3, 4)]).updates.filter(({ set }) => set.spec.replicas === 3)).toEqual([]);
});

test('a long name is cut to make room for the hash', () => {
  const d = deployment({});
  const long = { ...d, metadata: { ...d.metadata, name: 'x'.repeat(250) } };
  const name = plan(long, []).create?.metadata.name ?? '';
  expect(name).toHaveLength(253);
  expect(name).toMatch(/^x+-[a-z0-9]+$/);
});
