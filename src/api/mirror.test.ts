import fc from 'fast-check';
import { expect, test } from 'vitest';
import { selectorFromSet } from '../base/selectors.ts';
import { Mirror, type MirrorChange } from './mirror.ts';
import type { KubeObject } from './object.ts';

const object = (namespace: string, name: string, version: number, owner?: string): KubeObject => ({
  metadata: {
    namespace,
    name,
    resourceVersion: String(version),
    labels: { app: name },
    ...(owner && { ownerReferences: [{ apiVersion: 'v1', kind: 'O', name: owner, uid: owner, controller: true }] }),
  },
});

test('a listing is ordered by namespace and name, and is the same until something changes', () => {
  const mirror = new Mirror<KubeObject>();
  mirror.change(
    [object('b', 'x', 1), object('a', 'z', 2), object('a', 'y', 3)].map((each) => ({ object: each, deleted: false })),
  );
  expect(mirror.list().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual(['a/y', 'a/z', 'b/x']);
  expect(mirror.list()).toBe(mirror.list());
  mirror.change([{ object: object('a', 'y', 4), deleted: true }]);
  expect(mirror.list('a').map(({ metadata }) => metadata.name)).toEqual(['z']);
});

test('subscribers hear of every change once, with the state before', () => {
  const mirror = new Mirror<KubeObject>();
  const heard: MirrorChange<KubeObject>[] = [];
  const stop = mirror.subscribe((changes) => heard.push(...changes));
  mirror.change([{ object: object('a', 'x', 1), deleted: false }]);
  mirror.change([{ object: object('a', 'x', 2), deleted: false }]);
  mirror.change([{ object: object('a', 'x', 3), deleted: true }]);
  mirror.change([{ object: object('a', 'x', 4), deleted: true }]);
  stop();
  mirror.change([{ object: object('a', 'x', 5), deleted: false }]);
  expect(
    heard.map(({ object: now, previous }) => [now?.metadata.resourceVersion, previous?.metadata.resourceVersion]),
  ).toEqual([
    ['1', undefined],
    ['2', '1'],
    [undefined, '3'],
  ]);
});

test('replacing the content tells only what differs', () => {
  const mirror = new Mirror<KubeObject>();
  mirror.change([object('a', 'stays', 1), object('a', 'goes', 2)].map((each) => ({ object: each, deleted: false })));
  const heard: string[] = [];
  mirror.subscribe((changes) => {
    for (const { object: now, previous } of changes)
      heard.push(`${now ? 'is' : 'gone'} ${(now ?? previous)?.metadata.name}`);
  });
  mirror.replace([object('a', 'stays', 1), object('a', 'comes', 3)]);
  expect(heard.sort()).toEqual(['gone goes', 'is comes']);
});

test('labels and owners find what they should, whatever happened before', () => {
  const step = fc.record({
    name: fc.constantFrom('x', 'y', 'z'),
    owner: fc.constantFrom(undefined, 'p', 'q'),
    deleted: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const mirror = new Mirror<KubeObject>();
      mirror.ownedBy(object('a', 'p', 0));
      const model = new Map<string, KubeObject>();
      steps.forEach(({ name, owner, deleted }, at) => {
        const state = object('a', name, at + 1, owner);
        mirror.change([{ object: state, deleted }]);
        if (deleted) model.delete(name);
        else model.set(name, state);
      });
      const ownedByP = [...model.values()].filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === 'p');
      const owner = { metadata: { uid: 'p', namespace: 'a' } };
      expect(new Set(mirror.ownedBy(owner))).toEqual(new Set(ownedByP));
      expect(mirror.select('a', selectorFromSet({ app: 'x' }))).toEqual(model.has('x') ? [model.get('x')] : []);
      expect(mirror.size).toBe(model.size);
    }),
    { seed: 1 },
  );
});
