// The durable store passes the suite, survives kill -9, and says what to do when its file cannot be used.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { textOf, utf8 } from '../base/bytes.ts';
import { virtualClock } from '../base/virtual-clock.ts';
import { storeConformance } from '../store/conformance.ts';
import { openSqliteStore } from './sqlite-store.ts';

let folder = '';
let files = 0;
const newFile = (): string => join(folder, `${files++}.db`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portolan-store-'));
});
afterAll(() => rm(folder, { recursive: true }));

const clock = virtualClock(0);

storeConformance(
  'sqlite',
  async (clock) => {
    const file = newFile();
    const store = await openSqliteStore({ file, clock });
    return {
      store,
      async reopen() {
        await store.close();
        return openSqliteStore({ file, clock });
      },
    };
  },
  { runs: 15 },
);

/** The program that is killed: it commits as fast as it can, eight at once, and says what was acknowledged. */
const committer = `
  import { openSqliteStore } from ${JSON.stringify(new URL('./sqlite-store.ts', import.meta.url).href)};
  import { realClock } from ${JSON.stringify(new URL('./real-clock.ts', import.meta.url).href)};
  const store = await openSqliteStore({ file: process.argv[1], clock: realClock() });
  await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(async (lane) => {
    for (let i = 0; ; i++) {
      const value = i % 7 === 6 ? undefined : new TextEncoder().encode(String(i));
      const { revision } = await store.commit({ key: 'k' + lane + '/' + (i % 50), value });
      process.stdout.write([revision, lane, i].join(' ') + '\\n');
    }
  }));`;

function startCommitter(file: string): ChildProcess {
  return spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', committer, file],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
}

interface Acknowledged {
  readonly revision: number;
  readonly lane: number;
  readonly count: number;
}

const keyOf = (lane: number, count: number): string => `k${lane}/${count % 50}`;
const textAfter = (count: number): string | undefined => (count % 7 === 6 ? undefined : String(count));

/** Lets the committer run until it has acknowledged this many writes, then kills it; returns all it acknowledged. */
async function killAfter(file: string, enough: number): Promise<Acknowledged[]> {
  const child = startCommitter(file);
  const acknowledged: Acknowledged[] = [];
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const [revision = 0, lane = 0, count] = line.split(' ').map(Number);
    if (count === undefined) continue;
    acknowledged.push({ revision, lane, count });
    if (acknowledged.length === enough) child.kill('SIGKILL');
  }
  return acknowledged;
}

test('what was acknowledged before kill -9 is there afterwards, round after round', { timeout: 30_000 }, async () => {
  const file = newFile();
  const expected = new Map<string, string | undefined>();
  let revision = 0;
  for (const enough of [1, 150, 400]) {
    const acknowledged = await killAfter(file, enough);
    for (const { lane, count } of acknowledged) expected.set(keyOf(lane, count), textAfter(count));
    revision = Math.max(revision, ...acknowledged.map((write) => write.revision));

    const store = await openSqliteStore({ file, clock });
    expect(store.revision()).toBeGreaterThanOrEqual(revision);
    // The one write each lane had under way may or may not have taken place.
    for (const { key, now, otherwise } of underWay(acknowledged, expected)) {
      const entry = await store.get(key);
      const text = entry && textOf(entry.value);
      expect([now, otherwise]).toContain(text);
      expected.set(key, text);
    }
    const { entries } = await store.list({ prefix: '' });
    const kept = [...expected].filter(([, text]) => text !== undefined);
    expect(new Map(entries.map(({ key, value }) => [key, textOf(value)]))).toEqual(new Map(kept));
    revision = store.revision();
    await store.close();
  }
});

function underWay(acknowledged: readonly Acknowledged[], expected: ReadonlyMap<string, string | undefined>) {
  return Array.from({ length: 8 }, (_, lane) => {
    const done = acknowledged.filter((write) => write.lane === lane).length;
    const key = keyOf(lane, done);
    return { key, now: expected.get(key), otherwise: textAfter(done) };
  });
}

test('the revision does not go back when the newest key was deleted', async () => {
  const file = newFile();
  const store = await openSqliteStore({ file, clock });
  await store.commit({ key: 'a', value: utf8('1') });
  await store.commit({ key: 'a', value: undefined });
  await store.close();
  const again = await openSqliteStore({ file, clock });
  expect(again.revision()).toBe(2);
  expect(await again.commit({ key: 'a', value: utf8('1'), expect: 0 })).toMatchObject({ revision: 3 });
  await again.close();
});

test('a store in use says so, to another process and to this one', { timeout: 20_000 }, async () => {
  const file = newFile();
  const child = startCommitter(file);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  await expect(openSqliteStore({ file, clock })).rejects.toThrow('is in use by another process: stop that one');
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await closed;
  const store = await openSqliteStore({ file, clock });
  await expect(openSqliteStore({ file, clock })).rejects.toThrow('is in use');
  await store.close();
});

test('a damaged file, and one that is not a store, are refused and left alone', async () => {
  const [damaged, foreign] = [newFile(), newFile()];
  await writeFile(damaged, 'this was a database once, but no longer'.repeat(1000));
  await expect(openSqliteStore({ file: damaged, clock })).rejects.toThrow(
    /is damaged .*restore it from a copy, or move it away/,
  );
  expect((await readFile(damaged, 'utf8')).startsWith('this was')).toBe(true);

  const other = new DatabaseSync(foreign);
  other.exec('CREATE TABLE t (x)');
  other.close();
  await expect(openSqliteStore({ file: foreign, clock })).rejects.toThrow(
    "is not a store but some other program's database",
  );
});

test('a file whose middle was overwritten is refused, not half read', async () => {
  const file = newFile();
  const store = await openSqliteStore({ file, clock });
  await Promise.all(Array.from({ length: 500 }, (_, i) => store.commit({ key: `k${i}`, value: new Uint8Array(500) })));
  await store.close();
  const bytes = await readFile(file);
  bytes.fill(0xff, 8192, bytes.length - 4096);
  await writeFile(file, bytes);
  await expect(openSqliteStore({ file, clock })).rejects.toThrow('is damaged');
});

test('the place it cannot be written to is named', async () => {
  await expect(openSqliteStore({ file: join(folder, 'missing', 'a.db'), clock })).rejects.toThrow(
    /The store .*missing.* cannot be read or written/,
  );
});
