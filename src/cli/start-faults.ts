// Why a cluster could not start, in a sentence that says what to do.

import { clusterFolder, clusterNames, isAlive, readRecord, stateHome } from '../edge/state-folder.ts';
import type { ClusterSettings } from './cluster-options.ts';
import { UserError } from './errors.ts';

export function explainStart(error: unknown, settings: ClusterSettings): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return new UserError(portTaken(settings.port));
  if (code === 'EACCES')
    return new UserError(`port ${settings.port} may not be used by this user; leave --port out to get a free one`);
  return error;
}

export function portTaken(port: number): string {
  const home = stateHome(process.env);
  const holder = clusterNames(home)
    .map((name) => readRecord(clusterFolder(home, name)))
    .find((record) => record?.port === port && isAlive(record));
  const whose = holder ? ` by process ${holder.pid} (portolan ${holder.name})` : ' by another program';
  const stop = holder ? `, or stop it: portolan down ${holder.name}` : '';
  return `port ${port} is taken${whose}. Leave --port out to get a free one${stop}`;
}
