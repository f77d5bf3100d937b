// Quantities keep exactly what upstream keeps, and are written as upstream writes them.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addQuantities,
  bytesOf,
  compareQuantities,
  milliOf,
  parseQuantity,
  quantityMilliValue,
  quantityOf,
  quantityValue,
  roundQuantityUp,
  subtractQuantities,
} from './quantity.ts';

test.each([
  ['0.5', '500m'],
  ['1.0', '1'],
  ['1.5', '1500m'],
  ['1.5Gi', '1536Mi'],
  ['0.1Gi', '107374182400m'],
  ['1024Ki', '1Mi'],
  ['1000Ki', '1000Ki'],
  ['1000m', '1'],
  ['2000', '2k'],
  ['1000000', '1M'],
  ['100u', '100u'],
  ['0.9n', '1n'],
  ['-0.9n', '-1n'],
  ['12E', '12E'],
  ['12000P', '12E'],
  ['+1', '+1'],
  ['0001Gi', '0001Gi'],
  ['1e3', '1e3'],
  ['1E6', '1E6'],
  ['12e6', '12e6'],
  ['1e4', '10e3'],
  ['999999999999999999999999', '999999999999999999999999'],
  ['8Ei', '9223372036854775807'],
  ['0Mi', '0'],
  ['00', '0'],
  ['-1', '-1'],
  ['1073741824', '1073741824'],
  ['0.5Ki', '512'],
])('%s is written as %s', (text, written) => {
  expect(parseQuantity(text).text).toBe(written);
});

test.each(['', 'x', '1 ', '1.2.3', '1Ki1x', '1,5'])('%j is no quantity', (text) => {
  expect(() => parseQuantity(text)).toThrow(
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  );
});

test.each(['1K', '1ki', '1mm', '1e', '1e99999'])('%s has no suffix that exists', (text) => {
  expect(() => parseQuantity(text)).toThrow("unable to parse quantity's suffix");
});

test('what is written reads back as the same amount', () => {
  const formats = fc.constantFrom('DecimalSI', 'BinarySI', 'DecimalExponent' as const);
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 27n), 10n ** 27n), formats, (nanos, format) => {
      expect(parseQuantity(quantityOf(nanos, format).text).nanos).toBe(nanos);
    }),
    { seed: 1 },
  );
});

test('sums keep the first way of writing, a zero takes the other', () => {
  const [gi, kilo, zero] = [parseQuantity('1Gi'), parseQuantity('1k'), parseQuantity('0')];
  expect(addQuantities(gi, parseQuantity('1Gi')).text).toBe('2Gi');
  expect(addQuantities(kilo, gi).text).toBe('1073742824');
  expect(addQuantities(zero, gi).text).toBe('1Gi');
  expect(subtractQuantities(gi, gi).text).toBe('0');
  expect(compareQuantities(gi, kilo)).toBe(1);
});

test('values are rounded away from zero', () => {
  expect(quantityValue(parseQuantity('100m'))).toBe(1);
  expect(quantityMilliValue(parseQuantity('1u'))).toBe(1);
  expect([milliOf('1.5'), milliOf('1.5'), bytesOf('1Ki')]).toEqual([1500, 1500, 1024]);
  expect(roundQuantityUp(parseQuantity('1.0005'), -3).text).toBe('1001m');
});
