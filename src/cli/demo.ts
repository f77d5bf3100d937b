// portolan demo: a shop comes up by zone, rolls to a new version without a gap, and is drained of a node under its budgets.

import { fileURLToPath } from 'node:url';
import { clusterFolder, stateHome } from '../edge/state-folder.ts';
import { accessOf } from './access.ts';
import { openApi } from './api.ts';
import { settingsOf } from './cluster-options.ts';
import type { CliCommand } from './command.ts';
import { createStage } from './demo/stage.ts';
import { apply, deployments, podsByZone, unplaced, untilAvailable } from './demo/shop.ts';
import { drain } from './demo/drain.ts';
import { roll } from './demo/roll.ts';
import { stopCluster } from './down.ts';
import { runningRecord, startCluster } from './up.ts';

const name = 'demo';
const zones = 'a,b,c';
/** Nodes are dealt to the zones in turn. */
const zoneB = ['n2', 'n5'];
const shop = fileURLToPath(new URL('../../examples/shop/shop.yaml', import.meta.url));

export const demo: CliCommand = {
  name: 'demo',
  example: 'portolan demo --keep',
  define: (parser) =>
    parser
      .description('a shop comes up, rolls and is drained of a node: in under a minute')
      .option('--keep', 'leave the cluster running at the end'),

  async run(options) {
    const stage = createStage(process.stdout);
    const folder = clusterFolder(stateHome(process.env), name);
    if (runningRecord(folder)) await stopCluster(name, 'remove', () => {});
    const keep = options.keep === true || process.stdout.isTTY === true;

    stage.scene('A cluster of six simulated nodes in three zones', 'portolan up demo --nodes 6 --zones a,b,c');
    const began = performance.now();
    await startCluster(settingsOf(name, { nodes: '6', zones, store: 'memory' }), 30_000, () => {}, { merge: false });
    stage.fact(
      `Ready in ${((performance.now() - began) / 1000).toFixed(1)} s. No container really runs: the nodes are simulated, the API server, the controllers and the scheduler are real.`,
    );
    const api = openApi(accessOf(folder));
    try {
      stage.scene(
        'A shop of ten services, an order database, a job and a nightly report',
        `kubectl apply -f ${relative(shop)}`,
      );
      const count = await apply(api, shop);
      const took = await untilAvailable(api, 'shop', (ready, all) =>
        stage.progress(`${ready} of ${all} services are available`),
      );
      stage.fact(`${count} objects; all services are available after ${took.toFixed(1)} s.`);
      stage.scene('Where it runs', 'kubectl get pods -n shop -o wide');
      for (const line of await podsByZone(api, 'shop')) stage.line(line);

      stage.scene(
        'The cart rolls to a new version',
        'kubectl set image -n shop deployment/cart cart=example.com/shop/cart:1.1.0',
      );
      for (const line of await roll(api, 'shop', 'cart', 'example.com/shop/cart:1.1.0', stage)) stage.fact(line);

      stage.scene(
        'Zone b is emptied for maintenance, as fast as the budgets allow',
        `kubectl drain ${zoneB.join(' ')}`,
      );
      for (const line of await drain(api, zoneB, stage)) stage.fact(line);
      await untilAvailable(api, 'shop', () => {});
      for (const line of await unplaced(api, 'shop')) {
        stage.fact(
          /node affinity/.test(line) ? `${line} Its volume lives in zone b: it comes back with the zone.` : line,
        );
      }
      const { available, all } = await deployments(api, 'shop');
      stage.fact(`At the end ${available} of ${all} services are available, on the four nodes of the other zones.`);
    } finally {
      api.close();
      if (!keep) await stopCluster(name, 'remove', () => {});
    }
    stage.scene('On by hand');
    for (const line of goOn(keep, folder.kubeconfig)) stage.line(line);
    return 0;
  },
};

const relative = (path: string): string =>
  path.startsWith(`${process.cwd()}/`) ? path.slice(process.cwd().length + 1) : path;

function goOn(kept: boolean, kubeconfig: string): readonly string[] {
  if (!kept) {
    return [
      'The cluster of this demo is gone again. One to keep:',
      '',
      '  npx portolan up --nodes 6 --zones a,b,c',
      '  kubectl apply -f examples/shop/shop.yaml',
      '  npx portolan status',
    ];
  }
  return [
    'The cluster goes on:',
    '',
    `  export KUBECONFIG=${kubeconfig}`,
    '  kubectl get pods -n shop -o wide',
    `  kubectl uncordon ${zoneB.join(' ')}`,
    '  npx portolan status demo',
    '  npx portolan down demo            when you are done',
  ];
}
