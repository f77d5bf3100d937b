// The programs of a simulated container, one line of the table each; what is not here is not there. They do what busybox's do, as far as people ask.

import { formatTime } from '../../base/time.ts';
import { readDuration } from '../behaviors.ts';
import { complain, joined } from './arguments.ts';
import { bracket, ls, mkdir, rm, stat, test, touch } from './file-programs.ts';
import { FileFault } from './files.ts';
import type { Task, Program } from './task.ts';
import { ArchiveFault, tar } from './tar-program.ts';
import { cat, cut, grep, sort, tail, tee, wc } from './text-programs.ts';
import { pass } from './waiting.ts';

async function echo(args: readonly string[], { stdout }: Task): Promise<number> {
  const first = args.findIndex((arg) => !/^-[neE]+$/.test(arg));
  const flags = args.slice(0, first < 0 ? args.length : first).join('');
  const text = (first < 0 ? [] : args.slice(first)).join(' ');
  await stdout.write(`${flags.includes('e') ? escapes(text) : text}${flags.includes('n') ? '' : '\n'}`);
  return 0;
}

const controls: Record<string, string> = { n: '\n', t: '\t', r: '\r', '0': '\0', a: '\x07', e: '\x1b', '\\': '\\' };
const escapes = (text: string): string =>
  text.replace(/\\([ntr0ae\\])/g, (_whole, letter: string) => controls[letter] ?? '');

async function printf([format = '', ...args]: readonly string[], { stdout }: Task): Promise<number> {
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

async function sleep(args: readonly string[], task: Task): Promise<number> {
  const lengths = args.map((arg) =>
    arg === 'infinity' ? Infinity : readDuration(/^[\d.]+$/.test(arg) ? `${arg}s` : arg),
  );
  if (lengths.length === 0 || lengths.includes(undefined))
    return complain(task, `sleep: invalid number '${args.join(' ')}'`);
  const total = lengths.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  await pass(total, task);
  return 0;
}

const days = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

async function date(args: readonly string[], { machine, stdout }: Task): Promise<number> {
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

async function id(args: readonly string[], { machine, stdout }: Task): Promise<number> {
  const { user, group } = machine;
  const name = (number: number) => (number === 0 ? '(root)' : '');
  const flags = args.join('');
  const text = flags.includes('u') ? `${user}` : flags.includes('g') ? `${group}` : '';
  await stdout.write(
    `${text || `uid=${user}${name(user)} gid=${group}${name(group)} groups=${group}${name(group)}`}\n`,
  );
  return 0;
}

const say =
  (text: (task: Task, args: readonly string[]) => string): Program =>
  async (args, task) => {
    await task.stdout.write(text(task, args));
    return 0;
  };

const environment = ({ variables }: Task): string => joined([...variables].map(([name, value]) => `${name}=${value}`));

async function which(names: readonly string[], task: Task): Promise<number> {
  let code = 0;
  for (const name of names.filter((each) => !each.startsWith('-'))) {
    if (programs[name]) await task.stdout.write(`/bin/${name}\n`);
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
  async (args, task) => {
    try {
      return await program(args, task);
    } catch (error) {
      if (error instanceof FileFault || error instanceof ArchiveFault || error instanceof SyntaxError)
        return complain(task, `${name}: ${error.message}`);
      throw error;
    }
  };

const table: Readonly<Record<string, Program>> = {
  '[': bracket,
  basename: say((_task, [path = '']) => `${path.replace(/\/+$/, '').split('/').at(-1)}\n`),
  cat,
  date,
  dirname: say((_task, [path = '']) => `${path.includes('/') ? path.slice(0, path.lastIndexOf('/')) || '/' : '.'}\n`),
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
  printenv: (args, task) =>
    say(() => (args[0] === undefined ? environment(task) : `${task.variables.get(args[0]) ?? ''}\n`))(args, task),
  printf,
  ps,
  pwd: say(({ state: { folder } }) => `${folder}\n`),
  rm,
  sleep,
  sort,
  stat,
  tail,
  tar,
  tee,
  test,
  touch,
  true: () => 0,
  tty: (_args, task) => complain(task, 'not a tty'),
  uname: say((_task, args) =>
    args.some((arg) => /^-\w*a/.test(arg)) ? 'Linux simulated 6.1.0-portolan\n' : 'Linux\n',
  ),
  uptime: say(({ machine }) => `up ${Math.floor((machine.clock.now() - machine.bootedAt) / 1000)} seconds\n`),
  wc,
  which,
  whoami: say(({ machine }) => (machine.user === 0 ? 'root\n' : `whoami: unknown uid ${machine.user}\n`)),
  yes: async ([text = 'y'], task) => {
    for (let count = 0; count < 100_000 && !task.stdout.isClosed(); count++) await task.stdout.write(`${text}\n`);
    return 0;
  },
};

export const programs: Readonly<Record<string, Program>> = Object.fromEntries(
  Object.entries(table).map(([name, program]) => [name, own(name, program)]),
);
