#!/usr/bin/env node
// Starts the command line: from the sources in a checkout, from the emitted JavaScript in the published package.
import { existsSync } from 'node:fs';
import module from 'node:module';

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(`portolan needs Node.js 24 or newer; this is ${process.version}. Get it from nodejs.org, or: npm install --save-dev node@24`);
  process.exit(2);
}
module.enableCompileCache?.();
const source = new URL('../src/cli/main.ts', import.meta.url);
const { main } = await import(existsSync(source) ? source.href : new URL('../dist/cli/main.js', import.meta.url).href);
await main(process.argv.slice(2));
