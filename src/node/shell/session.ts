// One command in a simulated container, from its words and streams to its exit code: a program of the table, or a shell.

import { textOf } from '../../base/bytes.ts';
import type { CommandStreams } from '../../server/kubelets.ts';
import { at, complain } from './arguments.ts';
import { emptyInput, inputOf, type Machine, nowhere, outputTo, type Task, type Program } from './task.ts';
import { canFollow } from './guesses.ts';
import { programs } from './programs.ts';
import { createShell } from './run.ts';
import { specials } from './specials.ts';
import { SyntaxFault } from './words.ts';
import { terminal } from './terminal.ts';

export interface Session {
  readonly machine: Machine;
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly streams: CommandStreams;
  readonly tty: boolean;
  readonly signal: AbortSignal;
  /** As a task's. */
  readonly otherwise?: Task['otherwise'];
}

/** Why a command cannot be started, as a container runtime words it. */
export class StartFault extends Error {}

const shellNames = new Set(['sh', 'bash', 'ash', 'dash']);
const binFolders = new Set(['/bin', '/usr/bin', '/sbin', '/usr/sbin', '/usr/local/bin']);

/** A program by its name, or by its path in one of the usual folders. */
function nameOf(command: string): string | undefined {
  const slash = command.lastIndexOf('/');
  const name = command.slice(slash + 1);
  const known = shellNames.has(name) || Object.hasOwn(programs, name) || name === 'command';
  return known && (slash < 0 || binFolders.has(command.slice(0, slash))) ? name : undefined;
}

/** Whether a command line begins with something that is here. */
export const knowsCommand = ([first = '']: readonly string[]): boolean => nameOf(first) !== undefined;

/** Whether a command line can be run where what is not here is guessed. */
export function canGuess([first = '', ...args]: readonly string[]): boolean {
  return !shellNames.has(nameOf(first) ?? '') || canFollow(scriptAt(args) ?? '', isHere);
}

const isHere = (name: string): boolean =>
  Object.hasOwn(specials, name) || name === 'exec' || nameOf(name) !== undefined;

function scriptAt(args: readonly string[]): string | undefined {
  const flag = commandFlag(args);
  return flag < 0 ? undefined : args[flag + 1];
}

const commandFlag = (args: readonly string[]): number => args.findIndex((arg) => /^-[a-z]*c$/.test(arg));

/** Says, where something is missing, that what would be there in a real image need not be here. */
export const knownHint = (container: string): string =>
  `portolan: container "${container}" is simulated and knows only: ${Object.keys(programs).join(' ')} sh\n`;

const shell = createShell((name) => {
  const known = nameOf(name);
  if (known === undefined) return undefined;
  return shellNames.has(known) ? runShell : known === 'command' ? which : programs[known];
});

/** `command -v NAME` */
const which: Program = (args, task) => programs.which?.(args, task) ?? 1;

/** @throws StartFault */
export async function runSession(command: readonly string[], session: Session): Promise<number> {
  const [first = '', ...args] = command;
  const program = programOf(first, session);
  const interrupted = new AbortController();
  const signal = AbortSignal.any([session.signal, interrupted.signal]);
  const { task, interrupt } = taskOf(session, signal, () => interrupted.abort());
  try {
    if (shellNames.has(nameOf(first) ?? '') && args.length === 0)
      return await interactive(task, session, (next) => (interrupt.current = next));
    return await program(args, task);
  } catch (error) {
    if (interrupted.signal.aborted || session.signal.aborted) return 130;
    // Texts have an end.
    if (error instanceof RangeError) return complain(task, 'sh: out of memory', 137);
    throw error;
  }
}

function programOf(command: string, { machine, otherwise }: Session): Program {
  const name = nameOf(command);
  const program = name === undefined ? otherwise?.(command) : shellNames.has(name) ? runShell : programs[name];
  if (program) return program;
  if (command === '') throw new StartFault('exec: "": executable file not found in $PATH');
  const named = `exec: ${JSON.stringify(command)}: `;
  if (!command.includes('/')) throw new StartFault(`${named}executable file not found in $PATH`);
  const there = machine.files.find(command);
  throw new StartFault(named + (there ? 'permission denied' : `stat ${command}: no such file or directory`));
}

