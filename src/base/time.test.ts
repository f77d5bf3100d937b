// Times and ages as text.

import { expect, test } from 'vitest';
import { formatMicroTime, formatTime, humanDuration, parseTime } from './time.ts';

test.each([
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000000Z'],
  ['2026-01-02T03:04:05.1234567Z', '2026-01-02T03:04:05.123457Z'],
  ['2026-01-02T03:04:05.5+02:30', '2026-01-02T00:34:05.500000Z'],
  ['1969-12-31T23:59:59.25-00:00', '1969-12-31T23:59:59.250000Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000Z'],
])('%s is %s', (text, micro) => {
  const instant = parseTime(text) ?? Number.NaN;
  expect(formatMicroTime(instant)).toBe(micro);
  expect(formatTime(instant)).toBe(`${micro.slice(0, 19)}Z`);
});

test.each([
  '2026-02-30T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-01-01',
  '2026-01-01 00:00:00Z',
  '2026-01-01T24:00:00Z',
  '',
])('%j is no time', (text) => {
  expect(parseTime(text)).toBeUndefined();
});

const [s, m, h, d, y] = [1000, 60_000, 3_600_000, 86_400_000, 365 * 86_400_000];
test.each([
  [-2 * s, '<invalid>'],
  [-s, '0s'],
  [119.9 * s, '119s'],
  [2 * m, '2m'],
  [5 * m + 10 * s, '5m10s'],
  [10 * m + 1, '10m'],
  [179 * m, '179m'],
  [3 * h + 20 * m, '3h20m'],
  [47 * h, '47h'],
  [2 * d + 4 * h, '2d4h'],
  [8 * d + 3 * h, '8d'],
  [2 * y + d, '2y1d'],
  [9 * y + d, '9y'],
])('%d ms is %s old', (duration, text) => {
  expect(humanDuration(duration)).toBe(text);
});
