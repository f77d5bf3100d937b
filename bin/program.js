// Where the program is: its sources in a checkout, bundled at `npm ci` as long as nobody has touched them since; else the emitted JavaScript.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'src');

/** Whether this is a checkout and not the published package. */
export const inCheckout = existsSync(join(sources, 'cli', 'main.ts'));

/** The folder of what is made of the sources: bundles, and Node's compile cache. */
export const cacheFolder = join(root, 'node_modules', '.cache', 'portolan');

/** Changes with every change of a source file: of its name, size or time. */
export function sourceStamp() {
  const hash = createHash('sha256');
  for (const name of readdirSync(sources, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!name.endsWith('.ts') && !name.endsWith('.json')) continue;
    const { size, mtimeMs } = statSync(join(sources, name));
    hash.update(`${name} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** The path of the module that has `main`. */
export function programPath() {
  if (!inCheckout) return join(root, 'dist', 'cli', 'main.js');
  const bundle = join(cacheFolder, 'bundles', sourceStamp(), 'main.js');
  return existsSync(bundle) ? bundle : join(sources, 'cli', 'main.ts');
}
