// What every Store must do, sentence by sentence of store.ts: one suite that all implementations pass.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seconds } from '../base/clock.ts';
import { type VirtualClock, virtualClock } from '../base/virtual-clock.ts';
import { textOf, utf8 } from '../base/bytes.ts';
import { type Change, type Entry, type Revision, RevisionError, type Store, type Write } from './store.ts';

export interface Opened {
  readonly store: Store;
  /** Closes the store and opens it again with what it held; left out where nothing survives. */
  readonly reopen?: () => Promise<Store>;
  /** Removes what was left behind. */
  readonly remove?: () => Promise<void>;
}

export type OpenStore = (clock: VirtualClock) => Promise<Opened>;

const start = 1_000_000;
const value = (text: string): Uint8Array => utf8(text);
const shown = (entry: Entry | undefined) => entry && `${entry.key}=${textOf(entry.value)}@${entry.revision}`;
const told = ({ key, revision, value, previous }: Change) =>
  `${key}${value ? `=${textOf(value)}` : ' deleted'}@${revision} was ${shown(previous) ?? 'nothing'}`;

/** Writes, and expects that to succeed. */
async function put(store: Store, key: string, text: string, more: Partial<Write> = {}): Promise<Revision> {
  const outcome = await store.commit({ key, value: value(text), ...more });
  if (!outcome.ok) throw new Error(`${key} was not written: it holds ${shown(outcome.current)}`);
  return outcome.revision;
}

/** @param options.runs how many random sequences of calls are compared with the model (default 60) */
export function storeConformance(name: string, open: OpenStore, { runs = 60 }: { readonly runs?: number } = {}): void {
  /** A test with a store of its own. */
  function storeTest(sentence: string, check: (opened: Opened, clock: VirtualClock) => Promise<void>): void {
    test(`${name}: ${sentence}`, async () => {
      const clock = virtualClock(start);
      const opened = await open(clock);
      try {
        await check(opened, clock);
      } finally {
        await opened.store.close();
        await opened.remove?.();
      }
    });
  }

  readingAndWriting(storeTest);
  history(storeTest);
  watching(storeTest);
  lifetimes(storeTest);
  closing(storeTest);
  surviving(name, open);
  modelled(name, open, runs);
}

type StoreTest = (sentence: string, check: (opened: Opened, clock: VirtualClock) => Promise<void>) => void;

function readingAndWriting(storeTest: StoreTest): void {
  storeTest('begins empty, at revision 0', async ({ store }) => {
    expect(store.revision()).toBe(0);
    expect(await store.get('a')).toBeUndefined();
    expect(await store.list({ prefix: '' })).toEqual({ entries: [], revision: 0, remaining: 0 });
  });

  storeTest('every committed write of the whole store makes the revision one larger', async ({ store }) => {
    expect([await put(store, 'a', '1'), await put(store, 'b', '1'), await put(store, 'a', '1')]).toEqual([1, 2, 3]);
    expect(await store.commit({ key: 'a', value: undefined })).toMatchObject({ ok: true, revision: 4 });
    expect(store.revision()).toBe(4);
  });

  storeTest('a write answers with what the key held before', async ({ store }) => {
    expect(await store.commit({ key: 'a', value: value('1') })).toEqual({ ok: true, revision: 1, previous: undefined });
    const outcome = await store.commit({ key: 'a', value: value('2') });
    expect(outcome.ok && shown(outcome.previous)).toBe('a=1@1');
    expect(shown(await store.get('a'))).toBe('a=2@2');
  });

  storeTest(
    'a write that expects another revision is answered with what is there, and changes nothing',
    async ({ store }) => {
      await put(store, 'a', '1');
      const lost = await store.commit({ key: 'a', value: value('2'), expect: 0 });
      expect(!lost.ok && shown(lost.current)).toBe('a=1@1');
      expect(await store.commit({ key: 'b', value: undefined, expect: 1 })).toEqual({ ok: false, current: undefined });
      expect(store.revision()).toBe(1);
      expect(await put(store, 'a', '2', { expect: 1 })).toBe(2);
      expect(await put(store, 'c', '1', { expect: 0 })).toBe(3);
    },
  );

  storeTest('deleting what does not exist succeeds and uses no revision', async ({ store }) => {
    await put(store, 'a', '1');
    expect(await store.commit({ key: 'b', value: undefined })).toEqual({ ok: true, revision: 1, previous: undefined });
    expect(store.revision()).toBe(1);
  });

  storeTest('writes under way at once are decided in order, each on top of the last', async ({ store }) => {
    const outcomes = await Promise.all([
      store.commit({ key: 'a', value: value('1'), expect: 0 }),
      store.commit({ key: 'a', value: value('2'), expect: 0 }),
      store.commit({ key: 'a', value: value('3'), expect: 1 }),
      store.commit({ key: 'a', value: undefined, expect: 2 }),
      store.commit({ key: 'a', value: value('4'), expect: 0 }),
    ]);
    expect(outcomes.map((outcome) => (outcome.ok ? outcome.revision : shown(outcome.current)))).toEqual([
      1,
      'a=1@1',
      2,
      3,
      4,
    ]);
    expect(shown(await store.get('a'))).toBe('a=4@4');
  });

  storeTest('lists keys under a prefix, in byte order, page by page', async ({ store }) => {
    const keys = ['/p/a', '/p/a/b', '/p/B', '/p/\u{1f600}', '/p/\uffee', '/p/é', '/q', '/p'];
    for (const key of keys) await put(store, key, 'x');
    const ordered = ['/p/B', '/p/a', '/p/a/b', '/p/é', '/p/\uffee', '/p/\u{1f600}'];
    const all = await store.list({ prefix: '/p/' });
    expect(all.entries.map(({ key }) => key)).toEqual(ordered);
    expect([all.revision, all.remaining]).toEqual([8, 0]);

    const page = await store.list({ prefix: '/p/', limit: 2, after: '/p/a' });
    expect(page.entries.map(({ key }) => key)).toEqual(ordered.slice(2, 4));
    expect(page.remaining).toBe(2);
    expect((await store.list({ prefix: '/p/', after: '/p/\u{1f600}' })).entries).toEqual([]);
  });
}

