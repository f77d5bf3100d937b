// The durable store of one machine: everything in memory, every write on disk before it is answered.

import { Worker } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';
import { type Journal, type JournalRecord, journaledStore } from '../store/journaled-store.ts';
import type { Store } from '../store/store.ts';
import { versions } from '../store/versions.ts';
import type { Window } from '../store/window.ts';
import { type Batch, FileError, inUse, loadFile } from './sqlite-file.ts';
import type { Answer, Request } from './sqlite-worker.ts';

export interface SqliteStoreOptions {
  readonly file: string;
  readonly clock: Clock;
  /** How much history is kept in memory (default: five minutes). None survives a reopening. */
  readonly window?: Window;
}

/**
 * Opens or creates the store in a file, for this process alone.
 * @throws FileError saying what to do when the file is in use, damaged, or not a store
 */
export async function openSqliteStore({ file, clock, window }: SqliteStoreOptions): Promise<Store> {
  const thread = startThread(file);
  try {
    const { revision, rows } = loadFile(file);
    // Between loading and taking the file, another process may have had it.
    if ((await thread.ask({ do: 'open' })) !== revision) throw inUse(file);
    return journaledStore({
      clock,
      versions: versions(
        rows.map(([key, value, revision]) => ({ key, value, revision })),
        revision,
      ),
      lifetimes: rows.flatMap(([key, , revision, expires]) => (expires === null ? [] : { key, revision, expires })),
      journal: journalOf(thread),
      ...(window && { window }),
    });
  } catch (error) {
    await thread.end();
    throw error;
  }
}

interface Thread {
  /** One request at a time. Resolves with the file's revision when it was opened. */
  ask(request: Request, transfer?: ArrayBuffer[]): Promise<number>;
  end(): Promise<void>;
}

function startThread(file: string): Thread {
  // The thread runs the file beside this one: TypeScript in the source, JavaScript when built.
  const name = import.meta.url.endsWith('.ts') ? './sqlite-worker.ts' : './sqlite-worker.js';
  const worker = new Worker(new URL(name, import.meta.url), {
    workerData: { file },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  let answered: (answer: Answer) => void = () => {};
  let gone: Error | undefined;

  function end(error: Error): void {
    gone ??= error;
    answered({ ok: false, message: gone.message });
  }
  worker.on('message', (answer: Answer) => answered(answer));
  worker.on('error', end);
  worker.on('exit', () => end(new Error(`The thread of the store ${file} ended`)));
  worker.unref();

  return {
    async ask(request, transfer = []) {
      if (gone) throw gone;
      // Only a request under way keeps the process alive.
      worker.ref();
      const answer = await new Promise<Answer>((resolve) => {
        answered = resolve;
        worker.postMessage(request, transfer);
      });
      worker.unref();
      if (!answer.ok) throw new FileError(answer.message);
      return answer.revision;
    },
    async end() {
      await worker.terminate();
    },
  };
}

function journalOf(thread: Thread): Journal {
  return {
    async write(records) {
      const batch = batchOf(records);
      await thread.ask({ do: 'write', batch }, [batch.bytes.buffer]);
    },
    async close() {
      await thread.ask({ do: 'close' });
      await thread.end();
    },
  };
}

/** What the records leave of each key, packed. */
function batchOf(records: readonly JournalRecord[]): Batch {
  const last = [...new Map(records.map((record) => [record.key, record])).values()];
  const bytes = new Uint8Array(last.reduce((sum, { value }) => sum + (value?.length ?? 0), 0));
  let offset = 0;
  for (const { value } of last) {
    if (!value) continue;
    bytes.set(value, offset);
    offset += value.length;
  }
  return {
    revision: records.at(-1)?.revision ?? 0,
    bytes,
    rows: last.map(({ key, value, revision, expires }) => [key, revision, expires ?? null, value ? value.length : -1]),
  };
}
