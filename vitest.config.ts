import { configDefaults, defineConfig } from 'vitest/config';

/** Needs files that are not part of the repository; see there. */
const needingDefinitions = 'test/published-definitions.test.ts';
if (!process.env.PORTOLAN_CRDS) console.log(`${needingDefinitions} is left out: PORTOLAN_CRDS names no folder`);

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(process.env.PORTOLAN_CRDS ? [] : [needingDefinitions])],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 3,
    isolate: true,
  },
});
