// Schedules mean what they mean to a CronJob.

import { expect, test } from 'vitest';
import { parseCron } from './cron.ts';
import { formatTime, parseTime } from './time.ts';

function runs(text: string, from: string, count = 1, zone?: string): string[] {
  const schedule = parseCron(text);
  const times: string[] = [];
  let instant: number | undefined = parseTime(from);
  while (instant !== undefined && times.length < count) {
    instant = schedule.next(instant, zone);
    if (instant !== undefined) times.push(formatTime(instant));
  }
  return times;
}

test.each([
  ['* * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'],
  ['*/15 9-17 * * mon-fri', '2026-01-02T17:45:00Z', '2026-01-05T09:00:00Z'],
  ['0 0 29 feb *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
  ['0 0 13 * 5', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
  ['5/20 * * * ?', '2026-01-01T00:05:30Z', '2026-01-01T00:25:00Z'],
  ['@weekly', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00Z'],
  ['@every 90s', '2026-01-01T00:00:00.5Z', '2026-01-01T00:01:30Z'],
  ['CRON_TZ=Asia/Tokyo 0 9 * * *', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
])('%s after %s is %s', (text, from, next) => {
  expect(runs(text, from)).toEqual([next]);
});

test('a time that does not exist is never', () => {
  expect(runs('0 0 30 2 *', '2026-01-01T00:00:00Z')).toEqual([]);
});

test('an hour skipped by the clock has no run, a repeated hour has two', () => {
  expect(runs('30 2 * * *', '2026-03-28T12:00:00Z', 1, 'Europe/Paris')).toEqual(['2026-03-30T00:30:00Z']);
  expect(runs('30 2 * * *', '2026-10-24T12:00:00Z', 2, 'Europe/Paris')).toEqual([
    '2026-10-25T00:30:00Z',
    '2026-10-25T01:30:00Z',
  ]);
});

test('days begin at one where midnight is skipped', () => {
  expect(runs('0 * 6 9 *', '2026-09-05T12:00:00Z', 1, 'America/Santiago')).toEqual(['2026-09-06T04:00:00Z']);
});

test.each([
  ['', 'empty spec string'],
  ['* * *', 'expected exactly 5 fields, found 3: [* * *]'],
  ['30-10 * * * *', 'beginning of range (30) beyond end of range (10): 30-10'],
  ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
  ['0 0 * foo *', 'failed to parse int from foo: strconv.Atoi: parsing "foo": invalid syntax'],
  ['-5 * * * *', 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'],
  ['*/2/3 * * * *', 'too many slashes: */2/3'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['@reboot', 'unrecognized descriptor: @reboot'],
  ['@every never', 'failed to parse duration @every never: time: invalid duration "never"'],
  ['TZ=Nowhere/None 0 0 * * *', 'provided bad location Nowhere/None: unknown time zone Nowhere/None'],
])('%j is refused', (text, message) => {
  expect(() => parseCron(text)).toThrow(message);
});
