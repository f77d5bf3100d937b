// Runs a benchmark by name: `npm run bench -- start`. Absolute times depend on the machine; compare ratios and limits.

import { api } from './api.ts';
import { fill } from './fill.ts';
import { schedule } from './schedule.ts';
import { start } from './start.ts';

const benchmarks: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  start,
  fill,
  api,
  schedule,
};

const [name = '', ...args] = process.argv.slice(2);
const benchmark = benchmarks[name];
if (!benchmark) {
  console.error(`There is no benchmark ${name || '(none given)'}. There are: ${Object.keys(benchmarks).join(', ')}`);
  process.exitCode = 2;
} else {
  await benchmark(args);
}
