// The few commands a simulated container understands (sleep, exit, true, false, echo, and shells joining them), so that small examples behave.

import type { Duration } from '../base/clock.ts';
import { readDuration } from './behaviors.ts';

/** What a program will do: what it writes and when, and when it ends (left out: never). Times count from its start. */
export interface Program {
  readonly output: readonly { readonly after: Duration; readonly stream: 'stdout' | 'stderr'; readonly text: string }[];
  readonly exit?: { readonly after: Duration; readonly code: number };
  /** What it wrote to /dev/termination-log. */
  readonly lastWords?: string;
}

/** How long a command takes that nobody here understands; 'forever' for one taken to be a server. It then succeeds. */
export type Guess = (command: string) => Duration | 'forever';

interface Run {
  readonly environment: Readonly<Record<string, string>>;
  readonly guess: Guess;
  at: Duration;
  code: number;
  ended: boolean;
  /** `set -e`: the first failure ends it. */
  strict: boolean;
  lastWords: string | undefined;
  output: { after: Duration; stream: 'stdout' | 'stderr'; text: string }[];
}

/** What this command line does, or undefined when it is more than a chain of simple commands. */
export function interpret(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  guess: Guess,
): Program | undefined {
  const run: Run = {
    environment,
    guess,
    at: 0,
    code: 0,
    ended: false,
    strict: false,
    lastWords: undefined,
    output: [],
  };
  const understood = runWords(command, undefined, run);
  if (!understood) return undefined;
  return {
    output: run.output,
    ...(run.at !== Infinity && { exit: { after: run.at, code: run.code } }),
    ...(run.lastWords !== undefined && { lastWords: run.lastWords }),
  };
}

const shells = new Set(['sh', 'bash', 'ash', 'dash']);

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Runs one simple command. False: not understood at all. */
function runWords(words: readonly string[], target: string | undefined, run: Run): boolean {
  const [first = '', ...rest] = words;
  const name = baseName(first);
  if (name === 'exec') return runWords(rest, target, run);
  if (shells.has(name)) return runShell(rest, run);
  const builtin = builtins[name];
  if (builtin) builtin(rest, target, run);
  else runUnknown(words, run);
  return true;
}

function runShell(args: readonly string[], run: Run): boolean {
  const flag = args.findIndex((arg) => /^-[a-z]*c$/.test(arg));
  const script = args[flag + 1];
  if (args[flag]?.includes('e')) run.strict = true;
  return flag >= 0 && script !== undefined && runScript(script, run);
}

function runUnknown(words: readonly string[], run: Run): void {
  const takes = run.guess(words[0] ?? '');
  const taken = takes === 'forever' ? 'runs until it is stopped' : 'is taken to succeed';
  say(run, 'stderr', `portolan: simulated container: "${words.join(' ')}" is not really run; it ${taken}`);
  run.at += takes === 'forever' ? Infinity : takes;
  run.code = 0;
}

function say(run: Run, stream: 'stdout' | 'stderr', text: string): void {
  if (run.at !== Infinity) run.output.push({ after: run.at, stream, text });
}

const builtins: Record<string, (args: readonly string[], target: string | undefined, run: Run) => void> = {
  true: (_args, _target, run) => void (run.code = 0),
  ':': (_args, _target, run) => void (run.code = 0),
  false: (_args, _target, run) => void (run.code = 1),

  sleep(args, _target, run) {
    const lengths = args.map((arg) =>
      arg === 'infinity' ? Infinity : readDuration(/^[\d.]+$/.test(arg) ? `${arg}s` : arg),
    );
    run.code = lengths.length === 0 || lengths.includes(undefined) ? 1 : 0;
    if (run.code) say(run, 'stderr', `sleep: invalid time interval '${args.join(' ')}'`);
    else run.at += lengths.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  },

  set(args, _target, run) {
    run.code = 0;
    if (args.some((arg) => /^-[a-z]*e/.test(arg))) run.strict = true;
  },

  exit(args, _target, run) {
    run.code = args[0] === undefined ? run.code : Number(args[0]) & 255;
    run.ended = true;
  },

  echo(args, target, run) {
    const flags = args.findIndex((arg) => !/^-[neE]+$/.test(arg));
    const text = (flags < 0 ? [] : args.slice(flags)).join(' ');
    run.code = 0;
    if (target === '/dev/termination-log') run.lastWords = text;
    else if (target === undefined || target === '/dev/stdout' || target === '&1')
      for (const line of text.split('\n')) say(run, 'stdout', line);
    else if (target === '/dev/stderr' || target === '&2') say(run, 'stderr', text);
  },
};

