// portolan kubeconfig: a cluster's kubeconfig on standard output.

import { existsSync, readFileSync } from 'node:fs';
import { clusterFolder, stateHome } from '../edge/state-folder.ts';
import { clusterNameOf, noSuchCluster } from './cluster-name.ts';
import type { CliCommand } from './command.ts';

export const kubeconfig: CliCommand = {
  name: 'kubeconfig',
  example: 'portolan kubeconfig shop > shop.kubeconfig',
  define: (parser) =>
    parser.description("print a cluster's kubeconfig").argument('[name]', 'the cluster (default: default)'),

  async run(_options, [given]) {
    const name = clusterNameOf(given);
    const home = stateHome(process.env);
    const { kubeconfig: file } = clusterFolder(home, name);
    if (!existsSync(file)) throw noSuchCluster(home, name);
    process.stdout.write(readFileSync(file, 'utf8'));
    return 0;
  },
};
