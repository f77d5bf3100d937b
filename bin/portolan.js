#!/usr/bin/env node
// Starts the command line.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cacheFolder, inCheckout, programPath } from './program.js';

const oldest = 24;

if (Number(process.versions.node.split('.')[0]) >= oldest) await start();
else startOnPinned();

async function start() {
  module.enableCompileCache(inCheckout ? join(cacheFolder, 'compiled') : undefined);
  const { main } = await import(pathToFileURL(programPath()).href);
  await main(process.argv.slice(2));
}

/** A checkout brings its own Node; elsewhere the user must. */
function startOnPinned() {
  const pinned = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
  if (!existsSync(pinned)) {
    console.error(
      `portolan needs Node.js ${oldest} or newer; this is ${process.version}. Get it from nodejs.org, or: npm install --save-dev node@${oldest}`,
    );
    process.exit(2);
  }
  const { status, signal } = spawnSync(pinned, process.argv.slice(1), { stdio: 'inherit' });
  process.exit(signal ? 128 : (status ?? 4));
}
