// Makes dist/ out of src/: JavaScript and declarations by the compiler, and beside them the tables that are read at run time.

import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const [source, target] = [join(root, 'src'), join(root, 'dist')];

function main(): void {
  rmSync(target, { recursive: true, force: true });
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
  for (const table of tables()) cpSync(join(source, table), join(target, table));
}

/** The compiler brings along only the tables that are imported. */
const tables = (): string[] =>
  readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));

main();
