// Bundles the sources at `npm ci`, so that a cluster starts in half the time and in less memory than from six hundred files. The bundle counts
// only for just these sources (see bin/program.js): after a change they run as they are, until the next `npm ci` or `npm run bundle`.

import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { cacheFolder, sourceStamp } from '../bin/program.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const bundles = join(cacheFolder, 'bundles');
const target = join(bundles, sourceStamp());

/** Files are found beside the sources, as without a bundle; but for the worker, which is bundled too. */
const urlsOfSources = {
  name: 'urls-of-sources',
  transform(code: string, id: string) {
    if (!id.startsWith(join(root, 'src')) || id.endsWith('sqlite-store.ts') || !code.includes('import.meta.url'))
      return undefined;
    return { code: code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)), map: null };
  },
};

async function bundle(): Promise<void> {
  rmSync(bundles, { recursive: true, force: true });
  const made = await rolldown({
    input: { main: join(root, 'src/cli/main.ts'), 'sqlite-worker': join(root, 'src/edge/sqlite-worker.ts') },
    platform: 'node',
    external: (id: string) => !id.startsWith('.') && !id.startsWith('/') && !/^[a-z]:/i.test(id),
    plugins: [urlsOfSources],
  });
  await made.write({ dir: target, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' });
  await made.close();
  execFileSync(process.execPath, [join(root, 'bin/portolan.js'), 'serve', '--warm'], { stdio: 'ignore' });
}

try {
  await bundle();
} catch (error) {
  rmSync(bundles, { recursive: true, force: true });
  console.warn(
    `no bundle was made, and the sources run as they are: ${error instanceof Error ? error.message : String(error)}`,
  );
}
