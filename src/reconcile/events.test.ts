// Events: equal ones are counted, similar ones told as one, floods cut off.

import { expect, test } from 'vitest';
import { minutes } from '../base/clock.ts';
import { virtualClock } from '../base/virtual-clock.ts';
import type { Client } from '../client/client.ts';
import type { Event } from '../kinds/core/event.ts';
import { createEventRecorder } from './events.ts';

/** A recorder, and the events that it left. */
function recorder() {
  const events = new Map<string, Event>();
  const client = {
    create: (_kind: unknown, event: Event) => Promise.resolve(void events.set(event.metadata.name ?? '', event)),
    patch: (_kind: unknown, { name }: { name: string }, change: Partial<Event>) =>
      Promise.resolve(void events.set(name, { ...(events.get(name) as Event), ...change })),
  } as unknown as Client;
  const clock = virtualClock(Date.UTC(2026, 0, 1));
  const { record } = createEventRecorder({ client, clock, log: { debug: () => {} } as never });
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default', uid: 'u' } };
  return {
    clock,
    say: (message: string) => record(pod, { reason: 'R', message }, { component: 'c' }),
    told: () => [...events.values()].map(({ message, count }) => `${message} x${count}`),
  };
}

test('equal events are one with a count, until ten minutes have passed', async () => {
  const { clock, say, told } = recorder();
  for (let i = 0; i < 3; i++) say('same');
  await clock.advance(minutes(11));
  say('same');
  await clock.advance(1);
  expect(told()).toEqual(['same x3', 'same x1']);
});

test('events of one moment have different names', async () => {
  const { clock, say, told } = recorder();
  for (const message of ['a', 'b', 'c']) say(message);
  await clock.advance(1);
  expect(told()).toEqual(['a x1', 'b x1', 'c x1']);
});

test('from the tenth message of one reason on, the newest stands for all', async () => {
  const { clock, say, told } = recorder();
  for (let i = 1; i <= 12; i++) say(`message ${i}`);
  await clock.advance(1);
  expect(told()).toHaveLength(10);
  expect(told().at(-1)).toBe('(combined from similar events): message 12 x3');
});

test('more than twenty-five about one object at once are dropped, and one more is taken every five minutes', async () => {
  const { clock, say, told } = recorder();
  for (let i = 0; i < 40; i++) say('flood');
  await clock.advance(1);
  expect(told()).toEqual(['flood x25']);
  await clock.advance(minutes(5));
  for (let i = 0; i < 3; i++) say('flood');
  await clock.advance(1);
  expect(told()).toEqual(['flood x26']);
});