function history(storeTest: StoreTest): void {
  storeTest('reads are as of any revision that is not compacted', async ({ store }) => {
    await put(store, 'a', '1');
    await put(store, 'b', '1');
    await store.commit({ key: 'a', value: undefined });
    await put(store, 'a', '2');
    const seen = [];
    for (let at = 0; at <= 4; at++) seen.push((await store.list({ prefix: '', at })).entries.map(shown).join(' '));
    expect(seen).toEqual(['', 'a=1@1', 'a=1@1 b=1@2', 'b=1@2', 'a=2@4 b=1@2']);
    expect(shown(await store.get('a', 2))).toBe('a=1@1');
    expect(await store.get('a', 3)).toBeUndefined();
  });

  storeTest('a page of an old listing counts what was there then', async ({ store }) => {
    for (const key of ['a', 'b', 'c', 'd']) await put(store, key, '1');
    const first = await store.list({ prefix: '', limit: 2 });
    await store.commit({ key: 'c', value: undefined });
    await put(store, 'bb', '1');
    const second = await store.list({ prefix: '', limit: 1, after: 'b', at: first.revision });
    expect([second.entries.map(({ key }) => key), second.remaining, second.revision]).toEqual([['c'], 1, 4]);
  });

  storeTest('what was before a compaction is refused, what it left is there', async ({ store }) => {
    await put(store, 'a', '1');
    await put(store, 'a', '2');
    await store.commit({ key: 'a', value: undefined });
    await put(store, 'a', '3');
    await store.compact(3);
    expect(await store.get('a', 3)).toBeUndefined();
    expect(shown(await store.get('a', 4))).toBe('a=3@4');
    await expect(store.get('a', 2)).rejects.toMatchObject({ reason: 'compacted', revision: 2 });
    await expect(store.list({ prefix: '', at: 0 })).rejects.toBeInstanceOf(RevisionError);
    expect(() => store.watch('', 2, () => {})).toThrow('revision 2 has been compacted');
    await store.compact(1);
    expect(await store.get('a', 3)).toBeUndefined();
  });

  storeTest('revisions in the future are refused', async ({ store }) => {
    await put(store, 'a', '1');
    await expect(store.get('a', 2)).rejects.toMatchObject({ reason: 'future', revision: 2 });
    await expect(store.list({ prefix: '', at: 2 })).rejects.toThrow('revision 2 is in the future');
    await expect(store.compact(2)).rejects.toBeInstanceOf(RevisionError);
    expect(() => store.watch('', 2, () => {})).toThrow(RevisionError);
  });
}

