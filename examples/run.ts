// Runs an example: `npm run example -- NAME`.

import { existsSync, readdirSync } from 'node:fs';

const isExample = (name: string): boolean => existsSync(new URL(`${name}/main.ts`, import.meta.url));

const name = process.argv[2] ?? '';
if (isExample(name)) {
  const { main } = (await import(`./${name}/main.ts`)) as { main(print: (line: string) => void): Promise<void> };
  await main(console.log);
} else {
  console.error(`npm run example -- NAME, where NAME is one of: ${readdirSync(new URL('.', import.meta.url)).filter(isExample).join(', ')}`);
  process.exitCode = 2;
}
