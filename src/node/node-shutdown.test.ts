import { expect, test } from 'vitest';
import { seconds } from '../base/clock.ts';
import { readShutdown, shutdownGroups } from './node-shutdown.ts';

test('reads the whole time and what is kept of it for critical pods', () => {
  expect(readShutdown('30s')).toEqual({ ordinary: seconds(30), critical: 0 });
  expect(readShutdown('1m30s, 10s critical')).toEqual({ ordinary: seconds(80), critical: seconds(10) });
  for (const text of ['', 'soon', '10s, 30s critical', '10s critical']) expect(readShutdown(text)).toBeUndefined();
});

test('critical pods end after the others', () => {
  const pod = (priority: number) => ({ pod: () => ({ metadata: {}, spec: { priority, containers: [] } }) });
  const [ordinary, critical] = [pod(1_999_999_999), pod(2_000_000_000)];
  expect(shutdownGroups([critical, ordinary], { ordinary: 2, critical: 1 })).toEqual([
    { members: [ordinary], period: 2 },
    { members: [critical], period: 1 },
  ]);
});