function taskOf(
  { machine, environment, folder, streams, tty, otherwise }: Session,
  signal: AbortSignal,
  stop: () => void,
): { readonly task: Task; readonly interrupt: { current: () => void } } {
  const interrupt = { current: stop };
  const screen = tty && streams.stdout ? terminal(streams.stdin, streams.stdout, () => interrupt.current()) : undefined;
  const source = screen?.input ?? streams.stdin;
  const out = screen?.output ?? streams.stdout;
  const errors = tty ? out : streams.stderr;
  const task: Task = {
    machine,
    variables: new Map(Object.entries({ ...standard(machine), ...(tty && { TERM: 'xterm' }), ...environment })),
    parameters: ['sh'],
    state: { folder, code: 0, strict: false },
    stdin: source ? inputOf(source) : emptyInput,
    stdout: out ? outputTo(out) : nowhere,
    stderr: errors ? outputTo(errors) : nowhere,
    signal,
    steps: { count: 0 },
    ...(otherwise && { otherwise }),
  };
  return { task, interrupt };
}

const standard = ({ hostname, user }: Machine): Record<string, string> => ({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOSTNAME: hostname,
  HOME: user === 0 ? '/root' : '/',
});

/** `sh -c SCRIPT`, `sh FILE`, or what comes over stdin. */
async function runShell(args: readonly string[], task: Task): Promise<number> {
  const flag = commandFlag(args);
  const strict = args.some((arg) => /^-[a-z]*e/.test(arg));
  const state = { folder: task.state.folder, code: 0, strict };
  const own = { ...task, variables: new Map(task.variables), state };
  if (flag >= 0) {
    const [script, ...parameters] = args.slice(flag + 1);
    if (script === undefined) return complain(task, 'sh: -c requires an argument', 2);
    return shell.script(script, { ...own, parameters: parameters.length > 0 ? parameters : ['sh'] });
  }
  const name = args.findIndex((arg) => !/^[-+]/.test(arg));
  if (name >= 0) return runFile(args.slice(name), own);
  return fromInput(
    own,
    () => Promise.resolve(),
    () => {},
  );
}

async function runFile(parameters: readonly string[], task: Task): Promise<number> {
  const [name = ''] = parameters;
  const bytes = task.machine.files.find(at(name, task))?.bytes;
  const script = bytes && textOf(bytes);
  if (task.otherwise && (script === undefined || !canFollow(script, isHere)))
    return task.otherwise('sh')(parameters, task);
  if (script === undefined) return complain(task, `sh: can't open '${name}': No such file or directory`, 2);
  return shell.script(script, { ...task, parameters });
}

/** At a terminal, with a prompt; an interrupt ends the command under way, not the shell. */
async function interactive(
  task: Task,
  { tty, signal }: Session,
  onInterrupt: (interrupt: () => void) => void,
): Promise<number> {
  const prompt = () =>
    tty ? task.stdout.write(`${task.state.folder} ${task.machine.user === 0 ? '#' : '$'} `) : Promise.resolve();
  return fromInput({ ...task, signal }, prompt, onInterrupt);
}

/** How much of a script may be typed before a command in it is complete, in characters. */
const longestScript = 64 * 1024;

/** Reads and runs line by line, several at a time where a command needs more of them. */
async function fromInput(
  task: Task,
  prompt: () => Promise<void>,
  onInterrupt: (interrupt: () => void) => void,
): Promise<number> {
  const { signal } = task;
  let pending = '';
  for (;;) {
    if (pending === '') await prompt();
    const line = await task.stdin.line();
    if (line === undefined) return finished(pending, task);
    pending = pending === '' ? line : `${pending}\n${line}`;
    const broken = new AbortController();
    onInterrupt(() => broken.abort());
    task.signal = AbortSignal.any([signal, broken.signal]);
    try {
      const ended = await shell.line(pending, task);
      pending = '';
      if (ended) return ended.exit;
    } catch (error) {
      if (error instanceof SyntaxFault && pending.length < longestScript) continue;
      if (error instanceof SyntaxFault) return finished(pending, task);
      if (!broken.signal.aborted) throw error;
      task.state.code = 130;
      pending = '';
    }
  }
}

/** What was begun and never finished is a mistake. */
const finished = (pending: string, task: Task): Promise<number> | number =>
  pending === '' ? task.state.code : shell.script(pending, task);
