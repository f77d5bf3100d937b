import { expect, test } from 'vitest';
import { bareServer } from '../../test/support/bare-server.ts';
import { seconds } from '../base/clock.ts';
import { Event } from '../kinds/core/event.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import type { Toleration } from '../kinds/generated/types/core-v1.ts';
import { startControllers } from '../reconcile/manager.ts';
import { taintEvictionController } from './taint-eviction.ts';

async function watched(tolerations: Toleration[]) {
  const { client, clock, ...bare } = await bareServer();
  await client.create(Node, { metadata: { name: 'n' }, spec: {} });
  await client.create(Pod, {
    metadata: { name: 'p', namespace: 'default' },
    spec: {
      nodeName: 'n',
      automountServiceAccountToken: false,
      tolerations,
      containers: [{ name: 'c', image: 'i' }],
    },
  });
  await startControllers([taintEvictionController()], { client, clock, ...bare });
  return {
    clock,
    taint: (...keys: string[]) =>
      client.patch(
        Node,
        { name: 'n', namespace: '' },
        { spec: { taints: keys.map((key) => ({ key, effect: 'NoExecute' })) } },
        { type: 'merge' },
      ),
    async state() {
      const { metadata, status } = await client.get(Pod, 'p', 'default');
      const evicted = status?.conditions?.some(({ reason }) => reason === 'DeletionByTaintManager');
      return metadata.deletionTimestamp && evicted ? 'evicted' : 'stays';
    },
    told: async () => (await client.list(Event)).items.map(({ message, count }) => `${message} ${count}`),
  };
}

const tolerates = (key: string, tolerationSeconds?: number): Toleration => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  ...(tolerationSeconds !== undefined && { tolerationSeconds: tolerationSeconds as never }),
});

test('a pod that does not tolerate a taint goes at once, once', async () => {
  const { clock, taint, state, told } = await watched([]);
  await taint('down');
  await clock.advance(seconds(1));
  expect(await state()).toBe('evicted');
  await taint('down', 'broken');
  await clock.advance(seconds(1));
  expect(await told()).toEqual(['Marking for deletion Pod default/p 1']);
});

test('one that tolerates it for a while stays for so long, or is let off when the taint goes', async () => {
  const { clock, taint, state, told } = await watched([tolerates('down', 30)]);
  await taint('down');
  await clock.advance(seconds(20));
  await taint();
  await clock.advance(seconds(20));
  expect(await state()).toBe('stays');
  expect(await told()).toEqual(['Cancelling deletion of Pod default/p 1']);
  await taint('down');
  await clock.advance(seconds(29));
  expect(await state()).toBe('stays');
  await clock.advance(seconds(2));
  expect(await state()).toBe('evicted');
});

test('the first appointment stands, whatever shorter one a later taint would make', async () => {
  const { clock, taint, state } = await watched([tolerates('down', 60), tolerates('broken', 5)]);
  await taint('down');
  await clock.advance(seconds(20));
  await taint('down', 'broken');
  await clock.advance(seconds(30));
  expect(await state()).toBe('stays');
  await clock.advance(seconds(11));
  expect(await state()).toBe('evicted');
});

test('a taint that is not tolerated ends an appointment', async () => {
  const { clock, taint, state, told } = await watched([tolerates('down', 60)]);
  await taint('down');
  await clock.advance(seconds(20));
  await taint('down', 'broken');
  await clock.advance(seconds(1));
  expect(await state()).toBe('evicted');
  expect(await told()).toEqual(['Cancelling deletion of Pod default/p 1', 'Marking for deletion Pod default/p 1']);
});
