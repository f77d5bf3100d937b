// Plays random histories with fresh seeds until the time is over or something breaks: `npm run soak`, `npm run soak -- rollouts --minutes 10`.
// `--seed N --path P`, as a failure prints them, plays one history again.

import { parseArgs } from 'node:util';
import { properties } from '../test/properties/index.ts';
import { breach } from '../test/properties/property.ts';

const perRound = 10;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string' }, path: { type: 'string' } },
  });
  const chosen = properties.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  if (chosen.length === 0) throw new Error(`there are: ${properties.map(({ name }) => name).join(', ')}`);
  const end = performance.now() + Number(values.minutes) * 60_000;
  const first = values.seed === undefined ? Math.trunc(Math.random() * 1_000_000_000) : Number(values.seed);
  let played = 0;
  for (let seed = first; played === 0 || (performance.now() < end && values.seed === undefined); seed++) {
    for (const property of chosen) {
      const path = values.path;
      const fault = await breach(property, { seed, histories: perRound, ...(path !== undefined && { path }) });
      if (fault) {
        console.error(fault);
        process.exitCode = 1;
        return;
      }
      played += perRound;
    }
  }
  console.log(`${played} histories of ${chosen.map(({ name }) => name).join(', ')}, from seed ${first} on: all held`);
}

await main();
