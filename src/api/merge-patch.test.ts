import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyMergePatch } from './merge-patch.ts';

test.each([
  [{}, { a: [null, { b: null, c: 1 }] }, { a: [null, { c: 1 }] }],
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'foo' }, null, null],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('%j with %j becomes %j', (document, patch, expected) => {
  expect(applyMergePatch(document, patch)).toEqual(expected);
});

test('a patch applied twice is a patch applied once, and the document stays as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (document, patch) => {
      const before = JSON.stringify(document);
      const once = applyMergePatch(document, patch);
      expect(applyMergePatch(once, patch)).toEqual(once);
      expect(JSON.stringify(document)).toBe(before);
    }),
  );
});

test('prototypes are out of reach', () => {
  const patched = applyMergePatch({}, JSON.parse('{"__proto__": {"polluted": true}}')) as object;
  expect('polluted' in patched).toBe(false);
});
