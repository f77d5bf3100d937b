// Programs that read text and write some of it: cat, grep, head, tail, sort, wc, tee.

import { concat, textOf } from '../../base/bytes.ts';
import { at, complain, contents, joined, linesOf, optionsOf } from './arguments.ts';
import { FileFault } from './files.ts';
import type { Program, Task } from './task.ts';
import { pass } from './waiting.ts';

export async function cat(args: readonly string[], task: Task): Promise<number> {
  const { rest } = optionsOf(args);
  let code = 0;
  for (const name of rest.length > 0 ? rest : ['-']) {
    try {
      if (name === '-') await copyStdin(task);
      else await task.stdout.write(task.machine.files.read(at(name, task)));
    } catch (error) {
      if (!(error instanceof FileFault)) throw error;
      code = await complain(task, `cat: ${name}: ${error.message}`);
    }
  }
  return code;
}

async function copyStdin({ stdin, stdout }: Task): Promise<void> {
  for (let bytes = await stdin.read(); bytes && !stdout.isClosed(); bytes = await stdin.read())
    await stdout.write(bytes);
}

export async function grep(args: readonly string[], task: Task): Promise<number> {
  const { flags, values, rest } = optionsOf(args, ['e']);
  const [pattern = '', ...names] = values.has('e') ? [values.get('e') as string, ...rest] : rest;
  const source = flags.has('F') ? pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : pattern;
  const like = new RegExp(source.slice(0, 1000), flags.has('i') ? 'i' : '');
  const found = linesOf(await contents(names, task)).filter((line) => like.test(line) !== flags.has('v'));
  if (flags.has('c')) await task.stdout.write(`${found.length}\n`);
  else if (!flags.has('q')) await task.stdout.write(joined(found));
  return found.length > 0 ? 0 : 1;
}

export const cut =
  (take: (lines: string[], count: number) => string[]): Program =>
  async (args, task) => {
    const { flags, values, rest } = optionsOf(args, ['n']);
    const count = Number(values.get('n') ?? [...flags].filter((each) => /\d/.test(each)).join('')) || 10;
    await task.stdout.write(joined(take(linesOf(await contents(rest, task)), count)));
    return 0;
  };

const last = cut((lines, count) => lines.slice(-count));

/** How often a file is looked at again, in milliseconds. */
const lookEvery = 1000;

/** With `-f`, what is written to a file later, too. */
export async function tail(args: readonly string[], task: Task): Promise<number> {
  const follows = args.some((arg) => /^(-[a-z]*[fF]|--follow)/.test(arg));
  const [name, ...others] = optionsOf(args, ['n']).rest;
  const code = await last(args, task);
  if (!follows || name === undefined || others.length > 0) return code;
  const path = at(name, task);
  if (path === '/dev/null') await pass(Infinity, task);
  for (let seen = task.machine.files.read(path).length; ; ) {
    await pass(lookEvery, task);
    const bytes = task.machine.files.read(path);
    if (bytes.length > seen) await task.stdout.write(bytes.subarray(seen));
    seen = bytes.length;
  }
}

export async function wc(args: readonly string[], task: Task): Promise<number> {
  const { flags, rest } = optionsOf(args);
  const bytes = await contents(rest, task);
  const counts: [string, number][] = [
    ['l', bytes.filter((each) => each === 10).length],
    ['w', textOf(bytes).split(/\s+/).filter(Boolean).length],
    ['c', bytes.length],
  ];
  const asked = counts.filter(([flag]) => flags.size === 0 || flags.has(flag));
  await task.stdout.write(`${asked.map(([, count]) => count).join(' ')}${rest[0] ? ` ${rest[0]}` : ''}\n`);
  return 0;
}

export async function tee(args: readonly string[], task: Task): Promise<number> {
  const { flags, rest } = optionsOf(args);
  const { files } = task.machine;
  const bytes = await task.stdin.all();
  for (const name of rest) {
    const path = at(name, task);
    files.write(path, flags.has('a') && files.find(path) ? concat(files.read(path), bytes) : bytes);
  }
  await task.stdout.write(bytes);
  return 0;
}

export async function sort(args: readonly string[], task: Task): Promise<number> {
  const { flags, rest } = optionsOf(args);
  const lines = linesOf(await contents(rest, task)).sort((a, b) =>
    flags.has('n') ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0,
  );
  const kept = flags.has('u') ? [...new Set(lines)] : lines;
  await task.stdout.write(joined(flags.has('r') ? kept.reverse() : kept));
  return 0;
}
