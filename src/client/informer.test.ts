import { expect, test } from 'vitest';
import { seconds } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { virtualClock } from '../base/virtual-clock.ts';
import type { WatchEvent, WatchSource } from '../api/request.ts';
import { ConfigMap } from '../kinds/core/config-map.ts';
import { noSuchPath } from '../api/status.ts';
import type { Client } from './client.ts';
import { startInformer } from './informer.ts';

const object = (name: string, version: number): ConfigMap => ({
  metadata: { name, namespace: 'a', resourceVersion: String(version) },
});
const bookmark: WatchEvent<ConfigMap> = { type: 'BOOKMARK', object: object('', 9) };

/** A server that answers each watch with the next of these scripts, and remembers how to go on with the last one. */
function scripted(scripts: readonly (readonly WatchEvent<ConfigMap>[] | Error)[]) {
  const open: { send(events: readonly WatchEvent<ConfigMap>[]): void; end(): void }[] = [];
  let asked = 0;
  const client = {
    async watch(): Promise<WatchSource<WatchEvent<ConfigMap>>> {
      const script = scripts[asked++];
      if (!script || script instanceof Error) throw script ?? new Error('no more watches');
      return {
        subscribe(sink, end) {
          open.push({ send: sink, end });
          sink(script);
          return () => {};
        },
      };
    },
  } as unknown as Client;
  return { client, last: () => open.at(-1), asked: () => asked };
}

const start = (client: Client) => {
  const clock = virtualClock(0);
  const signal = new AbortController().signal;
  return { clock, mirror: startInformer(ConfigMap, { client, clock, log: silentLog, signal }) };
};

test('the mirror shows what was there at the start, then every change', async () => {
  const { client, last } = scripted([
    [{ type: 'ADDED', object: object('x', 1) }, { type: 'ADDED', object: object('y', 2) }, bookmark],
  ]);
  const mirror = await start(client).mirror;
  expect(mirror.list().map(({ metadata }) => metadata.name)).toEqual(['x', 'y']);
  last()?.send([
    { type: 'MODIFIED', object: object('x', 3) },
    { type: 'DELETED', object: object('y', 4) },
  ]);
  expect(mirror.list().map(({ metadata }) => metadata.resourceVersion)).toEqual(['3']);
});

test('a watch that ends begins again, and what changed meanwhile is told as changes', async () => {
  const { client, last } = scripted([
    [{ type: 'ADDED', object: object('x', 1) }, { type: 'ADDED', object: object('y', 2) }, bookmark],
    [{ type: 'ADDED', object: object('y', 2) }, { type: 'ADDED', object: object('z', 5) }, bookmark],
  ]);
  const { clock, mirror: started } = start(client);
  const mirror = await started;
  const told: string[] = [];
  mirror.subscribe((changes) => {
    for (const { object: now, previous } of changes)
      told.push(`${now ? 'is' : 'gone'} ${(now ?? previous)?.metadata.name}`);
  });
  last()?.end();
  await clock.settle();
  expect(told.sort()).toEqual(['gone x', 'is z']);
});

test('a server that refuses is asked again after ever longer pauses', async () => {
  const { client, last, asked } = scripted([
    [bookmark],
    new Error('busy'),
    new Error('busy'),
    [{ type: 'ADDED', object: object('x', 1) }, bookmark],
  ]);
  const { clock, mirror: started } = start(client);
  const mirror = await started;
  last()?.end();
  await clock.settle();
  expect(asked()).toBe(2);
  await clock.advance(seconds(1));
  expect(asked()).toBe(3);
  await clock.advance(seconds(2));
  expect(asked()).toBe(4);
  expect(mirror.size).toBe(1);
});

test('a watch that breaks off with an error begins again after a pause, before and after it has told what there is', async () => {
  const broken = { type: 'ERROR', object: { status: 'Failure', message: 'no' } } as unknown as WatchEvent<ConfigMap>;
  const { client, last, asked } = scripted([
    [broken],
    [{ type: 'ADDED', object: object('x', 1) }, bookmark],
    [{ type: 'ADDED', object: object('y', 2) }, bookmark],
  ]);
  const { clock, mirror: started } = start(client);
  await clock.settle();
  last()?.end();
  const mirror = await started;
  expect(mirror.size).toBe(0);
  await clock.advance(seconds(1));
  expect(mirror.list().map(({ metadata }) => metadata.name)).toEqual(['x']);
  last()?.send([broken]);
  last()?.end();
  await clock.settle();
  expect(asked()).toBe(2);
  await clock.advance(seconds(1));
  expect(mirror.list().map(({ metadata }) => metadata.name)).toEqual(['y']);
});

test('a kind that is served no more leaves an empty mirror, and nobody asks again', async () => {
  const { client, last, asked } = scripted([[{ type: 'ADDED', object: object('x', 1) }, bookmark], noSuchPath()]);
  const { clock, mirror: started } = start(client);
  const mirror = await started;
  last()?.end();
  await clock.advance(seconds(10));
  expect(mirror.list()).toEqual([]);
  expect(asked()).toBe(2);
});

test('a kind that nobody serves has no objects', async () => {
  const { client, asked } = scripted([noSuchPath()]);
  expect((await start(client).mirror).list()).toEqual([]);
  expect(asked()).toBe(1);
});
