// Where clusters live on this machine: one folder each, with what another process needs to know to find, ask and stop them.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, platform } from 'node:os';
import { join } from 'node:path';

/** What a running cluster says about itself; written once it is ready. */
export interface ClusterRecord {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  readonly port: number;
  /** `memory`, `sqlite` … */
  readonly store: string;
  readonly nodes: number;
  readonly zones: readonly string[];
  /** Milliseconds since the epoch, by the machine's clock. */
  readonly startedAt: number;
  readonly version: string;
}

export interface ClusterFolder {
  readonly name: string;
  readonly path: string;
  /** The user's private way in, mode 0600. */
  readonly kubeconfig: string;
  readonly log: string;
  readonly database: string;
  readonly pki: string;
}

/** `$PORTOLAN_HOME`, or the platform's folder for state. */
export function stateHome(environment: NodeJS.ProcessEnv): string {
  if (environment.PORTOLAN_HOME) return environment.PORTOLAN_HOME;
  if (platform() === 'darwin') return join(homedir(), 'Library', 'Application Support', 'portolan');
  if (platform() === 'win32') return join(environment.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'portolan');
  return join(environment.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'portolan');
}

export function clusterFolder(home: string, name: string, dataDir?: string): ClusterFolder {
  const path = join(home, 'clusters', name);
  const data = dataDir ?? path;
  return {
    name,
    path,
    kubeconfig: join(path, 'kubeconfig'),
    log: join(path, 'server.log'),
    database: join(data, 'store.db'),
    pki: join(data, 'pki'),
  };
}

export function makeFolder(folder: ClusterFolder): void {
  mkdirSync(folder.path, { recursive: true, mode: 0o700 });
}

export function clusterNames(home: string): string[] {
  try {
    return readdirSync(join(home, 'clusters'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [];
  }
}

const recordFile = (folder: ClusterFolder): string => join(folder.path, 'cluster.json');

export function readRecord(folder: ClusterFolder): ClusterRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(folder), 'utf8')) as ClusterRecord;
  } catch {
    return undefined;
  }
}

export function writeRecord(folder: ClusterFolder, record: ClusterRecord): void {
  writePrivate(recordFile(folder), `${JSON.stringify(record, undefined, 2)}\n`);
}

export function removeRecord(folder: ClusterFolder): void {
  rmSync(recordFile(folder), { force: true });
}

export function removeFolder(folder: ClusterFolder): void {
  rmSync(folder.path, { recursive: true, force: true });
}

/** Writes the whole file or nothing, readable by its owner only. */
export function writePrivate(file: string, content: string): void {
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, content, { mode: 0o600 });
  renameSync(draft, file);
}

/** Whether the process of a record lives and is ours still (a pid may have been given to another program since). */
export function isAlive(record: ClusterRecord): boolean {
  try {
    process.kill(record.pid, 0);
  } catch {
    return false;
  }
  try {
    return readFileSync(`/proc/${record.pid}/cmdline`, 'utf8').includes('portolan');
  } catch {
    return platform() !== 'linux';
  }
}
