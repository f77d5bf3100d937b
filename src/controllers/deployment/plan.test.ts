import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Deployment } from '../../kinds/apps/deployment.ts';
import type { ReplicaSet } from '../../kinds/apps/replica-set.ts';
import { planDeployment } from './plan.ts';
import { availableOf, maxSurge, maxUnavailable, proportionalSizes, sum, wanted } from './sizes.ts';

const template = (version: number) => ({
  metadata: { labels: { version: String(version) } },
  spec: { containers: [] },
});

const deployment = (replicas: number, surge: number | string, unavailable: number | string): Deployment => ({
  metadata: { name: 'web', namespace: 'ns', uid: 'd', generation: 1 },
  spec: {
    replicas,
    selector: { matchLabels: {} },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
    template: template(9),
  },
});

/** A ReplicaSet whose pods all exist, of which some are available. */
function replicaSet(version: number, replicas: number, available: number, of: Deployment): ReplicaSet {
  return {
    metadata: {
      name: `v${version}`,
      uid: `v${version}`,
      creationTimestamp: `2026-01-01T00:00:0${version}Z`,
      annotations: {
        'deployment.kubernetes.io/revision': String(version),
        'deployment.kubernetes.io/desired-replicas': String(wanted(of)),
        'deployment.kubernetes.io/max-replicas': String(wanted(of) + maxSurge(of)),
      },
    },
    spec: { replicas, selector: {}, template: template(version) },
    status: { replicas, readyReplicas: available, availableReplicas: available },
  };
}

const withAvailable = (set: ReplicaSet, available: number): ReplicaSet => {
  const count = Math.max(0, Math.min(wanted(set), available));
  return { ...set, status: { replicas: wanted(set), readyReplicas: count, availableReplicas: count } };
};

/** What one look makes of the ReplicaSets; pods that are not available go first. */
function look(of: Deployment, sets: readonly ReplicaSet[]): ReplicaSet[] {
  const plan = planDeployment({ deployment: of, sets, now: 0, oldPodsRun: () => false });
  const updated = new Map(plan.updates.map(({ set }) => [set.metadata.name, set]));
  const next = sets.map((set) => updated.get(set.metadata.name) ?? set);
  const created = plan.create && {
    ...plan.create,
    metadata: { ...plan.create.metadata, name: 'v9', creationTimestamp: '2026-01-02T00:00:00Z' },
  };
  return [...next, ...(created ? [created] : [])].map((set) => withAvailable(set, availableOf(set)));
}

const share = fc.oneof(
  fc.integer({ min: 0, max: 6 }),
  fc.integer({ min: 0, max: 100 }).map((n) => `${n}%`),
);

const event = fc.record({ what: fc.constantFrom('look', 'ready', 'fail'), which: fc.nat(5), count: fc.nat(4) });

test('a rolling update never has more pods than the surge allows, nor takes away available ones it needs, and it ends', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      share,
      share,
      fc.array(event, { maxLength: 40 }),
      (size, surge, unavailable, events) => {
        const d = deployment(size, surge, unavailable);
        const least = size - maxUnavailable(d);
        let sets = [replicaSet(1, size, size, d)];
        const checkedLook = () => {
          const before = sets;
          sets = look(d, sets);
          expect(sum(sets, wanted)).toBeLessThanOrEqual(size + maxSurge(d));
          expect(sum(sets, availableOf)).toBeGreaterThanOrEqual(Math.min(sum(before, availableOf), least));
        };
        for (const { what, which, count } of events) {
          const at = which % sets.length;
          if (what === 'look') checkedLook();
          else
            sets = sets.map((set, i) =>
              i === at ? withAvailable(set, availableOf(set) + (what === 'ready' ? count : -count)) : set,
            );
        }
        for (let i = 0; i < 4 * size + 4; i++) {
          sets = sets.map((set) => withAvailable(set, wanted(set)));
          checkedLook();
        }
        expect(sets.map((set) => [set.metadata.name, wanted(set)])).toEqual([
          ['v1', 0],
          ['v9', size],
        ]);
      },
    ),
  );
});

test('a Deployment that is scaled in the middle of a rollout gets exactly what it may have', () => {
  const sizes = fc.tuple(
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 40 }),
  );
  fc.assert(
    fc.property(sizes, fc.integer({ min: 0, max: 5 }), ([old, fresh, size], surge) => {
      const before = deployment(old + fresh, surge, 1);
      const after = deployment(size, surge, 1);
      const planned = proportionalSizes(after, [replicaSet(1, old, old, before), replicaSet(9, fresh, fresh, before)]);
      expect(planned.every(({ replicas }) => replicas >= 0)).toBe(true);
      expect(planned.reduce((total, { replicas }) => total + replicas, 0)).toBe(size + maxSurge(after));
    }),
  );
});
