// Durations read and print as Go's do.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

test.each([
  ['0', 0, '0s'],
  ['1h2m3.5s', 3_723_500, '1h2m3.5s'],
  ['300ms', 300, '300ms'],
  ['90m', 5_400_000, '1h30m0s'],
  ['1.5us', 0.0015, '1.5µs'],
  ['-1m', -60_000, '-1m0s'],
  ['.5s', 500, '500ms'],
  ['7ns', 0.000007, '7ns'],
])('%s is %d ms and prints as %s', (text, duration, printed) => {
  expect(parseDuration(text)).toBeCloseTo(duration, 9);
  expect(formatDuration(parseDuration(text))).toBe(printed);
});

test.each([
  ['', 'time: invalid duration ""'],
  ['x', 'time: invalid duration "x"'],
  ['1', 'time: missing unit in duration "1"'],
  ['1d', 'time: unknown unit "d" in duration "1d"'],
  ['1m2', 'time: missing unit in duration "1m2"'],
  ['99999999h', 'time: invalid duration "99999999h"'],
])('%j is refused', (text, message) => {
  expect(() => parseDuration(text)).toThrow(message);
});

test('what is printed reads back', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
    { seed: 1 },
  );
});