/** Words that make a script more than a chain of commands. */
const controlWords = new Set([
  'if',
  'while',
  'until',
  'for',
  'case',
  'function',
  '{',
  '!',
  'do',
  'then',
  'trap',
  'eval',
  'wait',
]);

interface Command {
  /** How it is joined to the one before. */
  readonly joined: ';' | '&&' | '||';
  /** Still quoted. */
  readonly words: readonly string[];
  /** Where its output goes, when not to the log. */
  readonly target: string | undefined;
}

function runScript(script: string, run: Run): boolean {
  const commands = parseScript(script);
  if (!commands) return false;
  for (const [i, { joined, words, target }] of commands.entries()) {
    if (run.ended || run.at === Infinity) break;
    const skipped = (joined === '&&' && run.code !== 0) || (joined === '||' && run.code === 0);
    const line = words.map((word) => unquote(word, run));
    if (!skipped && !runWords(line, target, run)) return false;
    if (run.strict && run.code !== 0 && (commands[i + 1]?.joined ?? ';') === ';') run.ended = true;
  }
  return true;
}

const quoted = /'[^']*'|"(?:[^"\\]|\\[\s\S])*"|\\[\s\S]/.source;
const word = `(?:${quoted}|[^\\s;|&<>()\`'"\\\\])+`;
const redirect = `(?<descriptor>[12]?)>>?[ \\t]*(?<target>&\\d|${word})`;
const token = new RegExp(`[ \\t]+|\\\\\\n|#[^\\n]*|${redirect}|(?<join>&&|\\|\\||[;\\n]+)|(?<word>${word})`, 'y');

/** The commands of a script, or undefined where it holds pipes, substitutions, loops or other things beyond us. */
function parseScript(script: string): Command[] | undefined {
  const commands: Command[] = [];
  let joined: Command['joined'] = ';';
  let words: string[] = [];
  let target: string | undefined;
  const finish = (next: string) => {
    if (words.length > 0) commands.push({ joined, words, target });
    joined = next === '&&' || next === '||' ? next : ';';
    words = [];
    target = undefined;
  };

  for (let at = 0; at < script.length; at = token.lastIndex) {
    token.lastIndex = at;
    const found = token.exec(script)?.groups;
    if (!found) return undefined;
    if (found.join) finish(found.join);
    if (found.target && found.descriptor !== '2') target = found.target;
    if (!found.word) continue;
    if (words.length === 0 && (controlWords.has(found.word) || /^\w+=/.test(found.word))) return undefined;
    if (/\$\(|`/.test(found.word.replace(/'[^']*'/g, ''))) return undefined;
    words.push(found.word);
  }
  finish(';');
  return commands;
}

const parts = new RegExp(`${quoted}|[^'"\\\\]+`, 'g');

/** A word as the command sees it: quotes gone, variables filled in. */
function unquote(raw: string, run: Run): string {
  return raw.replace(parts, (part) => {
    if (part.startsWith("'")) return part.slice(1, -1);
    return expandVariables(part.startsWith('"') ? part.slice(1, -1) : part, run);
  });
}

function expandVariables(text: string, run: Run): string {
  return text.replace(
    /\\([\s\S])|\$(?:\{(\w+)\}|(\w+|\?))/g,
    (_whole, escaped?: string, braced?: string, bare?: string) => {
      if (escaped !== undefined) return escaped;
      const name = braced ?? bare ?? '';
      return name === '?' ? String(run.code) : (run.environment[name] ?? '');
    },
  );
}
