// Runs what the grammar has read: lists, pipelines, redirections, loops. Commands are looked up in the table of programs.

import { bytePipe } from '../../base/byte-pipe.ts';
import { concat, textOf, utf8 } from '../../base/bytes.ts';
import { absolute, FileFault, mostBytes } from './files.ts';
import {
  emptyInput,
  type Input,
  inputOf,
  nowhere,
  type Output,
  outputTo,
  type Process,
  type Program,
} from './process.ts';
import {
  type Command,
  type List,
  parseScript,
  type Pipeline,
  type Redirect,
  SyntaxFault,
  type Word,
} from './syntax.ts';

/** `exit`: unwinds to where the shell began. */
class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super('exit');
    this.code = code;
  }
}

/** `break` and `continue`: unwind to the loop. */
class LoopEnd extends Error {
  readonly again: boolean;

  constructor(again: boolean) {
    super('break');
    this.again = again;
  }
}

/** How many commands may run while no time passes. */
const mostSteps = 100_000;

/** Finds a program by its name or path; undefined: there is none. */
export type Lookup = (name: string) => Program | undefined;

export interface Shell {
  /** Runs a script. Resolves with its exit code. */
  script(text: string, process: Process): Promise<number>;
  /** Runs one line of an interactive session; `exit` is told apart. */
  line(text: string, process: Process): Promise<{ readonly exit: number } | undefined>;
}

