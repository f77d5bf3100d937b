// Programs about files: ls, mkdir, rm, stat, touch, and the questions of `test`.

import { formatTime } from '../../base/time.ts';
import { at, complain, joined, optionsOf } from './arguments.ts';
import { absolute, type FileEntry } from './files.ts';
import type { Task } from './task.ts';

export async function ls(args: readonly string[], task: Task): Promise<number> {
  const { flags, rest } = optionsOf(args);
  const { files } = task.machine;
  const names = rest.length > 0 ? rest : ['.'];
  let code = 0;
  for (const name of names) {
    const path = at(name, task);
    const entry = files.find(path);
    if (!entry) {
      code = await complain(task, `ls: ${name}: No such file or directory`);
      continue;
    }
    if (entry.bytes || flags.has('d')) await task.stdout.write(listed([[name, entry]], flags));
    else {
      if (names.length > 1) await task.stdout.write(`${name}:\n`);
      const inside = files
        .names(path)
        .filter((each) => flags.has('a') || !each.startsWith('.'))
        .flatMap((each): [string, FileEntry][] => {
          const found = files.find(absolute(each, path));
          return found ? [[each, found]] : [];
        });
      await task.stdout.write(listed(inside, flags));
    }
  }
  return code;
}

function listed(entries: readonly (readonly [string, FileEntry])[], flags: ReadonlySet<string>): string {
  if (!flags.has('l')) return joined(entries.map(([name]) => name));
  return joined(
    entries.map(([name, { bytes, mode, changedAt }]) => {
      const rights = [...'rwxrwxrwx'].map((letter, i) => (mode & (0o400 >> i) ? letter : '-')).join('');
      const size = String(bytes?.length ?? 4096).padStart(9);
      return `${bytes ? '-' : 'd'}${rights}    1 root     root     ${size} ${formatTime(changedAt)} ${name}`;
    }),
  );
}

export function mkdir(args: readonly string[], task: Task): number {
  const { flags, rest } = optionsOf(args);
  const { files } = task.machine;
  for (const name of rest) {
    const path = at(name, task);
    const above = flags.has('p') ? path.split('/').map((_, i, all) => all.slice(0, i + 1).join('/')) : [path];
    for (const each of above.filter(Boolean)) if (!flags.has('p') || !files.find(each)) files.makeFolder(each);
  }
  return 0;
}

export async function rm(args: readonly string[], task: Task): Promise<number> {
  const { flags, rest } = optionsOf(args);
  const { files } = task.machine;
  for (const name of rest) {
    const path = at(name, task);
    const entry = files.find(path);
    if (!entry && !flags.has('f')) return complain(task, `rm: can't remove '${name}': No such file or directory`);
    if (entry && !entry.bytes && !flags.has('r') && !flags.has('R'))
      return complain(task, `rm: '${name}' is a directory`);
    if (entry) files.remove(path);
  }
  return 0;
}

export function touch(names: readonly string[], task: Task): number {
  const { files } = task.machine;
  for (const name of names) {
    const path = at(name, task);
    files.write(path, files.find(path) ? files.read(path) : new Uint8Array());
  }
  return 0;
}

/** `test` and `[`: one or two words compared, `!`, and `-a`/`-o` between. */
export function test(args: readonly string[], task: Task): number {
  const or = args.indexOf('-o');
  if (or > 0) return test(args.slice(0, or), task) && test(args.slice(or + 1), task);
  const and = args.indexOf('-a');
  if (and > 0) return test(args.slice(0, and), task) || test(args.slice(and + 1), task);
  if (args[0] === '!' && args.length > 1) return test(args.slice(1), task) === 0 ? 1 : 0;
  const [first = '', second, third = ''] = args;
  if (args.length <= 1) return first !== '' ? 0 : 1;
  if (args.length === 2) return (unary[first]?.(second ?? '', task) ?? false) ? 0 : 1;
  const compare = binary[second ?? ''];
  return compare?.(first, third) ? 0 : compare ? 1 : 2;
}

const entryAt = (name: string, task: Task) => task.machine.files.find(at(name, task));
const unary: Record<string, (value: string, task: Task) => boolean> = {
  '-n': (value) => value !== '',
  '-z': (value) => value === '',
  '-e': (value, task) => entryAt(value, task) !== undefined,
  '-f': (value, task) => entryAt(value, task)?.bytes !== undefined,
  '-d': (value, task) => entryAt(value, task)?.bytes === undefined && entryAt(value, task) !== undefined,
  '-s': (value, task) => (entryAt(value, task)?.bytes?.length ?? 0) > 0,
  '-r': (value, task) => entryAt(value, task) !== undefined,
};
const binary: Record<string, (first: string, second: string) => boolean> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '-eq': (a, b) => Number(a) === Number(b),
  '-ne': (a, b) => Number(a) !== Number(b),
  '-lt': (a, b) => Number(a) < Number(b),
  '-le': (a, b) => Number(a) <= Number(b),
  '-gt': (a, b) => Number(a) > Number(b),
  '-ge': (a, b) => Number(a) >= Number(b),
};

export async function bracket(args: readonly string[], task: Task): Promise<number> {
  return args.at(-1) === ']' ? test(args.slice(0, -1), task) : complain(task, 'sh: missing ]', 2);
}

export async function stat(names: readonly string[], task: Task): Promise<number> {
  for (const name of names.filter((each) => !each.startsWith('-'))) {
    const entry = entryAt(name, task);
    if (!entry) return complain(task, `stat: can't stat '${name}': No such file or directory`);
    const type = entry.bytes ? 'regular file' : 'directory';
    await task.stdout.write(
      `  File: ${name}\n  Size: ${entry.bytes?.length ?? 4096}\t${type}\nModify: ${formatTime(entry.changedAt)}\n`,
    );
  }
  return 0;
}
