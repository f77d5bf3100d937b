// Keys stay in the order of their bytes.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8 } from './bytes.ts';
import { sortedMap } from './sorted-map.ts';

const byBytes = (a: string, b: string): number => {
  const [left, right] = [utf8(a), utf8(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) return (left[i] ?? 0) - (right[i] ?? 0);
  }
  return left.length - right.length;
};

function keysFrom(map: ReturnType<typeof sortedMap<string>>, from: string): string[] {
  const values: string[] = [];
  map.scan(from, (value) => values.push(value) > 0);
  return values;
}

test('holds what was set and not deleted, in byte order', () => {
  const key = fc.oneof(fc.string({ maxLength: 3 }), fc.string({ unit: 'binary', maxLength: 2 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.boolean())), key, (steps, from) => {
      const map = sortedMap<string>();
      const model = new Set<string>();
      for (const [each, set] of steps) {
        if (set) map.set(each, each);
        else expect(map.delete(each)).toBe(model.has(each));
        if (set) model.add(each);
        else model.delete(each);
      }
      expect(map.size).toBe(model.size);
      expect(map.get(from)).toBe(model.has(from) ? from : undefined);
      expect(keysFrom(map, from)).toEqual([...model].filter((each) => byBytes(each, from) >= 0).sort(byBytes));
    }),
    { seed: 1, numRuns: 50 },
  );
});

test('many keys in any order come out sorted', () => {
  const map = sortedMap<string>();
  const keys = Array.from({ length: 20_000 }, (_, i) => `/k/${(i * 7919) % 20_000}`);
  for (const each of keys) map.set(each, each);
  expect(keysFrom(map, '')).toEqual([...keys].sort());
  for (const each of keys) if (!each.endsWith('7')) map.delete(each);
  expect(keysFrom(map, '/k/5')).toEqual([...keys].sort().filter((each) => each.endsWith('7') && each >= '/k/5'));
});