export function createShell(lookup: Lookup): Shell {
  async function list(pipelines: List, process: Process): Promise<void> {
    for (const [at, each] of pipelines.entries()) {
      const skipped = (each.joined === '&&' && process.code !== 0) || (each.joined === '||' && process.code === 0);
      if (skipped) continue;
      await pipeline(each, process);
      const last = (pipelines[at + 1]?.joined ?? ';') === ';';
      if (process.strict && process.code !== 0 && last && !each.negated) throw new Exit(process.code);
    }
  }

  async function pipeline({ commands, negated }: Pipeline, process: Process): Promise<void> {
    const [only, ...others] = commands;
    if (only && others.length === 0) process.code = await command(only, process);
    else process.code = await joined(commands, process);
    if (negated) process.code = process.code === 0 ? 1 : 0;
  }

  /** All at once, each in a shell of its own. */
  async function joined(commands: readonly Command[], process: Process): Promise<number> {
    let stdin = process.stdin;
    const codes = commands.map(async (each, at) => {
      if (at === commands.length - 1) return apart(process, { stdin }, (own) => command(each, own));
      const pipe = bytePipe();
      const before = stdin;
      stdin = inputOf(pipe);
      const code = await apart(process, { stdin: before, stdout: outputTo(pipe) }, (own) => command(each, own));
      pipe.end();
      return code;
    });
    return (await Promise.all(codes)).at(-1) ?? 0;
  }

  /** In a copy of the shell: its variables, folder and exit are its own. */
  async function apart(
    process: Process,
    streams: { readonly stdin?: Input; readonly stdout?: Output },
    run: (own: Process) => Promise<number>,
  ): Promise<number> {
    const own: Process = { ...process, ...streams, variables: new Map(process.variables) };
    try {
      return await run(own);
    } catch (error) {
      if (error instanceof Exit) return error.code;
      throw error;
    }
  }

  async function command(each: Command, process: Process): Promise<number> {
    process.signal.throwIfAborted();
    if (++process.steps.count > mostSteps) {
      await process.stderr.write('portolan: too many commands while no time passes; this shell is simulated\n');
      throw new Exit(137);
    }
    if (process.steps.count % 100 === 0) await process.machine.clock.sleep(0, process.signal);
    const redirected = await redirect(each.redirects, process);
    if (!redirected) return 1;
    const code = await perform(each, redirected.process, process);
    redirected.finish();
    return code;
  }

  async function perform(each: Command, inner: Process, outer: Process): Promise<number> {
    if (each.is === 'simple') return simple(each, inner, outer);
    if (each.is === 'group' && each.apart)
      return apart(inner, {}, async (own) => {
        own.code = 0;
        await list(each.body, own);
        return own.code;
      });
    // What is not apart changes the shell it stands in, through its own streams.
    const own = shared(inner, outer);
    if (each.is === 'group') await list(each.body, own);
    else if (each.is === 'if') await conditional(each, own);
    else await loop(each, own);
    return own.code;
  }

  async function conditional({ cases, otherwise }: Command & { is: 'if' }, process: Process): Promise<void> {
    for (const { test, body } of cases) {
      if (await holds(test, process)) return list(body, process);
    }
    process.code = 0;
    if (otherwise) await list(otherwise, process);
  }

  /** A condition may fail without ending a strict shell. */
  async function holds(test: List, process: Process): Promise<boolean> {
    const { strict } = process;
    process.strict = false;
    await list(test, process);
    process.strict = strict;
    return process.code === 0;
  }

  async function loop(each: Command & { is: 'while' | 'for' }, process: Process): Promise<void> {
    if (each.is === 'while') {
      while ((await holds(each.test, process)) !== each.until) if (await turn(each.body, process)) break;
      if (process.code !== 0) process.code = 0;
      return;
    }
    const values = each.words ? await expand(each.words, process) : process.parameters.slice(1);
    process.code = 0;
    for (const value of values) {
      process.variables.set(each.variable, value);
      if (await turn(each.body, process)) break;
    }
  }

  /** Once through a loop's body. True: that was the last time. */
  async function turn(body: List, process: Process): Promise<boolean> {
    try {
      await list(body, process);
      return false;
    } catch (error) {
      if (error instanceof LoopEnd) return !error.again;
      throw error;
    }
  }

  async function simple(
    { assignments, words }: Command & { is: 'simple' },
    inner: Process,
    outer: Process,
  ): Promise<number> {
    const given: [string, string][] = [];
    for (const { name, value } of assignments) given.push([name, (await expandWord(value, inner, false)).join(' ')]);
    const [name, ...args] = await expand(words, inner);
    if (name === undefined) {
      for (const [variable, value] of given) outer.variables.set(variable, value);
      return outer.code;
    }
    const special = specials[name];
    if (special) return special(args, { ...inner, variables: outer.variables }, outer);
    const variables = given.length > 0 ? new Map([...inner.variables, ...given]) : inner.variables;
    return program(name, args, { ...inner, variables });
  }

  async function program(name: string, args: readonly string[], process: Process): Promise<number> {
    const found = lookup(name);
    if (found) return found(args, process);
    await process.stderr.write(`sh: ${name}: not found\n`);
    return 127;
  }

  /** A process with its streams turned as the redirections say; undefined when one of the files cannot be opened. */
  async function redirect(
    redirects: readonly Redirect[],
    process: Process,
  ): Promise<{ readonly process: Process; finish(): void } | undefined> {
    const streams = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
    const finishes: (() => void)[] = [];
    for (const { descriptor, mode, target } of redirects) {
      const [name = ''] = await expandWord(target, process, false);
      try {
        if (mode === '&') {
          const from = name === '2' ? streams.stderr : streams.stdout;
          if (descriptor === 2) streams.stderr = from;
          else streams.stdout = from;
        } else if (mode === '<') streams.stdin = readFrom(name, process);
        else {
          const { output, finish } = writeTo(name, mode === '>>', process);
          finishes.push(finish);
          if (descriptor === 2) streams.stderr = output;
          else streams.stdout = output;
        }
      } catch (error) {
        if (!(error instanceof FileFault)) throw error;
        await process.stderr.write(`sh: can't ${mode === '<' ? 'open' : 'create'} ${name}: ${error.message}\n`);
        return undefined;
      }
    }
    if (redirects.length === 0) return { process, finish: () => {} };
    return { process: { ...process, ...streams }, finish: () => finishes.forEach((each) => each()) };
  }

  // Words

  async function expand(words: readonly Word[], process: Process): Promise<string[]> {
    const expanded: string[] = [];
    for (const word of words) expanded.push(...(await expandWord(word, process, true)));
    return expanded;
  }

  /** Fields of one word; none where it expands to nothing unquoted. */
  async function expandWord(word: Word, process: Process, split: boolean): Promise<string[]> {
    const fields: string[] = [];
    let current: string | undefined;
    for (const [at, part] of word.entries()) {
      let value = part.is === 'text' ? part.text : await valueOf(part, process);
      if (part.is === 'text' && at === 0 && !part.quoted)
        value = value.replace(/^~(?=\/|$)/, process.variables.get('HOME') ?? '/');
      if (part.quoted || part.is === 'text' || !split) {
        current = (current ?? '') + value;
        continue;
      }
      const pieces = value.split(/[ \t\n]+/);
      for (const [i, piece] of pieces.entries()) {
        if (i > 0 && current !== undefined) {
          fields.push(current);
          current = undefined;
        }
        if (piece !== '') current = (current ?? '') + piece;
      }
    }
    if (current !== undefined) fields.push(current);
    const isPattern = split && word.some((part) => part.is === 'text' && !part.quoted && /[*?]/.test(part.text));
    return isPattern ? fields.flatMap((field) => matches(field, process)) : split || fields.length > 0 ? fields : [''];
  }

  async function valueOf(part: Exclude<Word[number], { is: 'text' }>, process: Process): Promise<string> {
    if (part.is === 'output') return outputOf(part.of, process);
    const { name, otherwise } = part;
    const special: Record<string, string> = {
      '?': String(process.code),
      '#': String(process.parameters.length - 1),
      $: '1',
      '@': process.parameters.slice(1).join(' '),
      '*': process.parameters.slice(1).join(' '),
    };
    const value = special[name] ?? (/^\d$/.test(name) ? process.parameters[Number(name)] : process.variables.get(name));
    return value === undefined || (value === '' && otherwise !== undefined) ? (otherwise ?? '') : value;
  }

  async function outputOf(body: List, process: Process): Promise<string> {
    const parts: Uint8Array[] = [];
    const stdout: Output = {
      write: (content) => {
        parts.push(typeof content === 'string' ? utf8(content) : content);
        return Promise.resolve();
      },
      isClosed: () => false,
    };
    process.code = await apart(process, { stdout }, async (own) => {
      await list(body, own);
      return own.code;
    });
    return textOf(concat(...parts)).replace(/\n+$/, '');
  }

  return {
    async script(text, process) {
      try {
        await list(parseScript(text), process);
        return process.code;
      } catch (error) {
        if (error instanceof Exit) return error.code;
        if (error instanceof LoopEnd) return process.code;
        if (!(error instanceof SyntaxFault)) throw error;
        await process.stderr.write(`sh: ${error.message}\n`);
        return 2;
      }
    },

    async line(text, process) {
      try {
        await list(parseScript(text), process);
      } catch (error) {
        if (error instanceof Exit) return { exit: error.code };
        if (error instanceof SyntaxFault && error.unfinished) throw error;
        if (error instanceof LoopEnd) return undefined;
        if (!(error instanceof SyntaxFault)) throw error;
        process.code = 2;
        await process.stderr.write(`sh: ${error.message}\n`);
      }
      return undefined;
    },
  };
}

