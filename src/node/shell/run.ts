// Runs what the grammar has read: lists, pipelines, redirections, loops. Commands are looked up in the table of programs.

import { bytePipe } from '../../base/byte-pipe.ts';
import { concat, textOf, utf8 } from '../../base/bytes.ts';
import { complain } from './arguments.ts';
import { expand, expandWord } from './expand.ts';
import { FileFault } from './files.ts';
import { redirect } from './redirect.ts';
import { Exit, LoopEnd, specials } from './specials.ts';
import { type Command, type List, parseScript, type Pipeline } from './syntax.ts';
import { type Input, inputOf, type Output, outputTo, type Program, type Task } from './task.ts';
import { SyntaxFault } from './words.ts';

/** How many commands may run while no time passes. */
const mostSteps = 100_000;

/** Finds a program by its name or path; undefined: there is none. */
export type Lookup = (name: string) => Program | undefined;

export interface Shell {
  /** Runs a script. Resolves with its exit code. */
  script(text: string, task: Task): Promise<number>;
  /** Runs one line of an interactive session; `exit` is told apart. */
  line(text: string, task: Task): Promise<{ readonly exit: number } | undefined>;
}

export function createShell(lookup: Lookup): Shell {
  async function list(pipelines: List, task: Task): Promise<void> {
    for (const [at, each] of pipelines.entries()) {
      const skipped =
        (each.joined === '&&' && task.state.code !== 0) || (each.joined === '||' && task.state.code === 0);
      if (skipped) continue;
      await pipeline(each, task);
      const last = (pipelines[at + 1]?.joined ?? ';') === ';';
      if (task.state.strict && task.state.code !== 0 && last && !each.negated) throw new Exit(task.state.code);
    }
  }

  async function pipeline({ commands, negated }: Pipeline, task: Task): Promise<void> {
    const [only, ...others] = commands;
    if (only && others.length === 0) task.state.code = await command(only, task);
    else task.state.code = await joined(commands, task);
    if (negated) task.state.code = task.state.code === 0 ? 1 : 0;
  }

  /** All at once, each in a shell of its own. */
  async function joined(commands: readonly Command[], task: Task): Promise<number> {
    let stdin = task.stdin;
    let source: ReturnType<typeof bytePipe> | undefined;
    const codes = commands.map(async (each, at) => {
      const [before, taken] = [stdin, source];
      const pipe = at < commands.length - 1 ? bytePipe() : undefined;
      if (pipe) stdin = inputOf(pipe);
      source = pipe;
      const streams = { stdin: before, ...(pipe && { stdout: outputTo(pipe) }) };
      const code = await apart(task, streams, (own) => command(each, own));
      pipe?.end();
      // Who writes to somebody that is gone need not wait.
      taken?.cancel();
      return code;
    });
    return (await Promise.all(codes)).at(-1) ?? 0;
  }

  /** In a copy of the shell: its variables, folder and exit are its own. */
  async function apart(
    task: Task,
    streams: { readonly stdin?: Input; readonly stdout?: Output },
    run: (own: Task) => Promise<number>,
  ): Promise<number> {
    const own: Task = { ...task, ...streams, variables: new Map(task.variables), state: { ...task.state } };
    try {
      return await run(own);
    } catch (error) {
      if (error instanceof Exit) return error.code;
      throw error;
    }
  }

  async function command(each: Command, task: Task): Promise<number> {
    task.signal.throwIfAborted();
    if (++task.steps.count > mostSteps) {
      await task.stderr.write('portolan: too many commands while no time passes; this shell is simulated\n');
      throw new Exit(137);
    }
    // Now and then others have their turn, and an abort is noticed.
    if (task.steps.count % 1000 === 0) await task.machine.clock.sleep(0, task.signal);
    const redirected = await redirect(each.redirects, task, outputOf);
    if (!redirected) return 1;
    const code = await perform(each, redirected.task);
    try {
      redirected.finish();
      return code;
    } catch (error) {
      if (!(error instanceof FileFault)) throw error;
      return complain(task, `sh: write error: ${error.message}`);
    }
  }

  async function perform(each: Command, task: Task): Promise<number> {
    if (each.is === 'simple') return simple(each, task);
    if (each.is === 'group' && each.apart) return apart(task, {}, (own) => group(each.body, own));
    if (each.is === 'group') return group(each.body, task);
    if (each.is === 'if') await conditional(each, task);
    else await loop(each, task);
    return task.state.code;
  }

  async function group(body: List, task: Task): Promise<number> {
    task.state.code = 0;
    await list(body, task);
    return task.state.code;
  }

  async function conditional({ cases, otherwise }: Command & { is: 'if' }, task: Task): Promise<void> {
    for (const { test, body } of cases) {
      if (await holds(test, task)) return list(body, task);
    }
    task.state.code = 0;
    if (otherwise) await list(otherwise, task);
  }

  /** A condition may fail without ending a strict shell. */
  async function holds(test: List, task: Task): Promise<boolean> {
    const { strict } = task.state;
    task.state.strict = false;
    await list(test, task);
    task.state.strict = strict;
    return task.state.code === 0;
  }

  async function loop(each: Command & { is: 'while' | 'for' }, task: Task): Promise<void> {
    if (each.is === 'while') {
      while ((await holds(each.test, task)) !== each.until) if (await turn(each.body, task)) break;
      if (task.state.code !== 0) task.state.code = 0;
      return;
    }
    const values = each.words ? await expand(each.words, task, outputOf) : task.parameters.slice(1);
    task.state.code = 0;
    for (const value of values) {
      task.variables.set(each.variable, value);
      if (await turn(each.body, task)) break;
    }
  }

  /** Once through a loop's body. True: that was the last time. */
  async function turn(body: List, task: Task): Promise<boolean> {
    try {
      await list(body, task);
      return false;
    } catch (error) {
      if (error instanceof LoopEnd) return !error.again;
      throw error;
    }
  }

  async function simple({ assignments, words }: Command & { is: 'simple' }, task: Task): Promise<number> {
    const given: [string, string][] = [];
    for (const { name, value } of assignments)
      given.push([name, (await expandWord(value, task, { split: false, outputOf })).join(' ')]);
    const [name, ...args] = await expand(words, task, outputOf);
    if (name === undefined) {
      for (const [variable, value] of given) task.variables.set(variable, value);
      return given.length > 0 ? 0 : task.state.code;
    }
    const special = Object.hasOwn(specials, name) ? specials[name] : undefined;
    if (special) return special(args, task);
    if (name === 'exec') return instead(args, task);
    const variables = given.length > 0 ? new Map([...task.variables, ...given]) : task.variables;
    return program(name, args, { ...task, variables });
  }

  /** `exec`: the program takes the shell's place. */
  async function instead([name, ...args]: readonly string[], task: Task): Promise<number> {
    if (name === undefined) return 0;
    throw new Exit(await program(name, args, task));
  }

  async function program(name: string, args: readonly string[], task: Task): Promise<number> {
    const found = lookup(name) ?? task.otherwise?.(name);
    if (found) return found(args, task);
    await task.stderr.write(`sh: ${name}: not found\n`);
    return 127;
  }

  async function outputOf(body: List, task: Task): Promise<string> {
    const parts: Uint8Array[] = [];
    const stdout: Output = {
      write: (content) => {
        parts.push(typeof content === 'string' ? utf8(content) : content);
        return Promise.resolve();
      },
      isClosed: () => false,
    };
    task.state.code = await apart(task, { stdout }, async (own) => {
      await list(body, own);
      return own.state.code;
    });
    return textOf(concat(...parts)).replace(/\n+$/, '');
  }

  return {
    async script(text, task) {
      try {
        await list(parseScript(text), task);
        return task.state.code;
      } catch (error) {
        if (error instanceof Exit) return error.code;
        if (error instanceof LoopEnd) return task.state.code;
        if (!(error instanceof SyntaxFault)) throw error;
        await task.stderr.write(`sh: ${error.message}\n`);
        return 2;
      }
    },

    async line(text, task) {
      try {
        await list(parseScript(text), task);
      } catch (error) {
        if (error instanceof Exit) return { exit: error.code };
        if (error instanceof SyntaxFault && error.unfinished) throw error;
        if (error instanceof LoopEnd) return undefined;
        if (!(error instanceof SyntaxFault)) throw error;
        task.state.code = 2;
        await task.stderr.write(`sh: ${error.message}\n`);
      }
      return undefined;
    },
  };
}
