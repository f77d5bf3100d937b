// 500 nodes and 5,000 pods of one Deployment: how long until all run, and in how much memory. `npm run bench -- fill`.

import { setTimeout as sleep } from 'node:timers/promises';
import { benchCluster } from './cluster.ts';
import { report } from './report.ts';

const nodes = 500;
const replicas = 5000;
const patienceMs = 300_000;

export async function fill(): Promise<void> {
  const cluster = await benchCluster(['--nodes', String(nodes), '--zones', 'a,b,c', '--wait', '120s']);
  try {
    const empty = cluster.residentMb();
    const began = performance.now();
    await cluster.call('POST', '/apis/apps/v1/namespaces/default/deployments', deployment());
    let ready = 0;
    while (ready < replicas && performance.now() - began < patienceMs) {
      await sleep(250);
      const { status } = await cluster.call<{ status?: { readyReplicas?: number } }>(
        'GET',
        '/apis/apps/v1/namespaces/default/deployments/fill',
      );
      ready = status?.readyReplicas ?? 0;
    }
    report(`fill: ${nodes} nodes, ${ready} of ${replicas} pods running`, [
      { name: 'until all run', value: (performance.now() - began) / 1000, unit: 's', limit: 30 },
      { name: 'resident with the nodes alone', value: empty, unit: 'MB' },
      { name: 'resident with all pods', value: cluster.residentMb(), unit: 'MB' },
    ]);
  } finally {
    await cluster.down();
  }
}

const deployment = (): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'fill', namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'fill' } },
    template: {
      metadata: { labels: { app: 'fill' } },
      spec: {
        containers: [
          { name: 'c', image: 'example.com/fill:1', resources: { requests: { cpu: '100m', memory: '64Mi' } } },
        ],
      },
    },
  },
});
