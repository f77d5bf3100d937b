import fc from 'fast-check';
import { referenceTo } from '../../src/client/client.ts';
import { Job } from '../../src/kinds/batch/job.ts';
import { Pod } from '../../src/kinds/core/pod.ts';
import { property } from './property.ts';

type Act =
  | { readonly remove: number }
  | { readonly suspend: boolean }
  | { readonly parallelism: number }
  | { readonly wait: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 20 }) }) },
  fc.record({ remove: fc.nat(5) }),
  fc.record({ suspend: fc.boolean() }),
  fc.record({ parallelism: fc.integer({ min: 0, max: 3 }) }),
);

const stories = fc.record({
  completions: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  indexed: fc.boolean(),
  parallelism: fc.integer({ min: 1, max: 3 }),
  backoffLimit: fc.integer({ min: 0, max: 3 }),
  behavior: fc.constantFrom('exit 0 after 3s', 'exit 1 after 2s', 'stop after 3s'),
  acts: fc.array(act, { minLength: 1, maxLength: 10 }),
});

const target = { name: 'work', namespace: 'default' };

export const counting = property({
  name: 'counting',
  says: 'A Job never counts a pod twice, nor one that did not end so',
  nodes: [{ name: 'n1', cpu: '64' }],
  stories,

  async play({ completions, indexed, behavior, acts, ...rest }, { client, informers, observe, wait, broken }) {
    const succeeded = new Set<string | undefined>();
    const made = new Set<string | undefined>();
    await observe(Pod, ({ object }) => {
      if (!object) return;
      made.add(object.metadata.uid);
      if (object.status?.phase === 'Succeeded') succeeded.add(object.metadata.uid);
    });
    await observe(Job, ({ object, previous }) => {
      if (!object || !previous) return;
      const [next, last] = [countsOf(object), countsOf(previous)];
      if (next.succeeded > succeeded.size)
        broken(`${next.succeeded} pods are counted as succeeded, where ${succeeded.size} are`);
      if (next.succeeded + next.failed > made.size)
        broken(`${next.succeeded + next.failed} pods are counted, where ${made.size} were made`);
      if (next.succeeded < last.succeeded || next.failed < last.failed) broken('a count goes back');
    });

    const isIndexed = indexed && completions !== undefined;
    await client.create(Job, {
      metadata: target,
      spec: {
        ...rest,
        ...(completions !== undefined && { completions }),
        ...(isIndexed && { completionMode: 'Indexed' as const }),
        template: {
          metadata: { annotations: { 'portolan.dev/behavior': behavior } },
          spec: {
            restartPolicy: 'Never',
            terminationGracePeriodSeconds: 2 as never,
            containers: [{ name: 'c', image: 'example.com/work:1' }],
          },
        },
      },
    });
    const pods = await informers.of(Pod);
    for (const each of acts) {
      if ('wait' in each) await wait(each.wait);
      else if ('remove' in each) {
        const all = pods.list(target.namespace);
        const pod = all[each.remove % Math.max(1, all.length)];
        if (pod) await client.delete(Pod, referenceTo(pod));
      } else await client.patch(Job, target, { spec: each }, { type: 'merge' });
    }
    await client.patch(Job, target, { spec: { suspend: false, parallelism: 2 } }, { type: 'merge' });
    await wait(1200);
    const { status } = await client.get(Job, target.name, target.namespace);
    if (
      !status?.conditions?.some(({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True')
    )
      broken(`in the end the Job has not ended: ${JSON.stringify(status)}`);
    for (const pod of pods.list(target.namespace))
      if (pod.metadata.finalizers?.length) broken(`pod ${pod.metadata.name} is still tracked`);
  },
});

/** What is counted, and what is just being counted. A success of an index counts by its index. */
function countsOf({ status = {} }: Job): { succeeded: number; failed: number } {
  const { succeeded = 0, failed = 0, uncountedTerminatedPods: waiting = {} } = status;
  return {
    succeeded: succeeded + (waiting.succeeded?.length ?? 0),
    failed: failed + (waiting.failed?.length ?? 0),
  };
}
