import fc from 'fast-check';
import { StatefulSet } from '../../src/kinds/apps/stateful-set.ts';
import { Pod } from '../../src/kinds/core/pod.ts';
import { isLeaving, isReady, probed, property } from './property.ts';

type Act =
  | { readonly image: number }
  | { readonly replicas: number }
  | { readonly remove: number }
  | { readonly wait: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 40 }) }) },
  fc.record({ image: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ replicas: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ remove: fc.nat(4) }),
);

const stories = fc.record({
  replicas: fc.integer({ min: 1, max: 4 }),
  start: fc.constantFrom(0, 3),
  acts: fc.array(act, { minLength: 2, maxLength: 12 }),
});

const target = { name: 'db', namespace: 'default' };
const numberOf = ({ metadata }: Pod): number => Number(metadata.name?.split('-').at(-1));

export const order = property({
  name: 'order',
  says: 'A StatefulSet never has two pods of one name, makes each after those before it, and takes the highest first',
  nodes: [{ name: 'n1', cpu: '64' }],
  stories,

  async play({ replicas, start, acts }, { client, informers, observe, wait, broken }) {
    const labels = { app: 'db' };
    const sets = await informers.of(StatefulSet);
    const wanted = () => sets.get(target.name, target.namespace)?.spec.replicas ?? 0;
    const pods = new Map<number, Pod>();
    const removedByHand = new Set<string | undefined>();
    const isWell = (number: number) => {
      const pod = pods.get(number);
      return pod !== undefined && isReady(pod) && !isLeaving(pod);
    };

    await observe(Pod, ({ object, previous }) => {
      if (!object) {
        if (previous) pods.delete(numberOf(previous));
        return;
      }
      const number = numberOf(object);
      const before = pods.get(number);
      if (before && before.metadata.uid !== object.metadata.uid) broken(`two pods are called ${object.metadata.name}`);
      if (!before)
        for (let lower = start; lower < number; lower++)
          if (!isWell(lower)) broken(`pod ${number} is made while pod ${lower} is not well`);
      if (isLeaving(object) && before && !isLeaving(before) && !removedByHand.has(object.metadata.uid))
        for (const higher of pods.keys()) {
          if (higher <= number) continue;
          if (number >= start + wanted()) broken(`pod ${number} goes before pod ${higher}`);
          else if (!isWell(higher)) broken(`pod ${number} is replaced while pod ${higher} is not well`);
        }
      pods.set(number, object);
    });

    await client.create(StatefulSet, {
      metadata: target,
      spec: {
        replicas,
        serviceName: 'db',
        ordinals: { start },
        selector: { matchLabels: labels },
        template: probed(labels, 'example.com/db:1'),
      },
    });
    for (const each of acts) {
      if ('wait' in each) await wait(each.wait);
      else if ('image' in each)
        await client.patch(
          StatefulSet,
          target,
          { spec: { template: probed(labels, `example.com/db:${each.image}`) } },
          { type: 'strategic' },
        );
      else if ('replicas' in each) await client.patch(StatefulSet, target, { spec: each }, { type: 'merge' });
      else {
        // What is planned already is carried out, whatever happens in the same instant.
        await wait(1);
        const pod = pods.get(start + each.remove);
        if (!pod) continue;
        removedByHand.add(pod.metadata.uid);
        await client.delete(Pod, { name: pod.metadata.name ?? '', namespace: target.namespace });
      }
    }
    await wait(240);
    const missing = Array.from({ length: wanted() }, (_, at) => start + at).filter((number) => !isWell(number));
    if (missing.length > 0 || pods.size !== wanted())
      broken(`in the end there are ${[...pods.keys()].join()}, and not well are ${missing.join()}`);
  },
});
