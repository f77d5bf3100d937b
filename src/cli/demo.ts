// portolan demo: tells a story in under a minute.

import type { CliCommand } from './command.ts';
import { UserError } from './errors.ts';

export const demo: CliCommand = {
  name: 'demo',
  example: 'portolan demo',
  define: (parser) => parser.description('a shop comes up, rolls, and is drained of a node: in under a minute'),
  run: () => Promise.reject(new UserError('the demo is not there yet', 3)),
};
