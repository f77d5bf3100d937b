#!/usr/bin/env node
// Starts the command line: from the sources in a checkout, from the emitted JavaScript in the published package.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const oldest = 24;

if (Number(process.versions.node.split('.')[0]) >= oldest) await start();
else startOnPinned();

async function start() {
  const source = new URL('../src/cli/main.ts', import.meta.url);
  const inCheckout = existsSync(source);
  const cache = inCheckout ? fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)) : undefined;
  module.enableCompileCache(cache);
  // For the processes and threads this one starts.
  if (cache) process.env.NODE_COMPILE_CACHE ??= cache;
  const { main } = await import(inCheckout ? source.href : new URL('../dist/cli/main.js', import.meta.url).href);
  await main(process.argv.slice(2));
}

/** A checkout brings its own Node; elsewhere the user must. */
function startOnPinned() {
  const pinned = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
  if (!existsSync(pinned)) {
    console.error(`portolan needs Node.js ${oldest} or newer; this is ${process.version}. Get it from nodejs.org, or: npm install --save-dev node@${oldest}`);
    process.exit(2);
  }
  const { status, signal } = spawnSync(pinned, process.argv.slice(1), { stdio: 'inherit' });
  process.exit(signal ? 128 : (status ?? 4));
}
