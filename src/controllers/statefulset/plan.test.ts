import { expect, test } from 'vitest';
import type { StatefulSet } from '../../kinds/apps/stateful-set.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import { numberedPod } from './identity.ts';
import { planStatefulSet, statefulSetStatus } from './plan.ts';

const current = { name: 'db-1', template: { metadata: { labels: { app: 'db' } }, spec: { containers: [] } } };
const update = { ...current, name: 'db-2' };

const set = (spec: object = {}): StatefulSet => ({
  metadata: { name: 'db', namespace: 'ns', uid: 'db', generation: 1 },
  spec: {
    replicas: 3,
    serviceName: 'db',
    selector: { matchLabels: { app: 'db' } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    template: current.template,
    ...spec,
  },
});

const pod = (ordinal: number, state: 'ready' | 'starting' | 'leaving' | 'failed' = 'ready', version = update): Pod => {
  const made = numberedPod(set(), ordinal, version);
  return {
    ...made,
    metadata: { ...made.metadata, ...(state === 'leaving' && { deletionTimestamp: '2026-01-01T00:00:00Z' }) },
    status: {
      phase: state === 'failed' ? 'Failed' : 'Running',
      conditions: [{ type: 'Ready', status: state === 'ready' ? 'True' : 'False' }],
    },
  };
};

const steps = (of: StatefulSet, pods: readonly Pod[]): string[] =>
  planStatefulSet({ set: of, pods, current, update, now: 0 })
    .steps.filter(({ act }) => act === 'create' || act === 'delete')
    .map(({ act, pod: { metadata } }) => `${act} ${metadata.name}`);

test('pods are made one after the other, each once the one before is available', () => {
  expect(steps(set(), [])).toEqual(['create db-0']);
  expect(steps(set(), [pod(0, 'starting')])).toEqual([]);
  expect(steps(set(), [pod(0)])).toEqual(['create db-1']);
});

test('in parallel all missing pods are made at once', () => {
  expect(steps(set({ podManagementPolicy: 'Parallel' }), [pod(1, 'starting')])).toEqual(['create db-0', 'create db-2']);
});

test('numbers begin where the set says', () => {
  expect(steps(set({ replicas: 1, ordinals: { start: 5 } }), [])).toEqual(['create db-5']);
});

test('scaling down takes the highest, one at a time, and waits for one that is going', () => {
  const smaller = set({ replicas: 1 });
  expect(steps(smaller, [pod(0), pod(1), pod(2)])).toEqual(['delete db-2']);
  expect(steps(smaller, [pod(0), pod(1), pod(2, 'leaving')])).toEqual([]);
});

test('a failed pod is made anew under its name before anything else happens', () => {
  expect(steps(set(), [pod(0), pod(1, 'failed')])).toEqual(['delete db-1']);
});

test('an update replaces from the highest down to the partition, each once those above are available', () => {
  const old = (ordinal: number) => pod(ordinal, 'ready', current);
  expect(steps(set(), [old(0), old(1), old(2)])).toEqual(['delete db-2']);
  expect(steps(set(), [old(0), old(1), pod(2, 'starting')])).toEqual([]);
  expect(steps(set(), [old(0), old(1), pod(2)])).toEqual(['delete db-1']);
  const partitioned = set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } });
  expect(steps(partitioned, [old(0), old(1), pod(2)])).toEqual([]);
  expect(steps(set({ updateStrategy: { type: 'OnDelete' } }), [old(0), old(1), old(2)])).toEqual([]);
});

test('an update may take several pods at once, as many as are not away already', () => {
  const old = (ordinal: number) => pod(ordinal, 'ready', current);
  const wide = set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '70%' } } });
  expect(steps(wide, [old(0), old(1), old(2)])).toEqual(['delete db-2', 'delete db-1']);
  const parallel = { ...wide, spec: { ...wide.spec, podManagementPolicy: 'Parallel' as const } };
  expect(steps(parallel, [old(0), old(1), pod(2, 'starting')])).toEqual(['delete db-1']);
  expect(steps(parallel, [old(0), pod(1, 'leaving'), pod(2, 'starting')])).toEqual([]);
});

test('the newest revision becomes the present one when every pod has it and is ready', () => {
  const status = (pods: readonly Pod[]) =>
    statefulSetStatus({ set: set({ replicas: 2 }), pods, current: 'db-1', update: 'db-2', collisionCount: 0, now: 0 });
  expect(status([pod(0, 'ready', current), pod(1)])).toMatchObject({
    currentRevision: 'db-1',
    currentReplicas: 1,
    updatedReplicas: 1,
  });
  expect(status([pod(0), pod(1)])).toMatchObject({ currentRevision: 'db-2', currentReplicas: 2 });
  expect(status([pod(0)]), 'while one is missing').toMatchObject({ currentRevision: 'db-1' });
});

test('claims of pods beyond the size are given to those pods only once all others are well', () => {
  const acts = (pods: readonly Pod[]) =>
    planStatefulSet({ set: set({ replicas: 1 }), pods, current, update, now: 0 }).steps.map(({ act }) => act);
  expect(acts([pod(0), pod(1)])).toEqual(['mend', 'condemn', 'delete']);
  expect(acts([pod(0, 'starting'), pod(1)])).toEqual([]);
});
