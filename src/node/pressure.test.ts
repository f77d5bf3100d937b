import { expect, test } from 'vitest';
import { minutes, seconds } from '../base/clock.ts';
import { conditionsOf, parsePressure, seenAfter, shortagesAt, type Seen } from './pressure.ts';

const gigabyte = 1024 ** 3;

test('reads what a node is short of and when', () => {
  expect(parsePressure('memory from 1m to 5m; disk after 10m;pid')).toEqual({
    spells: [
      { of: 'memory', from: minutes(1), to: minutes(5) },
      { of: 'disk', from: minutes(10), to: Infinity },
      { of: 'pid', from: 0, to: Infinity },
    ],
    errors: [],
  });
  expect(parsePressure('memory from 1m; cpu; disk').errors).toEqual([
    '"memory from 1m" is no pressure: write memory, disk or pid, then nothing, "after 1m", or "from 1m to 5m"',
    '"cpu" is no pressure: write memory, disk or pid, then nothing, "after 1m", or "from 1m to 5m"',
  ]);
});

test('memory is short when it is said, and when it is used up', () => {
  const { spells } = parsePressure('memory from 1m to 5m; disk after 2m');
  const at = (age: number, freeMemory = gigabyte) => shortagesAt(age, { spells, freeMemory });
  expect(at(0)).toEqual([]);
  expect(at(minutes(1))).toEqual([{ of: 'memory', available: 50 * 1024 ** 2 }]);
  expect(at(minutes(3)).map(({ of }) => of)).toEqual(['memory', 'disk']);
  expect(at(minutes(5)).map(({ of }) => of)).toEqual(['disk']);
  expect(at(0, 99 * 1024 ** 2)).toEqual([{ of: 'memory', available: 99 * 1024 ** 2 }]);
  expect(at(0, 100 * 1024 ** 2)).toEqual([]);
  expect(at(0, -5)).toEqual([{ of: 'memory', available: 0 }]);
});

test('a condition stays for five minutes after what it tells of', () => {
  let seen: Seen = new Map();
  seen = seenAfter(seen, [{ of: 'disk', available: 0 }], 0);
  seen = seenAfter(seen, [{ of: 'memory', available: 0 }], seconds(10));
  expect(conditionsOf(seen)).toEqual(['MemoryPressure', 'DiskPressure']);
  seen = seenAfter(seen, [], minutes(5));
  expect(conditionsOf(seen)).toEqual(['MemoryPressure']);
  expect(conditionsOf(seenAfter(seen, [], minutes(5) + seconds(10)))).toEqual([]);
});
