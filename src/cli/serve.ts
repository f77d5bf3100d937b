// portolan serve: the server process that `up` starts. Not for people: `up --foreground` is.

import type { ClusterSettings } from './cluster-options.ts';
import type { CliCommand } from './command.ts';
import { UserError } from './errors.ts';
import type { Progress } from './server-process.ts';

export const serve: CliCommand = {
  name: 'serve',
  example: 'portolan up',
  hidden: true,
  define: (parser) =>
    parser
      .description('the server process of a cluster; use up')
      .argument('[settings]', 'as JSON')
      .option('--warm', 'load everything and end'),
  async run(options, [settings = '{}']) {
    if (options.warm === true) return warm();
    const tell = (progress: Progress) =>
      new Promise<void>((resolve) => (process.send ? process.send(progress, () => resolve()) : resolve()));
    try {
      const { serve: run } = await import('./server-process.ts');
      await run(JSON.parse(settings) as ClusterSettings, (progress) => void tell(progress));
      return 0;
    } catch (error) {
      const known = error instanceof UserError;
      console.error(error);
      await tell({
        step: 'failed',
        text: known ? error.message : `an internal error: ${error instanceof Error ? error.message : String(error)}`,
        exitCode: known ? error.exitCode : 4,
      });
      // What was opened until then would keep the process, and its port, alive.
      process.exit(known ? error.exitCode : 4);
    }
  },
};

/** Loads what a server loads, for the sake of the compile cache. */
async function warm(): Promise<0> {
  await Promise.all([
    import('./server-process.ts'),
    import('../edge/sqlite-store.ts'),
    import('../edge/certificates.ts'),
  ]);
  return 0;
}
