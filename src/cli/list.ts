// portolan list: the clusters of this machine, a line each.

import { clusterFolder, clusterNames, isAlive, readRecord, stateHome } from '../edge/state-folder.ts';
import type { CliCommand } from './command.ts';
import { formatOf } from './output.ts';

export const list: CliCommand = {
  name: 'list',
  example: 'portolan list -o json',
  define: (parser) =>
    parser.description('the clusters of this machine').option('-o, --output <format>', 'text or json', 'text'),

  async run(options) {
    const format = formatOf(options);
    const home = stateHome(process.env);
    const rows = clusterNames(home).map((name) => {
      const record = readRecord(clusterFolder(home, name));
      const running = record !== undefined && isAlive(record);
      return {
        name,
        state: running ? 'running' : 'stopped',
        url: running ? record.url : '',
        nodes: record?.nodes ?? 0,
      };
    });
    if (format === 'json') console.log(JSON.stringify(rows, undefined, 2));
    else if (rows.length === 0) console.log('No cluster yet. Start one: portolan up');
    else
      for (const { name, state, url, nodes } of rows)
        console.log(
          `${name.padEnd(16)} ${state.padEnd(9)} ${url.padEnd(26)} ${state === 'running' ? `${nodes} nodes` : ''}`.trimEnd(),
        );
    return 0;
  },
};
