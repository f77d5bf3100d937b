import fc from 'fast-check';
import { expect, test } from 'vitest';
import { selectorFromSet } from '../base/selectors.ts';
import { samplePodInfo, sampleNode } from './samples.ts';
import { createSnapshot } from './snapshot.ts';

test('nodes come one zone after the other by turns', () => {
  const snapshot = createSnapshot();
  for (const [name, zone] of [
    ['a1', 'a'],
    ['a2', 'a'],
    ['b1', 'b'],
    ['c1', 'c'],
    ['c2', 'c'],
  ] as const) {
    snapshot.setNode(sampleNode(name, { labels: { 'topology.kubernetes.io/zone': zone } }));
  }
  expect(snapshot.nodes().map(({ name }) => name)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2']);
});

test('a pod on a node that does not exist counts once the node is there', () => {
  const snapshot = createSnapshot();
  snapshot.place(samplePodInfo('p', { requests: { cpu: '1' } }), 'later');
  expect(snapshot.nodes()).toEqual([]);
  snapshot.setNode(sampleNode('later'));
  expect(snapshot.node('later')?.requested.milliCPU).toBe(1000);
});

const steps = fc.array(
  fc.record({
    pod: fc.integer({ min: 0, max: 5 }),
    node: fc.constantFrom('a', 'b', undefined),
    web: fc.boolean(),
    deleted: fc.boolean(),
  }),
  { maxLength: 40 },
);

test('after any changes it equals a snapshot made anew', () => {
  fc.assert(
    fc.property(steps, (changes) => {
      const snapshot = createSnapshot();
      const selector = selectorFromSet({ app: 'web' });
      for (const name of ['a', 'b']) snapshot.setNode(sampleNode(name));
      const expected = new Map<string, { node: string; counted: boolean }>();
      snapshot.counts(['default'], selector, 'staying');
      for (const { pod, node, web, deleted } of changes) {
        const info = samplePodInfo(`p${pod}`, { requests: { cpu: '1' }, labels: web ? { app: 'web' } : {}, deleted });
        if (node) snapshot.place(info, node);
        else snapshot.remove(info.uid);
        if (node) expected.set(info.uid, { node, counted: web && !deleted });
        else expected.delete(info.uid);
      }
      for (const node of snapshot.nodes()) {
        const { name, requested, pods } = node;
        const here = [...expected.values()].filter((place) => place.node === name);
        expect(pods.size).toBe(here.length);
        expect(requested.milliCPU).toBe(here.length * 1000);
        expect(snapshot.counts(['default'], selector, 'staying').on(node)).toBe(
          here.filter(({ counted }) => counted).length,
        );
      }
    }),
    { seed: 1 },
  );
});