/** The outer shell's state behind the inner one's streams: what is changed there is changed for both. */
function shared(inner: Process, outer: Process): Process {
  if (inner === outer) return outer;
  return Object.defineProperties({ ...inner } as Process, {
    code: { get: () => outer.code, set: (code: number) => (outer.code = code) },
    folder: { get: () => outer.folder, set: (folder: string) => (outer.folder = folder) },
    strict: { get: () => outer.strict, set: (strict: boolean) => (outer.strict = strict) },
  });
}

function readFrom(name: string, process: Process): Input {
  if (name === '/dev/null') return emptyInput;
  const bytes = process.machine.files.read(absolute(name, process.folder));
  let given = false;
  return inputOf({
    read: () => Promise.resolve(given || bytes.length === 0 ? undefined : ((given = true), bytes)),
    cancel: () => {},
  });
}

function writeTo(name: string, append: boolean, process: Process): { output: Output; finish(): void } {
  if (name === '/dev/null') return { output: nowhere, finish: () => {} };
  if (name === '/dev/stdout') return { output: process.stdout, finish: () => {} };
  if (name === '/dev/stderr') return { output: process.stderr, finish: () => {} };
  const { files } = process.machine;
  const path = absolute(name, process.folder);
  const parts: Uint8Array[] = append && files.find(path) ? [files.read(path)] : [];
  files.write(path, concat(...parts));
  let size = 0;
  const output: Output = {
    write(content) {
      const bytes = typeof content === 'string' ? utf8(content) : content;
      size += bytes.length;
      if (size > mostBytes) throw new FileFault('No space left on device');
      parts.push(bytes);
      return Promise.resolve();
    },
    isClosed: () => false,
  };
  return { output, finish: () => files.write(path, concat(...parts)) };
}

