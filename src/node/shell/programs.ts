// The programs of a simulated container, one line of the table each; what is not here is not there. They do what busybox's do, as far as people ask.

import { concat, textOf } from '../../base/bytes.ts';
import { formatTime } from '../../base/time.ts';
import { readDuration } from '../behaviors.ts';
import { absolute, type FileEntry, FileFault } from './files.ts';
import type { Process, Program } from './process.ts';
import { ArchiveFault, tar } from './tar-program.ts';

const complain = async (process: Process, text: string, code = 1): Promise<number> => {
  await process.stderr.write(`${text}\n`);
  return code;
};

interface Options {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

/** Letters and long names after dashes; `valued` ones take the next word, or what follows the letter. */
function optionsOf(args: readonly string[], valued: string[] = []): Options {
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

const at = (name: string, { folder }: Process): string => absolute(name, folder);

/** What a program reads: the files named, or its stdin. */
async function contents(names: readonly string[], process: Process): Promise<Uint8Array> {
  if (names.length === 0) return process.stdin.all();
  const parts: Uint8Array[] = [];
  for (const name of names)
    parts.push(name === '-' ? await process.stdin.all() : process.machine.files.read(at(name, process)));
  return concat(...parts);
}

const linesOf = (bytes: Uint8Array): string[] => {
  const text = textOf(bytes);
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
};
const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

async function cat(args: readonly string[], process: Process): Promise<number> {
  const { rest } = optionsOf(args);
  let code = 0;
  for (const name of rest.length > 0 ? rest : ['-']) {
    try {
      if (name === '-') await copyStdin(process);
      else await process.stdout.write(process.machine.files.read(at(name, process)));
    } catch (error) {
      if (!(error instanceof FileFault)) throw error;
      code = await complain(process, `cat: ${name}: ${error.message}`);
    }
  }
  return code;
}

async function copyStdin({ stdin, stdout }: Process): Promise<void> {
  for (let bytes = await stdin.read(); bytes && !stdout.isClosed(); bytes = await stdin.read())
    await stdout.write(bytes);
}

async function echo(args: readonly string[], { stdout }: Process): Promise<number> {
  const first = args.findIndex((arg) => !/^-[neE]+$/.test(arg));
  const flags = args.slice(0, first < 0 ? args.length : first).join('');
  const text = (first < 0 ? [] : args.slice(first)).join(' ');
  await stdout.write(`${flags.includes('e') ? escapes(text) : text}${flags.includes('n') ? '' : '\n'}`);
  return 0;
}

const controls: Record<string, string> = { n: '\n', t: '\t', r: '\r', '0': '\0', a: '\x07', e: '\x1b', '\\': '\\' };
const escapes = (text: string): string =>
  text.replace(/\\([ntr0ae\\])/g, (_whole, letter: string) => controls[letter] ?? '');

async function printf([format = '', ...args]: readonly string[], { stdout }: Process): Promise<number> {
  let used = 0;
  const once = () =>
    escapes(format).replace(/%(%|-?\d*[sdi])/g, (_whole, kind: string) => {
      if (kind === '%') return '%';
      const value = args[used++] ?? (kind.endsWith('s') ? '' : '0');
      const width = Number.parseInt(kind, 10) || 0;
      return width < 0 ? value.padEnd(-width) : value.padStart(width);
    });
  let text = once();
  while (used > 0 && used < args.length) text += once();
  await stdout.write(text);
  return 0;
}

async function ls(args: readonly string[], process: Process): Promise<number> {
  const { flags, rest } = optionsOf(args);
  const { files } = process.machine;
  const names = rest.length > 0 ? rest : ['.'];
  let code = 0;
  for (const name of names) {
    const path = at(name, process);
    const entry = files.find(path);
    if (!entry) {
      code = await complain(process, `ls: ${name}: No such file or directory`);
      continue;
    }
    if (entry.bytes || flags.has('d')) await process.stdout.write(listed([[name, entry]], flags));
    else {
      if (names.length > 1) await process.stdout.write(`${name}:\n`);
      const inside = files
        .names(path)
        .filter((each) => flags.has('a') || !each.startsWith('.'))
        .flatMap((each): [string, FileEntry][] => {
          const found = files.find(absolute(each, path));
          return found ? [[each, found]] : [];
        });
      await process.stdout.write(listed(inside, flags));
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

async function sleep(args: readonly string[], process: Process): Promise<number> {
  const lengths = args.map((arg) =>
    arg === 'infinity' ? Infinity : readDuration(/^[\d.]+$/.test(arg) ? `${arg}s` : arg),
  );
  if (lengths.length === 0 || lengths.includes(undefined))
    return complain(process, `sleep: invalid number '${args.join(' ')}'`);
  // A timer has an end; a century is as good as none.
  const total = lengths.reduce<number>((sum, each) => sum + Math.min(each ?? 0, 1e12), 0);
  await process.machine.clock.sleep(Math.min(total, 2 ** 31 - 1), process.signal);
  process.steps.count = 0;
  return 0;
}

const days = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

async function date(args: readonly string[], { machine, stdout }: Process): Promise<number> {
  const format = args.find((arg) => arg.startsWith('+'))?.slice(1) ?? '%a %b %e %H:%M:%S UTC %Y';
  const now = machine.clock.now();
  const [year = '', month = '', day = '', hour = '', minute = '', second = ''] = formatTime(now).split(/[-T:Z]/);
  const values: Record<string, string> = {
    a: days[Math.floor(now / 86_400_000) % 7] as string,
    b: months[Number(month) - 1] as string,
    e: String(Number(day)).padStart(2),
    ...{ Y: year, m: month, d: day, H: hour, M: minute, S: second },
    F: `${year}-${month}-${day}`,
    T: `${hour}:${minute}:${second}`,
    s: String(Math.floor(now / 1000)),
    N: String(Math.floor((now % 1000) * 1e6)).padStart(9, '0'),
    Z: 'UTC',
    '%': '%',
  };
  await stdout.write(`${format.replace(/%(.)/g, (whole, letter: string) => values[letter] ?? whole)}\n`);
  return 0;
}

async function id(args: readonly string[], { machine, stdout }: Process): Promise<number> {
  const { user, group } = machine;
  const name = (number: number) => (number === 0 ? '(root)' : '');
  const flags = args.join('');
  const text = flags.includes('u') ? `${user}` : flags.includes('g') ? `${group}` : '';
  await stdout.write(
    `${text || `uid=${user}${name(user)} gid=${group}${name(group)} groups=${group}${name(group)}`}\n`,
  );
  return 0;
}

async function grep(args: readonly string[], process: Process): Promise<number> {
  const { flags, values, rest } = optionsOf(args, ['e']);
  const [pattern = '', ...names] = values.has('e') ? [values.get('e') as string, ...rest] : rest;
  const source = flags.has('F') ? pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : pattern;
  const like = new RegExp(source.slice(0, 1000), flags.has('i') ? 'i' : '');
  const found = linesOf(await contents(names, process)).filter((line) => like.test(line) !== flags.has('v'));
  if (flags.has('c')) await process.stdout.write(`${found.length}\n`);
  else if (!flags.has('q')) await process.stdout.write(joined(found));
  return found.length > 0 ? 0 : 1;
}

const cut =
  (take: (lines: string[], count: number) => string[]): Program =>
  async (args, process) => {
    const { flags, values, rest } = optionsOf(args, ['n']);
    const count = Number(values.get('n') ?? [...flags].filter((each) => /\d/.test(each)).join('')) || 10;
    await process.stdout.write(joined(take(linesOf(await contents(rest, process)), count)));
    return 0;
  };

async function wc(args: readonly string[], process: Process): Promise<number> {
  const { flags, rest } = optionsOf(args);
  const bytes = await contents(rest, process);
  const counts: [string, number][] = [
    ['l', bytes.filter((each) => each === 10).length],
    ['w', textOf(bytes).split(/\s+/).filter(Boolean).length],
    ['c', bytes.length],
  ];
  const asked = counts.filter(([flag]) => flags.size === 0 || flags.has(flag));
  await process.stdout.write(`${asked.map(([, count]) => count).join(' ')}${rest[0] ? ` ${rest[0]}` : ''}\n`);
  return 0;
}

function mkdir(args: readonly string[], process: Process): number {
  const { flags, rest } = optionsOf(args);
  const { files } = process.machine;
  for (const name of rest) {
    const path = at(name, process);
    const above = flags.has('p') ? path.split('/').map((_, i, all) => all.slice(0, i + 1).join('/')) : [path];
    for (const each of above.filter(Boolean)) if (!flags.has('p') || !files.find(each)) files.makeFolder(each);
  }
  return 0;
}

async function rm(args: readonly string[], process: Process): Promise<number> {
  const { flags, rest } = optionsOf(args);
  const { files } = process.machine;
  for (const name of rest) {
    const path = at(name, process);
    const entry = files.find(path);
    if (!entry && !flags.has('f')) return complain(process, `rm: can't remove '${name}': No such file or directory`);
    if (entry && !entry.bytes && !flags.has('r') && !flags.has('R'))
      return complain(process, `rm: '${name}' is a directory`);
    if (entry) files.remove(path);
  }
  return 0;
}

function touch(names: readonly string[], process: Process): number {
  const { files } = process.machine;
  for (const name of names) {
    const path = at(name, process);
    files.write(path, files.find(path) ? files.read(path) : new Uint8Array());
  }
  return 0;
}

async function tee(args: readonly string[], process: Process): Promise<number> {
  const { flags, rest } = optionsOf(args);
  const { files } = process.machine;
  const bytes = await process.stdin.all();
  for (const name of rest) {
    const path = at(name, process);
    files.write(path, flags.has('a') && files.find(path) ? concat(files.read(path), bytes) : bytes);
  }
  await process.stdout.write(bytes);
  return 0;
}

/** `test` and `[`: one or two words compared, `!`, and `-a`/`-o` between. */
function test(args: readonly string[], process: Process): number {
  const or = args.indexOf('-o');
  if (or > 0) return test(args.slice(0, or), process) && test(args.slice(or + 1), process);
  const and = args.indexOf('-a');
  if (and > 0) return test(args.slice(0, and), process) || test(args.slice(and + 1), process);
  if (args[0] === '!' && args.length > 1) return test(args.slice(1), process) === 0 ? 1 : 0;
  const [first = '', second, third = ''] = args;
  if (args.length <= 1) return first !== '' ? 0 : 1;
  if (args.length === 2) return (unary[first]?.(second ?? '', process) ?? false) ? 0 : 1;
  const compare = binary[second ?? ''];
  return compare?.(first, third) ? 0 : compare ? 1 : 2;
}

const entryAt = (name: string, process: Process) => process.machine.files.find(at(name, process));
const unary: Record<string, (value: string, process: Process) => boolean> = {
  '-n': (value) => value !== '',
  '-z': (value) => value === '',
  '-e': (value, process) => entryAt(value, process) !== undefined,
  '-f': (value, process) => entryAt(value, process)?.bytes !== undefined,
  '-d': (value, process) => entryAt(value, process)?.bytes === undefined && entryAt(value, process) !== undefined,
  '-s': (value, process) => (entryAt(value, process)?.bytes?.length ?? 0) > 0,
  '-r': (value, process) => entryAt(value, process) !== undefined,
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

async function bracket(args: readonly string[], process: Process): Promise<number> {
  return args.at(-1) === ']' ? test(args.slice(0, -1), process) : complain(process, 'sh: missing ]', 2);
}

async function stat(names: readonly string[], process: Process): Promise<number> {
  for (const name of names.filter((each) => !each.startsWith('-'))) {
    const entry = entryAt(name, process);
    if (!entry) return complain(process, `stat: can't stat '${name}': No such file or directory`);
    const type = entry.bytes ? 'regular file' : 'directory';
    await process.stdout.write(
      `  File: ${name}\n  Size: ${entry.bytes?.length ?? 4096}\t${type}\nModify: ${formatTime(entry.changedAt)}\n`,
    );
  }
  return 0;
}

const say =
  (text: (process: Process, args: readonly string[]) => string): Program =>
  async (args, process) => {
    await process.stdout.write(text(process, args));
    return 0;
  };

const environment = ({ variables }: Process): string =>
  joined([...variables].map(([name, value]) => `${name}=${value}`));

async function which(names: readonly string[], process: Process): Promise<number> {
  let code = 0;
  for (const name of names.filter((each) => !each.startsWith('-'))) {
    if (programs[name]) await process.stdout.write(`/bin/${name}\n`);
    else code = 1;
  }
  return code;
}

const ps = say(({ machine, variables }) => {
  const main =
    [...(machine.container.command ?? []), ...(machine.container.args ?? [])].join(' ') || machine.container.image;
  return `PID   USER     TIME  COMMAND\n    1 ${variables.get('USER') ?? 'root'}      0:00 ${main}\n`;
});

/** Programs turn files' faults into complaints of theirs. */
const own =
  (name: string, program: Program): Program =>
  async (args, process) => {
    try {
      return await program(args, process);
    } catch (error) {
      if (error instanceof FileFault || error instanceof ArchiveFault || error instanceof SyntaxError)
        return complain(process, `${name}: ${error.message}`);
      throw error;
    }
  };

const table: Readonly<Record<string, Program>> = {
  '[': bracket,
  basename: say((_process, [path = '']) => `${path.replace(/\/+$/, '').split('/').at(-1)}\n`),
  cat,
  date,
  dirname: say(
    (_process, [path = '']) => `${path.includes('/') ? path.slice(0, path.lastIndexOf('/')) || '/' : '.'}\n`,
  ),
  echo,
  env: say(environment),
  false: () => 1,
  grep,
  head: cut((lines, count) => lines.slice(0, count)),
  hostname: say(({ machine }) => `${machine.hostname}\n`),
  id,
  ls,
  mkdir,
  nproc: say(() => '1\n'),
  printenv: (args, process) =>
    say(() => (args[0] === undefined ? environment(process) : `${process.variables.get(args[0]) ?? ''}\n`))(
      args,
      process,
    ),
  printf,
  ps,
  pwd: say(({ folder }) => `${folder}\n`),
  rm,
  sleep,
  sort: async (args, process) => {
    const { flags, rest } = optionsOf(args);
    const lines = linesOf(await contents(rest, process)).sort((a, b) =>
      flags.has('n') ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0,
    );
    const kept = flags.has('u') ? [...new Set(lines)] : lines;
    await process.stdout.write(joined(flags.has('r') ? kept.reverse() : kept));
    return 0;
  },
  stat,
  tail: cut((lines, count) => lines.slice(-count)),
  tar,
  tee,
  test,
  touch,
  true: () => 0,
  tty: (_args, process) => complain(process, 'not a tty'),
  uname: say((_process, args) =>
    args.some((arg) => /^-\w*a/.test(arg)) ? 'Linux simulated 6.1.0-portolan\n' : 'Linux\n',
  ),
  uptime: say(({ machine }) => `up ${Math.floor((machine.clock.now() - machine.bootedAt) / 1000)} seconds\n`),
  wc,
  which,
  whoami: say(({ machine }) => (machine.user === 0 ? 'root\n' : `whoami: unknown uid ${machine.user}\n`)),
  yes: async ([text = 'y'], process) => {
    for (let count = 0; count < 100_000 && !process.stdout.isClosed(); count++) await process.stdout.write(`${text}\n`);
    return 0;
  },
};

export const programs: Readonly<Record<string, Program>> = Object.fromEntries(
  Object.entries(table).map(([name, program]) => [name, own(name, program)]),
);
