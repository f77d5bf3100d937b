import fc from 'fast-check';
import { ApiError } from '../../src/api/status.ts';
import { referenceTo } from '../../src/client/client.ts';
import { Deployment } from '../../src/kinds/apps/deployment.ts';
import { Pod } from '../../src/kinds/core/pod.ts';
import { PodDisruptionBudget } from '../../src/kinds/policy/pod-disruption-budget.ts';
import { isLeaving, isReady, probed, property } from './property.ts';

const stories = fc.record({
  replicas: fc.integer({ min: 1, max: 6 }),
  spare: fc.integer({ min: 0, max: 3 }),
  /** Whether the budget says what must stay, or what may go. */
  says: fc.constantFrom('minAvailable', 'maxUnavailable'),
  /** Which pods are asked to go at once, and how long nothing happens then. */
  waves: fc.array(
    fc.record({
      pods: fc.array(fc.nat(5), { minLength: 1, maxLength: 6 }),
      wait: fc.integer({ min: 0, max: 15 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
});

export const budgets = property({
  name: 'budgets',
  says: 'A budget is never overdrawn by evictions, however many come at once',
  nodes: ['n1', 'n2'].map((name) => ({ name, cpu: '64' })),
  stories,

  async play({ replicas, spare, says, waves }, { client, informers, observe, wait, broken }) {
    const must = Math.max(0, replicas - spare);
    const labels = { app: 'kept' };
    const metadata = { name: 'kept', namespace: 'default' };
    const selector = { matchLabels: labels };
    await client.create(Deployment, {
      metadata,
      spec: { replicas, selector, template: probed(labels, 'example.com/kept:1') },
    });
    await client.create(PodDisruptionBudget, {
      metadata,
      spec: { selector, ...(says === 'minAvailable' ? { minAvailable: must } : { maxUnavailable: replicas - must }) },
    });
    await wait(60);
    const pods = await informers.of(Pod);
    const healthy = () => pods.list('default').filter((pod) => isReady(pod) && !isLeaving(pod)).length;
    if (healthy() !== replicas) broken(`only ${healthy()} of ${replicas} pods came up`);
    await observe(Pod, () => {
      if (healthy() < must) broken(`${healthy()} healthy pods are left, where ${must} must be`);
    });
    for (const wave of waves) {
      const all = pods.list('default');
      await Promise.all(
        wave.pods.map(async (at) => {
          const pod = all[at % all.length];
          if (!pod) return;
          const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: pod.metadata };
          await client.sub(Pod, referenceTo(pod), 'eviction', body).catch((error: unknown) => {
            if (!(error instanceof ApiError && [404, 409, 429].includes(error.code))) throw error;
          });
        }),
      );
      await wait(wave.wait);
    }
    await wait(120);
    if (healthy() !== replicas) broken(`in the end ${healthy()} of ${replicas} pods are healthy`);
  },
});
