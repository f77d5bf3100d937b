import { expect, test } from 'vitest';
import { parseExactly, printBigints, wholeNumber } from './whole-number.ts';

test('whole numbers of 64 bits come and go as they are written', () => {
  printBigints();
  const text =
    '{"most":9223372036854775807,"least":-9223372036854775808,"odd":9007199254740993,"small":5,"text":"9007199254740993"}';
  expect(JSON.stringify(parseExactly(text))).toBe(text);
});

test('what 64 bits do not hold becomes the nearest double, as in Go', () => {
  expect(parseExactly('[9223372036854775808, 9007199254740993.0, 1e20]')).toEqual([2 ** 63, 2 ** 53, 1e20]);
  expect(wholeNumber('42')).toBe(42);
});
