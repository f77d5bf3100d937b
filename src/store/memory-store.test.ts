// The store in memory passes the suite, and keeps its history within bounds.

import { expect, test } from 'vitest';
import { minutes } from '../base/clock.ts';
import { utf8 } from '../base/bytes.ts';
import { virtualClock } from '../base/virtual-clock.ts';
import { storeConformance } from './conformance.ts';
import { memoryStore } from './memory-store.ts';

storeConformance('memory', async (clock) => ({ store: memoryStore({ clock }) }));

const value = utf8('x');

test('history of the last five minutes is kept, older goes as writes come', async () => {
  const clock = virtualClock(0);
  const store = memoryStore({ clock });
  for (let minute = 0; minute < 30; minute++) {
    await store.commit({ key: 'a', value });
    await clock.advance(minutes(1));
  }
  // Revision 25 was written five minutes before the last write.
  expect((await store.get('a', 25))?.revision).toBe(25);
  await expect(store.get('a', 20)).rejects.toThrow('compacted');
});

test('however fast writes come, the history is bounded', async () => {
  const store = memoryStore({ clock: virtualClock(0), window: { duration: minutes(5), changes: 1000 } });
  for (let i = 0; i < 5000; i++) await store.commit({ key: `k${i % 7}`, value });
  await expect(store.get('k1', 3999)).rejects.toThrow('compacted');
  expect((await store.list({ prefix: '', at: 4500 })).entries).toHaveLength(7);
});
