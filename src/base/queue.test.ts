import { expect, test } from 'vitest';
import { seconds } from './clock.ts';
import { createQueue } from './queue.ts';
import { virtualClock } from './virtual-clock.ts';

function setUp() {
  const clock = virtualClock(0);
  const queue = createQueue(clock, () => {});
  return { clock, queue };
}

test('a key asked for several times is handed out once', () => {
  const { queue } = setUp();
  queue.add('a');
  queue.add('a');
  expect([queue.take(), queue.take()]).toEqual(['a', undefined]);
});

test('a key asked for while it is under way comes again once it is done, and not before', () => {
  const { queue } = setUp();
  queue.add('a');
  queue.take();
  queue.add('a');
  expect(queue.take()).toBeUndefined();
  queue.done('a');
  expect(queue.take()).toBe('a');
});

test('of several due times the earliest wins', async () => {
  const { clock, queue } = setUp();
  queue.add('a', seconds(10));
  queue.add('a', seconds(2));
  queue.add('a', seconds(30));
  await clock.advance(seconds(1));
  expect(queue.take()).toBeUndefined();
  await clock.advance(seconds(1));
  expect(queue.take()).toBe('a');
  queue.done('a');
  await clock.advance(seconds(60));
  expect(queue.take()).toBeUndefined();
});

test('a key wanted at once does not come again at its later time', async () => {
  const { clock, queue } = setUp();
  queue.add('a', seconds(5));
  queue.add('a');
  expect(queue.take()).toBe('a');
  queue.done('a');
  await clock.advance(seconds(10));
  expect(queue.take()).toBeUndefined();
  expect(queue.size()).toBe(0);
});

test('a stopped queue hands out nothing', () => {
  const { queue } = setUp();
  queue.add('a');
  queue.stop();
  expect(queue.take()).toBeUndefined();
});
