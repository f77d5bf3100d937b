import fc from 'fast-check';
import { scaledValue } from '../../src/base/int-or-string.ts';
import { Deployment } from '../../src/kinds/apps/deployment.ts';
import { Pod } from '../../src/kinds/core/pod.ts';
import { isLeaving, isReady, probed, property, type Stage } from './property.ts';

type Act =
  | { readonly image: number; readonly behavior?: 'pull-error' | 'slow-start 20s' }
  | { readonly replicas: number }
  | { readonly paused: boolean }
  | { readonly wait: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 3, arbitrary: fc.record({ image: fc.integer({ min: 1, max: 3 }) }) },
  fc.record({ image: fc.integer({ min: 4, max: 6 }), behavior: fc.constantFrom('pull-error', 'slow-start 20s') }),
  fc.record({ replicas: fc.integer({ min: 0, max: 6 }) }),
  fc.record({ paused: fc.boolean() }),
);

const room = fc.constantFrom<readonly [string | number, string | number]>(
  ['25%', '25%'],
  [1, 0],
  [0, 1],
  ['50%', 0],
  [2, 2],
);

const stories = fc.record({
  replicas: fc.integer({ min: 1, max: 5 }),
  room,
  minReadySeconds: fc.constantFrom(0, 5),
  acts: fc.array(act, { minLength: 2, maxLength: 10 }),
});

const target = { name: 'web', namespace: 'default' };

export const rollouts = property({
  name: 'rollouts',
  says: 'A Deployment never has more pods than it wants and may surge, nor fewer available ones than it allows',
  nodes: [{ name: 'n1', cpu: '64' }],
  stories,

  async play({ replicas, room: [maxSurge, maxUnavailable], minReadySeconds, acts }, stage) {
    const { client, wait } = stage;
    const created = await client.create(Deployment, {
      metadata: target,
      spec: {
        replicas,
        minReadySeconds,
        selector: { matchLabels: { app: 'web' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
        template: probed({ app: 'web' }, 'example.com/web:1'),
      },
    } as Deployment);
    await wait(60);
    const judge = await judged(stage, created);
    const patch = (spec: object) => client.patch(Deployment, target, { spec }, { type: 'strategic' });
    for (const each of acts) {
      if ('wait' in each) await wait(each.wait, judge);
      else if ('image' in each)
        await patch({ template: probed({ app: 'web' }, `example.com/web:${each.image}`, each.behavior ?? 'cpu 1m') });
      else await patch(each);
    }
    await patch({ paused: false, template: probed({ app: 'web' }, 'example.com/web:1', 'cpu 1m') });
    await wait(240, judge);
    const { spec, status } = await client.get(Deployment, target.name, target.namespace);
    if ((status?.availableReplicas ?? 0) !== spec.replicas || (status?.updatedReplicas ?? 0) !== spec.replicas)
      stage.broken(`in the end ${status?.availableReplicas} of ${spec.replicas} are available`);
  },
});

/** Judges the pods as they are, against the widest bounds of any spec since the last rollout was complete. */
async function judged({ informers, observe, broken }: Stage, first: Deployment): Promise<() => void> {
  const [deployments, pods] = [await informers.of(Deployment), await informers.of(Pod)];
  let [most, least] = boundsOf(first);
  await observe(Deployment, ({ object }) => {
    const [upper, lower] = boundsOf(object ?? first);
    [most, least] = [Math.max(most, upper), Math.min(least, lower)];
  });
  return () => {
    const deployment = deployments.get(target.name, target.namespace);
    if (!deployment) return;
    const living = pods.list(target.namespace).filter((pod) => !isLeaving(pod));
    const ready = living.filter(isReady).length;
    if (living.length > most) broken(`${living.length} pods, where at most ${most} may be`);
    if (ready < least) broken(`${ready} pods are ready, where at least ${least} should be`);
    const { availableReplicas = 0, updatedReplicas = 0, observedGeneration } = deployment.status ?? {};
    const wanted = deployment.spec.replicas ?? 1;
    const settled = observedGeneration === deployment.metadata.generation && living.length === wanted;
    if (settled && availableReplicas === wanted && updatedReplicas === wanted) [most, least] = boundsOf(deployment);
  };
}

function boundsOf({ spec }: Deployment): [most: number, least: number] {
  const { maxSurge = 0, maxUnavailable = 0 } = spec.strategy?.rollingUpdate ?? {};
  const replicas = spec.replicas ?? 1;
  const surge = scaledValue(maxSurge, replicas, 'up');
  const away = scaledValue(maxUnavailable, replicas, 'down');
  return [replicas + surge, replicas - (surge + away === 0 ? 1 : away)];
}
