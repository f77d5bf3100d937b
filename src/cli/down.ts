// portolan down: stops a cluster and removes what belongs to it.

import { setTimeout as sleep } from 'node:timers/promises';
import { clusterFolder, clusterNames, isAlive, readRecord, removeFolder, stateHome } from '../edge/state-folder.ts';
import { clusterNameOf, noSuchCluster } from './cluster-name.ts';
import type { ClusterSettings } from './cluster-options.ts';
import type { CliCommand } from './command.ts';
import { UserError } from './errors.ts';
import { leaveUserKubeconfig } from './manners.ts';
import { readSettings } from './settings-file.ts';

export const down: CliCommand = {
  name: 'down',
  example: 'portolan down shop',
  define: (parser) =>
    parser
      .description('stop a cluster and remove it with its data')
      .argument('[name]', 'the cluster (default: default)')
      .option('--all', 'every cluster')
      .option('--keep-data', 'stop it only; up goes on where it was'),

  async run(options, [given]) {
    const home = stateHome(process.env);
    const known = clusterNames(home);
    if (options.all === true && given !== undefined)
      throw new UserError('--all stops every cluster: leave the name out');
    const names = options.all === true ? known : [clusterNameOf(given)];
    const [missing] = names.filter((name) => !known.includes(name));
    if (missing !== undefined) throw noSuchCluster(home, missing);
    for (const name of names) await stopCluster(name, options.keepData === true ? 'keep' : 'remove');
    if (names.length === 0) console.log('No cluster is there.');
    return 0;
  },
};

/** How long a server may take to finish before it is killed, in milliseconds. */
const patience = 5000;

export async function stopCluster(
  name: string,
  data: 'keep' | 'remove',
  say: (text: string) => void = console.log,
): Promise<void> {
  const folder = clusterFolder(stateHome(process.env), name);
  const record = readRecord(folder);
  const ran = record !== undefined && isAlive(record);
  const fate = fateOf(data, readSettings(folder));
  if (ran) {
    process.kill(record.pid, 'SIGTERM');
    for (let waited = 0; isAlive(record) && waited < patience; waited += 20) await sleep(20);
    if (isAlive(record)) process.kill(record.pid, 'SIGKILL');
  }
  leaveUserKubeconfig(name);
  if (data === 'remove') removeFolder(folder);
  say(`Cluster portolan-${name} ${ran ? 'is stopped' : 'is not running'}${fate}.`);
}

/** What becomes of its data. A folder the user named is the user's. */
function fateOf(data: 'keep' | 'remove', settings: ClusterSettings | undefined): string {
  if (settings?.store === 'memory') return data === 'remove' ? ' and removed' : '; its data was in memory only';
  if (data === 'keep') return '; its data is kept';
  return settings?.dataDir === undefined ? ' and removed' : ` and removed; ${settings.dataDir} is left as it is`;
}
