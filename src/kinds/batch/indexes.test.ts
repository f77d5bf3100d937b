import { expect, test } from 'vitest';
import { commonIndex, indexesOf } from './indexes.ts';

test('intervals are read in order, below the number of completions', () => {
  expect(indexesOf('1,3-5,7', 8)).toEqual({
    intervals: [
      [1, 1],
      [3, 5],
      [7, 7],
    ],
    total: 5,
  });
  expect(indexesOf('3,2', 8)).toEqual({ problem: 'non-increasing order, previous: 3, current: 2' });
  expect(indexesOf('8', 8)).toEqual({ problem: 'too large index: "8"' });
  expect(indexesOf('a', 8)).toEqual({ problem: 'cannot convert string to integer for index: "a"' });
});

test('the first index in both is found', () => {
  const read = (text: string) => {
    const indexes = indexesOf(text, 10);
    if ('problem' in indexes) throw new Error(indexes.problem);
    return indexes;
  };
  expect(commonIndex(read('1,4-6'), read('2,5-9'))).toBe(5);
  expect(commonIndex(read('1,4'), read('2,5-9'))).toBeUndefined();
});
