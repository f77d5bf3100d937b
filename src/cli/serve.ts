// portolan serve: the server process that `up` starts. Not for people: `up --foreground` is.

import type { ClusterSettings } from './cluster-options.ts';
import type { CliCommand } from './command.ts';
import { UserError } from './errors.ts';
import type { Progress } from './server-process.ts';

export const serve: CliCommand = {
  name: 'serve',
  example: 'portolan up',
  hidden: true,
  define: (parser) => parser.description('the server process of a cluster; use up').argument('<settings>', 'as JSON'),
  async run(_options, [settings = '{}']) {
    const tell = (progress: Progress) => void process.send?.(progress);
    try {
      const { serve: run } = await import('./server-process.ts');
      await run(JSON.parse(settings) as ClusterSettings, tell);
      return 0;
    } catch (error) {
      const known = error instanceof UserError;
      tell({
        step: 'failed',
        text: known ? error.message : `an internal error: ${error instanceof Error ? error.message : String(error)}`,
        exitCode: known ? error.exitCode : 4,
      });
      throw error;
    }
  },
};
