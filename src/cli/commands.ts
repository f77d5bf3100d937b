// The commands there are. Help, parsing and the table in the documentation derive from this list.

import type { CliCommand } from './command.ts';
import { demo } from './demo.ts';
import { down } from './down.ts';
import { kubeconfig } from './kubeconfig.ts';
import { list } from './list.ts';
import { run } from './run.ts';
import { serve } from './serve.ts';
import { status } from './status.ts';
import { up } from './up.ts';
import { why } from './why.ts';

export const commands: readonly CliCommand[] = [up, down, list, status, kubeconfig, run, why, demo, serve];
