import fc from 'fast-check';
import { expect, test } from 'vitest';
import { differenceOf } from './diff.ts';

test('equal values differ by nothing', () => {
  expect(differenceOf({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toBe('');
});

test('a changed line stands between three unchanged ones on either side', () => {
  const numbers = (changed: number) => Array.from({ length: 11 }, (_, i) => (i === 5 ? changed : i));
  expect(differenceOf(numbers(5), numbers(50))).toBe(
    '@@ -4,7 +4,7 @@\n  2,\n  3,\n  4,\n- 5,\n+ 50,\n  6,\n  7,\n  8,\n',
  );
});

test('changes far apart are shown apart', () => {
  const numbers = (...changed: number[]) => Array.from({ length: 40 }, (_, i) => (changed.includes(i) ? -1 : i));
  expect(differenceOf(numbers(), numbers(3, 30)).match(/^@@/gm)).toHaveLength(2);
});

test('what is removed and what is added accounts for the whole difference', () => {
  const value = fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'd'),
    fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 9 }),
  );
  fc.assert(
    fc.property(value, value, (before, after) => {
      const lines = differenceOf(before, after).split('\n');
      const count = (sign: string) => lines.filter((line) => line.startsWith(sign) && !line.startsWith('@@')).length;
      const size = (each: unknown) => JSON.stringify(each, null, 1).split('\n').length;
      return count('+') - count('-') === size(after) - size(before);
    }),
    { seed: 7 },
  );
});
