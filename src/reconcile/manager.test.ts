import { expect, onTestFinished, test } from 'vitest';
import { bareServer } from '../../test/support/bare-server.ts';
import { seconds } from '../base/clock.ts';
import { type Log, silentLog } from '../base/log.ts';
import { ApiError } from '../api/status.ts';
import { ConfigMap } from '../kinds/core/config-map.ts';
import { Event } from '../kinds/core/event.ts';
import { Namespace } from '../kinds/core/namespace.ts';
import { ReplicationController } from '../kinds/core/replication-controller.ts';
import { type Controller, defineController, indexing, watching } from './controller.ts';
import { startControllers } from './manager.ts';

/** A server with these controllers and nothing else. `bugs` and `errors` hold what went wrong. */
async function setUp(...controllers: Controller[]) {
  const errors: string[] = [];
  const bugs: string[] = [];
  const log: Log = { ...silentLog, error: (message) => void errors.push(message) };
  const bare = await bareServer({ now: 0, log });
  const onBug = (_: string, key: string) => void bugs.push(key);
  const manager = await startControllers(controllers, { ...bare, onBug });
  onTestFinished(manager.stop);
  return { client: bare.client, clock: bare.clock, errors, bugs, backlog: manager.backlog };
}

const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  metadata: { name, namespace: 'default' },
  data,
});

test('a reconcile sees the writes of the one before, without waiting', async () => {
  const seen: string[] = [];
  const { client, clock } = await setUp(
    defineController<ConfigMap>({
      name: 'counter',
      for: ConfigMap,
      async reconcile(object, { lister, update }) {
        const count = Number(object.data?.count ?? 0);
        if (object.metadata.name !== 'counted' || count >= 3) return;
        await update(ConfigMap, { ...object, data: { count: String(count + 1) } });
        seen.push(lister(ConfigMap).get('counted', 'default')?.data?.count ?? '');
      },
    }),
  );
  await client.create(ConfigMap, configMap('counted'));
  await clock.settle();
  expect(seen).toEqual(['1', '2', '3']);
});

test('a refusal is retried with a growing delay, and a bug is told and retried too', async () => {
  const tries: number[] = [];
  const { client, clock, bugs } = await setUp(
    defineController<ConfigMap>({
      name: 'stubborn',
      for: ConfigMap,
      async reconcile({ metadata }, context) {
        if (metadata.name !== 'hard') return;
        tries.push(context.clock.now());
        if (tries.length < 4) throw new ApiError(409, 'Conflict', 'try again');
        if (tries.length === 4) throw new TypeError('a bug');
      },
    }),
  );
  await client.create(ConfigMap, configMap('hard'));
  await clock.advance(seconds(10));
  const delays = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
  expect(delays).toEqual([5, 10, 20, 40]);
  expect(bugs).toEqual(['default/hard']);
});