/** Names that a pattern stands for, or the pattern itself where there are none. */
function matches(pattern: string, { machine, folder }: Process): string[] {
  if (!/[*?]/.test(pattern)) return [pattern];
  const slash = pattern.lastIndexOf('/');
  const [lead, last] = [pattern.slice(0, slash + 1), pattern.slice(slash + 1)];
  if (/[*?]/.test(lead)) return [pattern];
  const like = new RegExp(
    `^${last
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  const found = machine.files
    .names(absolute(lead || '.', folder))
    .filter((name) => like.test(name) && (last.startsWith('.') || !name.startsWith('.')));
  return found.length > 0 ? found.map((name) => lead + name) : [pattern];
}

type Special = (args: readonly string[], process: Process, shell: Process) => number | Promise<number>;

/** Commands that change the shell itself. */
const specials: Readonly<Record<string, Special>> = {
  ':': () => 0,
  exit([code], _process, shell) {
    throw new Exit(code === undefined ? shell.code : Number(code) & 255);
  },
  break() {
    throw new LoopEnd(false);
  },
  continue() {
    throw new LoopEnd(true);
  },
  async cd([to = '~'], process, shell) {
    const path = absolute(to === '~' ? (process.variables.get('HOME') ?? '/') : to, shell.folder);
    const entry = process.machine.files.find(path);
    if (entry && !entry.bytes) shell.folder = path;
    else
      await process.stderr.write(
        `sh: cd: can't cd to ${to}: ${entry ? 'Not a directory' : 'No such file or directory'}\n`,
      );
    return entry && !entry.bytes ? 0 : 2;
  },
  export(args, _process, shell) {
    for (const each of args) {
      const [name = '', ...value] = each.split('=');
      if (value.length > 0) shell.variables.set(name, value.join('='));
    }
    return 0;
  },
  unset(names, _process, shell) {
    for (const name of names) shell.variables.delete(name);
    return 0;
  },
  set(args, _process, shell) {
    for (const each of args) if (/^[-+][a-z]*e/.test(each)) shell.strict = each.startsWith('-');
    return 0;
  },
  async read(args, process, shell) {
    const names = args.filter((each) => !each.startsWith('-'));
    const line = await process.stdin.line();
    const fields = (line ?? '').trim().split(/[ \t]+/);
    for (const [at, name] of (names.length > 0 ? names : ['REPLY']).entries())
      shell.variables.set(name, at === names.length - 1 ? fields.slice(at).join(' ') : (fields[at] ?? ''));
    return line === undefined ? 1 : 0;
  },
};
