import { expect, test } from 'vitest';
import { warningHeaders } from './warnings.ts';

test('warnings are quoted; what no header can hold is left out', () => {
  expect(warningHeaders(['a "b" \\', '', 'two\nlines', 'Iñtërnâtiônàl'])).toEqual([
    '299 - "a \\"b\\" \\\\"',
    '299 - "Iñtërnâtiônàl"',
  ]);
});

test('many long warnings are cut, and then there are no more of them', () => {
  const [long, most] = ['x'.repeat(1000), 4];
  expect(warningHeaders(Array(most).fill(long))).toEqual(Array(most).fill(`299 - "${long}"`));
  expect(warningHeaders(Array(30).fill(long))).toEqual(Array(16).fill(`299 - "${'x'.repeat(256)}"`));
});
