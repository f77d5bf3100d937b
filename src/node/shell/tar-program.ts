// `tar` in a simulated container: create, extract and list, from and to stdin, stdout or a file. What `kubectl cp` needs.

import { concat } from '../../base/bytes.ts';
import { absolute, type Files } from './files.ts';
import type { Task } from './task.ts';
import { type ArchiveEntry, readArchive, writeArchive } from './tar.ts';

/** An archive that is none; the message follows the program's name. */
export class ArchiveFault extends Error {}

interface Call {
  readonly mode: 'c' | 'x' | 't' | undefined;
  readonly file: string;
  readonly folder: string;
  readonly verbose: boolean;
  /** Leading parts of names to leave out when extracting. */
  readonly strip: number;
  readonly names: readonly string[];
}

export async function tar(args: readonly string[], task: Task): Promise<number> {
  const call = callOf(args, task);
  if (call.mode === 'c') return create(call, task);
  if (call.mode === undefined) throw new ArchiveFault('one of c, x or t is needed');
  const bytes =
    call.file === '-' ? await task.stdin.all() : task.machine.files.read(absolute(call.file, task.state.folder));
  const entries = opened(bytes);
  if (call.mode === 't') await task.stdout.write(entries.map(({ name }) => `${name}\n`).join(''));
  else extract(entries, call, task.machine.files);
  return 0;
}

function opened(bytes: Uint8Array): ArchiveEntry[] {
  try {
    return readArchive(bytes);
  } catch (error) {
    if (error instanceof RangeError) throw new ArchiveFault(error.message);
    throw error;
  }
}

/** Letters may come with or without a dash; `f` and `C` take the next word. */
function callOf(args: readonly string[], { state: { folder: from } }: Task): Call {
  let mode: Call['mode'];
  let [file, folder, verbose, strip] = ['-', from, false, 0];
  const names: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    const [, stripped] = /^--strip-components=(\d+)$/.exec(arg) ?? [];
    if (stripped !== undefined) strip = Number(stripped);
    else if (arg.startsWith('--')) continue;
    else if (!arg.startsWith('-') && at > 0) names.push(arg);
    else if (arg === '-') names.push(arg);
    else
      for (const letter of arg.replace(/^-/, '')) {
        if (letter === 'c' || letter === 'x' || letter === 't') mode = letter;
        else if (letter === 'f') file = args[++at] ?? '-';
        else if (letter === 'C') folder = absolute(args[++at] ?? '.', from);
        else if (letter === 'v') verbose = true;
        else if (letter === 'z' || letter === 'j' || letter === 'J')
          throw new ArchiveFault('compressed archives are beyond this simulated container');
      }
  }
  return { mode, file, folder, verbose, strip, names };
}

async function create({ file, folder, names, verbose }: Call, task: Task): Promise<number> {
  const { files } = task.machine;
  const entries = names.flatMap((name) => gathered(name.replace(/\/+$/, '') || '/', folder, files));
  const missing = names.find((name) => !files.find(absolute(name, folder)));
  if (verbose) await task.stderr.write(entries.map(({ name }) => `${name}\n`).join(''));
  if (missing !== undefined) {
    const lines = [`tar: ${missing}: No such file or directory`, 'tar: error exit delayed from previous errors'];
    await task.stderr.write(lines.map((line) => `${line}\n`).join(''));
  }
  const bytes = writeArchive(entries);
  if (file === '-') await task.stdout.write(bytes);
  else files.write(absolute(file, task.state.folder), bytes);
  return missing === undefined ? 0 : 1;
}

/** A file, or a folder with all it holds. Names lose the slash they begin with, as everywhere. */
function gathered(name: string, folder: string, files: Files): ArchiveEntry[] {
  const path = absolute(name, folder);
  const entry = files.find(path);
  if (!entry) return [];
  const { bytes, mode } = entry;
  const shown = name.replace(/^\/+/, '');
  const common = { mode, changedAt: entry.changedAt / 1000 };
  if (bytes) return [{ ...common, name: shown, bytes }];
  const inside = files.names(path).flatMap((each) => gathered(`${name}/${each}`, folder, files));
  return [...(shown ? [{ ...common, name: `${shown}/`, bytes: new Uint8Array() }] : []), ...inside];
}

function extract(entries: readonly ArchiveEntry[], { folder, strip, names }: Call, files: Files): void {
  for (const { name, bytes, mode } of entries) {
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.includes('..')) throw new ArchiveFault(`${name}: contains "..": not extracted`);
    if (names.length > 0 && !names.some((each) => name === each || name.startsWith(`${each}/`))) continue;
    const kept = parts.slice(strip);
    if (kept.length === 0) continue;
    const path = absolute(kept.join('/'), folder);
    const folders = name.endsWith('/') ? kept.length : kept.length - 1;
    for (let depth = 1; depth <= folders; depth++) {
      const each = absolute(kept.slice(0, depth).join('/'), folder);
      if (!files.find(each)) files.makeFolder(each);
    }
    if (!name.endsWith('/')) files.write(path, concat(bytes), mode);
  }
}
