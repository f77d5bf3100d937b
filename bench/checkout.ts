// An earlier commit of this repository, ready to run beside this one.

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

export interface Checkout {
  /** Its bin/portolan.js. */
  readonly entry: string;
  remove(): Promise<void>;
}

/** Lays the commit out in a folder of its own, with the packages that are installed here. */
export async function checkout(commit: string): Promise<Checkout> {
  const folder = join(mkdtempSync(join(tmpdir(), 'portolan-before-')), 'checkout');
  await run('git', ['worktree', 'add', '--detach', folder, commit], { cwd: root });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const tool of ['prepare.ts', 'bundle.ts']) {
    const path = join(folder, 'tools', tool);
    if (existsSync(path)) await run(process.execPath, [path], { cwd: folder });
  }
  return {
    entry: join(folder, 'bin', 'portolan.js'),
    async remove() {
      await run('git', ['worktree', 'remove', '--force', folder], { cwd: root });
      rmSync(join(folder, '..'), { recursive: true, force: true });
    },
  };
}