test('status is written when it differs, and only then', async () => {
  const { client, clock } = await setUp(
    defineController<ReplicationController>({
      name: 'status',
      for: ReplicationController,
      reconcile: async () => ({ status: { replicas: 7 } }),
    }),
  );
  await client.create(ReplicationController, {
    metadata: { name: 'rc', namespace: 'default' },
    spec: {
      replicas: 0,
      selector: { app: 'x' },
      template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  } as ReplicationController);
  await clock.settle();
  const written = await client.get(ReplicationController, 'rc', 'default');
  await client.patch(ReplicationController, { name: 'rc', namespace: 'default' }, { metadata: { labels: { a: 'b' } } });
  await clock.settle();
  const later = await client.get(ReplicationController, 'rc', 'default');
  expect(written.status?.replicas).toBe(7);
  expect(Number(later.metadata.resourceVersion)).toBe(Number(written.metadata.resourceVersion) + 1);
});

test('cleanup is a finalizer: it runs before the object goes, once', async () => {
  const cleaned: string[] = [];
  const { client, clock } = await setUp(
    defineController<ConfigMap>({
      name: 'tidy',
      for: ConfigMap,
      reconcile: async () => {},
      cleanup: async ({ metadata }) => void cleaned.push(metadata.name ?? ''),
    }),
  );
  await client.create(ConfigMap, configMap('guarded'));
  await clock.settle();
  expect((await client.get(ConfigMap, 'guarded', 'default')).metadata.finalizers).toEqual(['portolan.dev/tidy']);
  await client.delete(ConfigMap, { name: 'guarded', namespace: 'default' });
  await clock.settle();
  expect(cleaned).toEqual(['guarded']);
  expect(await client.find(ConfigMap, 'guarded', 'default')).toBeUndefined();
});

test('what a controller watches or owns wakes the object it belongs to', async () => {
  const woken: string[] = [];
  const { client, clock } = await setUp(
    defineController<Namespace>({
      name: 'watcher',
      for: Namespace,
      watches: [watching(ConfigMap, ({ metadata }) => [{ name: metadata.namespace ?? '', namespace: '' }])],
      reconcile: async ({ metadata }) => void woken.push(metadata.name ?? ''),
    }),
  );
  await clock.settle();
  woken.length = 0;
  await client.create(ConfigMap, configMap('a'));
  await clock.settle();
  await client.delete(ConfigMap, { name: 'a', namespace: 'default' });
  await clock.settle();
  expect(woken).toEqual(['default', 'default']);
});

test('a key that comes again and again in one instant is a livelock, told by name', async () => {
  let times = 0;
  const { client, clock, errors } = await setUp(
    defineController<ConfigMap>({
      name: 'restless',
      for: ConfigMap,
      async reconcile(object, { enqueue }) {
        if (object.metadata.name !== 'spin' || times++ > 1500) return;
        enqueue({ name: 'spin', namespace: 'default' });
      },
    }),
  );
  await client.create(ConfigMap, configMap('spin'));
  await clock.settle();
  expect(errors).toContain('livelock: the same key again and again in one instant');
  expect(times).toBeLessThan(1100);
});

test('equal events are one object with a count', async () => {
  const { client, clock } = await setUp(
    defineController<ConfigMap>({
      name: 'talker',
      for: ConfigMap,
      async reconcile(object, { event }) {
        if (object.metadata.name === 'loud') event(object, { reason: 'Said', message: 'the same' });
      },
    }),
  );
  await client.create(ConfigMap, configMap('loud'));
  await clock.settle();
  await client.patch(ConfigMap, { name: 'loud', namespace: 'default' }, { data: { a: '1' } });
  await clock.settle();
  const { items } = await client.list(Event, { namespace: 'default', fieldSelector: 'reason=Said' });
  expect(items.map(({ count, message }) => [count, message])).toEqual([[2, 'the same']]);
});

test('an object that rests is looked at once for many changes around it, and at once when its spec changes', async () => {
  const looks: number[] = [];
  const { client, clock } = await setUp(
    defineController<ReplicationController>({
      name: 'resting',
      for: ReplicationController,
      watches: [watching(ConfigMap, () => [{ name: 'many', namespace: 'default' }])],
      indexes: [indexing({ kind: ConfigMap, name: 'by-team', keys: ({ data }) => (data?.team ? [data.team] : []) })],
      rest: () => seconds(1),
      async reconcile(object, { clock: { now }, lister }) {
        if (object.metadata.name === 'many') looks.push(now() + lister(ConfigMap).indexed('by-team', 'a').length);
      },
    }),
  );
  const controller = { metadata: { name: 'many', namespace: 'default' }, spec: { replicas: 1, selector: { a: 'b' } } };
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  await client.create(ReplicationController, { ...controller, spec: { ...controller.spec, template } });
  await clock.settle();
  expect(looks).toEqual([0]);
  for (let i = 0; i < 5; i++) await client.create(ConfigMap, configMap(`c${i}`, { team: 'a' }));
  await clock.advance(seconds(5));
  expect(looks).toEqual([0, 1005]);
  await client.create(ConfigMap, configMap('late'));
  await client.patch(
    ReplicationController,
    { name: 'many', namespace: 'default' },
    { spec: { replicas: 2 } },
    { type: 'merge' },
  );
  await clock.settle();
  expect(looks.slice(2)).toEqual([5005, 5005]);
});
