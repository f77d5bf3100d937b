// The commands that change the shell itself, and how `exit`, `break` and `continue` unwind it.

import { absolute } from './files.ts';
import type { Program } from './task.ts';

/** `exit`: unwinds to where the shell began. */
export class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super('exit');
    this.code = code;
  }
}

/** `break` and `continue`: unwind to the loop. */
export class LoopEnd extends Error {
  readonly again: boolean;

  constructor(again: boolean) {
    super('break');
    this.again = again;
  }
}

/** Commands that change the shell itself. */
export const specials: Readonly<Record<string, Program>> = {
  ':': () => 0,
  exit([code], task) {
    throw new Exit(code === undefined ? task.state.code : Number(code) & 255);
  },
  break() {
    throw new LoopEnd(false);
  },
  continue() {
    throw new LoopEnd(true);
  },
  async cd([to = '~'], task) {
    const path = absolute(to === '~' ? (task.variables.get('HOME') ?? '/') : to, task.state.folder);
    const entry = task.machine.files.find(path);
    if (entry && !entry.bytes) task.state.folder = path;
    else
      await task.stderr.write(
        `sh: cd: can't cd to ${to}: ${entry ? 'Not a directory' : 'No such file or directory'}\n`,
      );
    return entry && !entry.bytes ? 0 : 2;
  },
  export(args, task) {
    for (const each of args) {
      const [name = '', ...value] = each.split('=');
      if (value.length > 0) task.variables.set(name, value.join('='));
    }
    return 0;
  },
  unset(names, task) {
    for (const name of names) task.variables.delete(name);
    return 0;
  },
  set(args, task) {
    for (const each of args) if (/^[-+][a-z]*e/.test(each)) task.state.strict = each.startsWith('-');
    return 0;
  },
  async read(args, task) {
    const names = args.filter((each) => !each.startsWith('-'));
    const line = await task.stdin.line();
    const fields = (line ?? '').trim().split(/[ \t]+/);
    for (const [at, name] of (names.length > 0 ? names : ['REPLY']).entries())
      task.variables.set(name, at === names.length - 1 ? fields.slice(at).join(' ') : (fields[at] ?? ''));
    return line === undefined ? 1 : 0;
  },
};
