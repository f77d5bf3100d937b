// Small tools for plain data: equality, hashes, heaps, bytes, percentages.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64, bytesOfBase64, textOf, utf8, utf8Length } from './bytes.ts';
import { canonicalJson, deepEqual, deepFreeze, semanticEqual } from './equal.ts';
import { fnv32a, safeEncode } from './hash.ts';
import { heap } from './heap.ts';
import { scaledValue } from './int-or-string.ts';

test('an undefined field equals an absent one', () => {
  expect(deepEqual({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  expect(deepEqual({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
  expect(deepEqual({ a: {} }, {})).toBe(false);
  expect(deepEqual([], {})).toBe(false);
  expect(deepEqual({ a: null }, { a: undefined })).toBe(false);
});

test('semantic equality also takes empty for absent', () => {
  expect(semanticEqual({ a: {}, b: [], c: null, d: { e: 0 } }, { d: { e: 0 } })).toBe(true);
  expect(semanticEqual({ a: 0 }, {})).toBe(false);
});

test('equal data has the same canonical text, whatever the order of keys', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      expect(deepEqual(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
      expect(canonicalJson(JSON.parse(canonicalJson(a)))).toBe(canonicalJson(a));
    }),
    { seed: 1 },
  );
  expect(canonicalJson({ b: 1, a: { d: undefined, c: 2 } })).toBe('{"a":{"c":2},"b":1}');
});

test('freezing reaches everything', () => {
  const value = deepFreeze({ a: [{ b: 1 }] });
  expect(Object.isFrozen(value.a[0])).toBe(true);
});

test('hashes are FNV-1a, encoded without vowels', () => {
  expect(fnv32a('')).toBe(0x811c9dc5);
  expect(fnv32a('foobar')).toBe(0xbf9cf968);
  expect(safeEncode(1234567890)).toBe('56789bcdf4');
});

test('a heap gives its values in order, also after updates and removals', () => {
  const command = fc.tuple(fc.constantFrom('push', 'pop', 'update', 'remove'), fc.nat(50), fc.nat(1000));
  fc.assert(
    fc.property(fc.array(command), (commands) => {
      const tested = heap<number>((a, b) => a - b);
      const model: { value: number; entry: ReturnType<typeof tested.push> }[] = [];
      for (const [name, index, value] of commands) {
        const at = model[index % Math.max(1, model.length)];
        if (name === 'push') model.push({ value, entry: tested.push(value) });
        else if (name === 'pop') {
          const least = model.length > 0 ? Math.min(...model.map((each) => each.value)) : undefined;
          expect(tested.peek()).toBe(least);
          expect(tested.pop()).toBe(least);
          const gone = model.findIndex((each) => each.entry.position === -1);
          if (gone >= 0) model.splice(gone, 1);
        } else if (name === 'update' && at) {
          tested.update(at.entry, value);
          at.value = value;
        } else if (at) {
          expect(tested.remove(at.entry)).toBe(true);
          expect(tested.remove(at.entry)).toBe(false);
          model.splice(model.indexOf(at), 1);
        }
        expect(tested.size).toBe(model.length);
      }
    }),
    { seed: 1 },
  );
});

test('base64 is strict about padding and tolerant of line breaks', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(bytesOfBase64(base64(bytes))).toEqual(bytes);
    }),
    { seed: 1 },
  );
  expect(textOf(bytesOfBase64('aGVs\nbG8=') ?? utf8(''))).toBe('hello');
  expect(bytesOfBase64('aGVsbG8')).toBeUndefined();
  expect(bytesOfBase64('a-Vs')).toBeUndefined();
});

test('the length of a text in bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(utf8Length(text)).toBe(utf8(text).length);
    }),
    { seed: 1 },
  );
});

test('a share of a total is rounded as asked', () => {
  expect([scaledValue('25%', 10, 'up'), scaledValue('25%', 10, 'down'), scaledValue(3, 10, 'up')]).toEqual([3, 2, 3]);
  expect(() => scaledValue('5', 10, 'up')).toThrow(
    'invalid value for IntOrString: invalid type: string is not a percentage',
  );
  expect(() => scaledValue('x%', 10, 'up')).toThrow(
    'invalid value for IntOrString: invalid value "x%": strconv.Atoi: parsing "x": invalid syntax',
  );
});
