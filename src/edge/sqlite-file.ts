// The SQLite file of a store: its layout, loading it whole, and writing a batch as one transaction that is on disk when it returns.

import { DatabaseSync } from 'node:sqlite';

/** Several rows in one piece that is cheap to hand to another thread: the values stand one after the other in `bytes`. */
export interface Batch {
  /** The store's newest revision with this batch. */
  readonly revision: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** In each: key, revision, expires, and how many bytes the value has; -1 deletes the key. */
  readonly rows: readonly (readonly [string, number, number | null, number])[];
}

/** Key, value, revision, and when it expires by the cluster's clock. */
export type Row = readonly [string, Uint8Array, number, number | null];

export interface Contents {
  readonly revision: number;
  readonly rows: readonly Row[];
}

/** A file that cannot be used; the message says what to do. */
export class FileError extends Error {}

/** Marks the file as ours ("prtl") in SQLite's header. */
const applicationId = 0x7072746c;
const layout = 1;

const create = `
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${layout};
  CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL, expires REAL) STRICT;
  CREATE TABLE newest (revision INTEGER NOT NULL) STRICT;
  INSERT INTO newest VALUES (0)`;

/**
 * Opens or creates a store's file and reads what it holds.
 * @throws FileError
 */
export function loadFile(file: string): Contents {
  return explaining(file, () => {
    using database = openDatabase(file, 'NORMAL');
    const revision = newestRevision(database);
    database.exec('PRAGMA mmap_size = 1073741824');
    const all = database.prepare('SELECT key, value, revision, expires FROM entries');
    all.setReturnArrays(true);
    return { revision, rows: all.all() as unknown as Row[] };
  });
}

/** Holds the file until it is closed, or the process is gone. */
export interface FileWriter {
  readonly revision: number;
  /** On disk when it returns. @throws FileError, and then nothing of the batch is written */
  write(batch: Batch): void;
  close(): void;
}

/** @throws FileError when another process holds the file */
export function openWriter(file: string): FileWriter {
  return explaining(file, () => {
    const database = openDatabase(file, 'EXCLUSIVE');
    const write = batchWriter(database);
    return {
      revision: newestRevision(database),
      write: (batch) => explaining(file, () => write(batch)),
      close: () => database.close(),
    };
  });
}

/** An exclusive lock is taken by the first transaction and kept. */
function openDatabase(file: string, locking: 'NORMAL' | 'EXCLUSIVE'): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec(`PRAGMA locking_mode = ${locking}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`);
    database.exec('BEGIN IMMEDIATE');
    const tables = numberOf(database, 'SELECT count(*) FROM sqlite_schema');
    if (tables === 0) database.exec(create);
    checkLayout(database, file);
    database.exec('COMMIT');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function checkLayout(database: DatabaseSync, file: string): void {
  const [id, version] = [numberOf(database, 'PRAGMA application_id'), numberOf(database, 'PRAGMA user_version')];
  if (id !== applicationId) {
    throw new FileError(`${file} is not a store but some other program's database: choose another data directory`);
  }
  if (version !== layout) {
    throw new FileError(
      `The store ${file} has layout ${version}, and this version reads ${layout}: use the version that wrote it`,
    );
  }
}

const newestRevision = (database: DatabaseSync): number => numberOf(database, 'SELECT revision FROM newest');

function numberOf(database: DatabaseSync, query: string): number {
  return Number(Object.values(database.prepare(query).get() ?? {})[0]);
}

function batchWriter(database: DatabaseSync): (batch: Batch) => void {
  const put = database.prepare(`
    INSERT INTO entries VALUES (?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision, expires = excluded.expires`);
  const remove = database.prepare('DELETE FROM entries WHERE key = ?');
  const advance = database.prepare('UPDATE newest SET revision = ?');

  function write({ rows, bytes, revision }: Batch): void {
    let offset = 0;
    for (const [key, written, expires, length] of rows) {
      if (length < 0) remove.run(key);
      else put.run(key, bytes.subarray(offset, (offset += length)), written, expires);
    }
    advance.run(revision);
  }

  return (batch) => {
    database.exec('BEGIN IMMEDIATE');
    try {
      write(batch);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
}

/** Turns SQLite's errors into ones that say what to do. */
function explaining<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof Error && 'errcode' in error
      ? explained(file, Number(error.errcode) & 0xff, error.message)
      : error;
  }
}

/** @param code SQLite's primary result code */
function explained(file: string, code: number, message: string): FileError {
  switch (code) {
    case 5: // BUSY
    case 6: // LOCKED
      return inUse(file);
    case 11: // CORRUPT
    case 26: // NOTADB
      return new FileError(
        `The store ${file} is damaged (${message}): restore it from a copy, or move it away to begin anew`,
      );
    default:
      return new FileError(`The store ${file} cannot be read or written: ${message}`);
  }
}

export const inUse = (file: string): FileError =>
  new FileError(`The store ${file} is in use by another process: stop that one, or choose another data directory`);
