// The house rules as a check: imports go down, only the edge touches the machine, every file is named by a table or an import.
// Prints what is wrong, a line each, and ends with 1; prints a summary and ends with 0 when nothing is.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The floors of the house, lowest first. An import goes to a lower floor or stays in its folder. */
export const floors: readonly (readonly string[])[] = [
  ['base'],
  ['languages', 'store', 'api'],
  ['kinds', 'client'],
  ['server', 'reconcile'],
  ['controllers', 'scheduler', 'node', 'network', 'addons', 'why'],
  ['cluster'],
  ['sim', 'edge'],
  ['cli'],
];

interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Files or folders (below src/) where it is allowed. */
  readonly except: readonly string[];
}

const edge = ['edge/', 'cli/'];

/** Calls that touch the machine or hide an order, each with what to use instead. */
export const bans: readonly Ban[] = [
  {
    pattern: /\bfrom 'node:|\bimport\('node:/,
    instead: 'a port of the World; node: modules belong to edge/',
    except: edge,
  },
  { pattern: /\bDate\.now\(|\bnew Date\(\)/, instead: 'clock.now()', except: edge },
  {
    pattern: /\bnew Date\(|\bDate\.(parse|UTC)\(/,
    instead: 'base/time.ts',
    except: [...edge, 'base/time.ts', 'base/time-zone.ts'],
  },
  { pattern: /\b(setTimeout|setInterval|setImmediate)\(/, instead: 'clock.after or clock.sleep', except: edge },
  { pattern: /\bMath\.random\(/, instead: 'a Random', except: edge },
  { pattern: /(?<![\w-])process\.\w/, instead: 'an option handed in', except: edge },
  { pattern: /\bperformance\.now\(/, instead: 'clock.elapsed()', except: edge },
  { pattern: /\bfetch\(/, instead: 'a Transport', except: edge },
  { pattern: /\bcrypto\./, instead: 'the KeyMaker', except: edge },
  { pattern: /\.localeCompare\(/, instead: '< and >: order by code unit', except: [] },
  { pattern: /\bnew Intl\.|\bIntl\./, instead: 'base/time-zone.ts', except: ['base/time-zone.ts'] },
  { pattern: /\bPromise\.race\(/, instead: 'one promise that one side settles', except: [] },
  { pattern: /\bWeakRef\b/, instead: 'an owner', except: [] },
  { pattern: /@ts-ignore|@ts-nocheck|@ts-expect-error/, instead: 'the right type', except: [] },
];

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'src');

interface SourceFile {
  /** Below src/, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function sourceFiles(): SourceFile[] {
  const names = readdirSync(source, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => readSource(name.replaceAll('\\', '/')));
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(source, path), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map((match) => match[1] as string);
  const workers = [...text.matchAll(/new URL\('(\.[^']+)'|\b\.\/([\w-]+)\$\{/g)].map(
    (match) => match[1] ?? `./${match[2]}.ts`,
  );
  const imports = [...specifiers, ...workers].map((each) =>
    relative(source, resolve(source, dirname(path), each)).replaceAll('\\', '/'),
  );
  return { path, text, imports };
}

const folderOf = (path: string): string => path.split('/', 1)[0] as string;
const floorOf = (folder: string): number => floors.findIndex((floor) => floor.includes(folder));

export function floorFaults(files: readonly Pick<SourceFile, 'path' | 'imports'>[]): string[] {
  return files.flatMap(({ path, imports }) => {
    const [from, floor] = [folderOf(path), floorOf(folderOf(path))];
    if (path.endsWith('.test.ts')) return [];
    if (floor < 0) return [`src/${path}: ${from} is no floor of the house`];
    return imports
      .filter((to) => to.includes('/') && folderOf(to) !== from && floorOf(folderOf(to)) >= floor)
      .map((to) => `src/${path} imports ${to}: ${folderOf(to)} is not below ${from}`);
  });
}

export function banFaults(files: readonly Pick<SourceFile, 'path' | 'text'>[]): string[] {
  return files.flatMap(({ path, text }) => {
    if (path.endsWith('.test.ts')) return [];
    const active = bans.filter(({ except }) => !except.some((prefix) => path.startsWith(prefix)));
    return text.split('\n').flatMap((line, at) => {
      const code = line.replace(/^\s*(\/\/|\/?\*).*$/, '');
      return active
        .filter(({ pattern }) => pattern.test(code))
        .map(
          ({ pattern, instead }) => `src/${path}:${at + 1}: ${pattern.exec(code)?.[0]} is not for here; use ${instead}`,
        );
    });
  });
}

/** Files nothing imports. Entries are what the outside starts, and what a language offers: its main file and its libraries. */
const entries = ['cli/main.ts', 'kinds/index.ts', 'cluster/simulate.ts'];
const offered = /^languages\/([\w-]+)\/(\1|library\/[\w-]+)\.ts$/;

export function orphanFaults(files: readonly Pick<SourceFile, 'path' | 'imports'>[]): string[] {
  const used = new Set([...files.flatMap(({ imports }) => imports), ...entries]);
  return files
    .filter(
      ({ path }) =>
        !used.has(path) &&
        !offered.test(path) &&
        !path.endsWith('.test.ts') &&
        !path.endsWith('conformance.ts') &&
        !path.startsWith('kinds/generated/'),
    )
    .map(({ path }) => `src/${path}: nothing imports it, and no table names it`);
}

export const headlineFaults = (files: readonly Pick<SourceFile, 'path' | 'text'>[]): string[] =>
  files
    .filter(({ path, text }) => !path.startsWith('kinds/') && !path.endsWith('.test.ts') && !text.startsWith('//'))
    .map(({ path }) => `src/${path}: its first line should say what the file is for`);

/** The longest files and functions: reported, not forbidden. */
function outliers(files: readonly SourceFile[]): string[] {
  const lengths = files
    .filter(({ path }) => !path.includes('generated/') && !path.endsWith('.test.ts'))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length }));
  return lengths
    .filter(({ lines }) => lines > 400)
    .sort((a, b) => b.lines - a.lines)
    .slice(0, 5)
    .map(({ path, lines }) => `  long: src/${path}, ${lines} lines`);
}

/** Everything that is wrong with the house as it stands. */
export function houseFaults(files: readonly SourceFile[] = sourceFiles()): string[] {
  return [...floorFaults(files), ...banFaults(files), ...orphanFaults(files), ...headlineFaults(files)];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = sourceFiles();
  const faults = houseFaults(files);
  for (const fault of faults) console.error(fault);
  for (const line of outliers(files)) console.log(line);
  console.log(
    faults.length === 0 ? `tidy: ${files.length} files keep the rules of the house` : `tidy: ${faults.length} faults`,
  );
  process.exitCode = faults.length === 0 ? 0 : 1;
}
