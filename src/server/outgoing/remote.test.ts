import { expect, test } from 'vitest';
import { seconds } from '../../base/clock.ts';
import { seededRandom } from '../../base/random.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { remoteOver } from './remote.ts';
import { simulatedNetwork } from './simulated-network.ts';

/** A server that is busy as often as it has something to answer with. */
function busy(...answers: readonly { readonly status: number; readonly headers?: Record<string, string> }[]) {
  const clock = virtualClock(0);
  const times: number[] = [];
  const network = simulatedNetwork({
    'a:443': () => {
      times.push(clock.elapsed());
      return answers[times.length - 1] ?? { status: 200 };
    },
  });
  const nobody = { mirror: () => Promise.reject(new Error('none')), random: seededRandom(1), simulatesPods: false };
  const remote = remoteOver(network, nobody, clock);
  const ask = (timeout = seconds(10)) =>
    remote.sendPatiently({ method: 'POST', url: 'https://a/', headers: {}, timeout }).then(
      ({ status }) => status,
      (error: Error) => error.message,
    );
  return { clock, times, ask };
}

const later = (status: number, wait: string) => ({ status, headers: { 'retry-after': wait } });

test('who asks for time gets it, up to ten times', async () => {
  const { clock, times, ask } = busy(later(429, '2'), later(503, '1'));
  const answer = ask();
  await clock.advance(seconds(3));
  expect(await answer).toBe(200);
  expect(times).toEqual([0, 2000, 3000]);
  const stubborn = busy(...Array.from({ length: 20 }, () => later(500, '1')));
  const refusal = stubborn.ask(seconds(60));
  await stubborn.clock.advance(seconds(20));
  expect(await refusal).toBe(500);
  expect(stubborn.times).toHaveLength(11);
});

test('an answer that names no time in seconds, or is the fault of who asks, is the answer', async () => {
  for (const answer of [{ status: 503 }, later(503, 'Tue, 01 Jan 2030 00:00:00 GMT'), later(404, '1')]) {
    const { times, ask } = busy(answer);
    expect(await ask()).toBe(answer.status);
    expect(times).toHaveLength(1);
  }
});

test('nobody waits longer than the whole may take', async () => {
  const { clock, times, ask } = busy(later(429, '7'), later(429, '7'));
  const answer = ask(seconds(10));
  await clock.advance(seconds(10));
  expect(await answer).toBe('context deadline exceeded');
  expect(times).toEqual([0, 7000]);
});
