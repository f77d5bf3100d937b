// What programs do with their words: options, names of files, what those hold, and complaints.

import { concat, textOf } from '../../base/bytes.ts';
import { absolute } from './files.ts';
import type { Task } from './task.ts';

export const complain = async (task: Task, text: string, code = 1): Promise<number> => {
  await task.stderr.write(`${text}\n`);
  return code;
};

interface Options {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

/** Letters and long names after dashes; `valued` ones take the next word, or what follows the letter. */
export function optionsOf(args: readonly string[], valued: string[] = []): Options {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (arg === '--') return { flags, values, rest: [...rest, ...args.slice(at + 1)] };
    if (!arg.startsWith('-') || arg === '-') rest.push(arg);
    else if (arg.startsWith('--')) flags.add(arg.slice(2));
    else if (valued.includes(arg[1] ?? '')) values.set(arg[1] ?? '', arg.slice(2) || (args[++at] ?? ''));
    else for (const letter of arg.slice(1)) flags.add(letter);
  }
  return { flags, values, rest };
}

export const at = (name: string, { state: { folder } }: Task): string => absolute(name, folder);

/** What a program reads: the files named, or its stdin. */
export async function contents(names: readonly string[], task: Task): Promise<Uint8Array> {
  if (names.length === 0) return task.stdin.all();
  const parts: Uint8Array[] = [];
  for (const name of names) parts.push(name === '-' ? await task.stdin.all() : task.machine.files.read(at(name, task)));
  return concat(...parts);
}

export const linesOf = (bytes: Uint8Array): string[] => {
  const text = textOf(bytes);
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
};
export const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