function watching(storeTest: StoreTest): void {
  storeTest(
    'a watch tells what is past before it returns, and what comes before the commit resolves',
    async ({ store }) => {
      await put(store, 'a/1', 'x');
      await put(store, 'b/1', 'x');
      await put(store, 'a/1', 'y');
      const seen: string[] = [];
      store.watch('a/', 0, (changes) => seen.push(...changes.map(told)));
      expect(seen).toEqual(['a/1=x@1 was nothing', 'a/1=y@3 was a/1=x@1']);
      const seenAtResolution = store.commit({ key: 'a/1', value: undefined }).then(() => seen.at(-1));
      expect(await seenAtResolution).toBe('a/1 deleted@4 was a/1=y@3');
      await put(store, 'b/1', 'z');
      expect(seen).toHaveLength(3);
    },
  );

  storeTest('a watch starts after its revision and ends when stopped', async ({ store }) => {
    await put(store, 'a', '1');
    const seen: string[] = [];
    const stop = store.watch('', 1, (changes) => seen.push(...changes.map(told)));
    await put(store, 'a', '2');
    stop();
    stop();
    await put(store, 'a', '3');
    expect(seen).toEqual(['a=2@2 was a=1@1']);
  });

  storeTest('a sink may read the newest state, watch and stop watching', async ({ store }) => {
    const revisions: Revision[] = [];
    const late: Revision[] = [];
    const stop = store.watch('', 0, (changes) => {
      revisions.push(store.revision());
      stop();
      store.watch('', (changes.at(-1)?.revision ?? 1) - 1, (more) =>
        late.push(...more.map(({ revision }) => revision)),
      );
    });
    await put(store, 'a', '1');
    await put(store, 'a', '2');
    expect([revisions, late]).toEqual([[1], [1, 2]]);
  });

  storeTest('a lost compare and a deletion of nothing are told to nobody', async ({ store }) => {
    const seen: Change[] = [];
    store.watch('', 0, (changes) => seen.push(...changes));
    await store.commit({ key: 'a', value: value('1'), expect: 7 });
    await store.commit({ key: 'a', value: undefined });
    expect(seen).toEqual([]);
  });
}

function lifetimes(storeTest: StoreTest): void {
  storeTest('a key with a lifetime is deleted when it is over, as any other deletion', async ({ store }, clock) => {
    const seen: string[] = [];
    store.watch('', 0, (changes) => seen.push(...changes.map(told)));
    await put(store, 'a', '1', { lifetime: seconds(10) });
    await clock.advance(seconds(10) - 1);
    expect(shown(await store.get('a'))).toBe('a=1@1');
    await clock.advance(1);
    await until(() => store.revision() === 2);
    expect(await store.get('a')).toBeUndefined();
    expect(seen).toEqual(['a=1@1 was nothing', 'a deleted@2 was a=1@1']);
  });

  storeTest('a later write ends the lifetime of an earlier one', async ({ store }, clock) => {
    await put(store, 'a', '1', { lifetime: seconds(10) });
    await put(store, 'b', '1', { lifetime: seconds(20) });
    await clock.advance(seconds(5));
    await put(store, 'a', '2', { lifetime: seconds(10) });
    await put(store, 'b', '2');
    await clock.advance(seconds(9));
    expect(shown(await store.get('a'))).toBe('a=2@3');
    await clock.advance(seconds(1000));
    await until(() => store.revision() === 5);
    expect((await store.list({ prefix: '' })).entries.map(shown)).toEqual(['b=2@4']);
  });
}

function closing(storeTest: StoreTest): void {
  storeTest('closing finishes what is under way; later calls are refused', async ({ store }, clock) => {
    const under = put(store, 'a', '1', { lifetime: seconds(1) });
    const closed = store.close();
    expect(await under).toBe(1);
    await closed;
    await store.close();
    await expect(store.get('a')).rejects.toThrow('closed');
    await expect(store.list({ prefix: '' })).rejects.toThrow('closed');
    await expect(store.commit({ key: 'a', value: value('2') })).rejects.toThrow('closed');
    expect(clock.pending()).toBe(0);
  });
}

/** What must survive a reopening, where anything does. */
function surviving(name: string, open: OpenStore): void {
  test(`${name}: a reopened store holds what was committed and goes on from its revision`, async () => {
    const clock = virtualClock(start);
    const { store, reopen, remove } = await open(clock);
    await put(store, 'a', '1');
    await put(store, 'b', '2', { lifetime: seconds(10) });
    await put(store, 'c', '3', { lifetime: seconds(30) });
    await put(store, 'd', '4');
    await store.commit({ key: 'd', value: undefined });
    if (reopen) {
      const again = await reopen();
      expect(again.revision()).toBe(5);
      expect((await again.list({ prefix: '' })).entries.map(shown)).toEqual(['a=1@1', 'b=2@2', 'c=3@3']);
      expect(() => again.watch('', 4, () => {})).toThrow(RevisionError);
      await clock.advance(seconds(10));
      await until(() => again.revision() === 6);
      expect((await again.list({ prefix: '' })).entries.map(shown)).toEqual(['a=1@1', 'c=3@3']);
      expect(await put(again, 'a', '5', { expect: 1 })).toBe(7);
      await again.close();
    } else {
      await store.close();
    }
    await remove?.();
  });
}

