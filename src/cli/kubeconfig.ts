// portolan kubeconfig: a cluster's kubeconfig on standard output.

import { existsSync, readFileSync } from 'node:fs';
import { clusterFolder, stateHome } from '../edge/state-folder.ts';
import { clusterNameOf } from './cluster-name.ts';
import type { CliCommand } from './command.ts';
import { UserError } from './errors.ts';

export const kubeconfig: CliCommand = {
  name: 'kubeconfig',
  example: 'portolan kubeconfig shop > shop.kubeconfig',
  define: (parser) =>
    parser.description("print a cluster's kubeconfig").argument('[name]', 'the cluster (default: default)'),

  async run(_options, [given]) {
    const name = clusterNameOf(given);
    const { kubeconfig: file } = clusterFolder(stateHome(process.env), name);
    if (!existsSync(file))
      throw new UserError(`there is no cluster ${name}. Start it: portolan up${name === 'default' ? '' : ` ${name}`}`);
    process.stdout.write(readFileSync(file, 'utf8'));
    return 0;
  },
};