/** Waits, in real time, for what needs another thread or process. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !holds(); i++) await virtualClock(0).settle();
  expect(holds()).toBe(true);
}

interface PlannedWrite {
  readonly key: string;
  readonly delete: boolean;
  readonly expect: 'none' | 'right' | 'wrong' | 'absent';
}

type Command =
  /** Started at once, one after the other. */
  | { readonly do: 'write'; readonly writes: readonly PlannedWrite[] }
  | { readonly do: 'read'; readonly back: number; readonly limit: number }
  | { readonly do: 'watch'; readonly prefix: string; readonly back: number }
  | { readonly do: 'compact'; readonly back: number };

const keys = fc.constantFrom('a', 'a/1', 'a/2', 'b', 'b/1', 'é');
const back = fc.nat(6);
const write = fc.record<PlannedWrite>({
  key: keys,
  delete: fc.boolean(),
  expect: fc.constantFrom('none', 'right', 'wrong', 'absent'),
});
const commands = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('write' as const),
        writes: fc.array(write, { minLength: 1, maxLength: 4 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('read' as const), back, limit: fc.nat(3) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('watch' as const), prefix: fc.constantFrom('', 'a', 'a/', 'b'), back }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const), back }) },
  ),
  { maxLength: 40 },
);

/** The obviously right store: a list of all changes there ever were. */
interface Model {
  readonly changes: Change[];
  compacted: Revision;
}

function stateAt({ changes }: Model, at: Revision): Map<string, Entry> {
  const state = new Map<string, Entry>();
  for (const { key, revision, value: bytes } of changes.slice(0, at)) {
    if (bytes) state.set(key, { key, value: bytes, revision });
    else state.delete(key);
  }
  return state;
}

function modelled(name: string, open: OpenStore, runs: number): void {
  test(`${name}: does what the plainest model does, whatever the order of calls`, { timeout: 20_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (sequence) => {
        const { store, remove } = await open(virtualClock(start));
        const model: Model = { changes: [], compacted: 0 };
        const watches: { readonly seen: Change[]; readonly expected: () => readonly Change[] }[] = [];
        for (const command of sequence) await play(command, store, model, watches);
        for (const { seen, expected } of watches) expect(seen.map(told)).toEqual(expected().map(told));
        await store.close();
        await remove?.();
      }),
      { seed: 1, numRuns: runs },
    );
  });
}

async function play(
  command: Command,
  store: Store,
  model: Model,
  watches: { readonly seen: Change[]; readonly expected: () => readonly Change[] }[],
): Promise<void> {
  const newest = model.changes.length;
  const refused = (at: Revision): boolean => at < model.compacted;
  if (command.do === 'write') {
    await Promise.all(command.writes.map((write) => playWrite(write, store, model)));
    expect(store.revision()).toBe(model.changes.length);
    return;
  }
  const at = Math.max(0, newest - command.back);
  if (command.do === 'compact') {
    await store.compact(at);
    model.compacted = Math.max(model.compacted, at);
  } else if (command.do === 'watch') {
    const seen: Change[] = [];
    const start = (): unknown => store.watch(command.prefix, at, (changes) => seen.push(...changes));
    if (refused(at)) expect(start).toThrow(RevisionError);
    else {
      start();
      watches.push({
        seen,
        expected: () => model.changes.slice(at).filter(({ key }) => key.startsWith(command.prefix)),
      });
    }
  } else if (refused(at)) {
    await expect(store.list({ prefix: '', at })).rejects.toBeInstanceOf(RevisionError);
  } else {
    const there = [...stateAt(model, at).values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    const listing = await store.list({ prefix: '', at, limit: command.limit });
    expect(listing.entries.map(shown)).toEqual(there.slice(0, command.limit).map(shown));
    expect(listing.remaining).toBe(Math.max(0, there.length - command.limit));
    for (const entry of there) expect(shown(await store.get(entry.key, at))).toBe(shown(entry));
  }
}

/** Starts the write, decides what the model makes of it, and compares. */
async function playWrite(write: PlannedWrite, store: Store, model: Model): Promise<void> {
  const { key } = write;
  const newest = model.changes.length;
  const previous = stateAt(model, newest).get(key);
  const now = previous?.revision ?? 0;
  const expected = { none: undefined, right: now, wrong: now + 1, absent: 0 }[write.expect];
  const bytes = write.delete ? undefined : value(String(newest));
  const under = store.commit({ key, value: bytes, ...(expected !== undefined && { expect: expected }) });
  if (expected !== undefined && expected !== now) {
    const outcome = await under;
    expect(!outcome.ok && shown(outcome.current)).toBe(shown(previous));
    return;
  }
  if (bytes || previous) model.changes.push({ key, revision: newest + 1, value: bytes, previous });
  const revision = model.changes.length;
  const outcome = await under;
  expect(outcome.ok && shown(outcome.previous)).toBe(shown(previous));
  expect(outcome.ok && outcome.revision).toBe(revision);
}
