// A node of a StatefulSet loses power. What becomes of its pod if nobody does anything, if it is deleted by force, and if the node is
// declared out of service? Three clusters side by side: `npm run example -- statefulset-node-death`.

import { minutes } from '../../src/base/clock.ts';
import { simulate, type Simulation } from '../../src/cluster/simulate.ts';
import { StatefulSet } from '../../src/kinds/apps/stateful-set.ts';
import { Node } from '../../src/kinds/core/node.ts';
import { Pod } from '../../src/kinds/core/pod.ts';

const nodes = ['a', 'b', 'c'].map((zone, at) => ({ name: `n${at + 1}`, zone }));
/** Its pods spread over the nodes; the last one is on the node that dies. */
const replicas = 2;
const victim = { name: `db-${replicas - 1}`, namespace: 'default' };
const helpAfter = 8;
const lastMinute = 12;

const labels = { app: 'db' };
const set: StatefulSet = {
  metadata: { name: 'db', namespace: 'default' },
  spec: {
    replicas,
    serviceName: 'db',
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [{ name: 'db', image: 'example.com/db:1' }],
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'kubernetes.io/hostname',
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: { matchLabels: labels },
          },
        ],
      },
    },
  },
};

export interface Course {
  readonly title: string;
  /** What is done about the node, if anything, some minutes after its death. */
  help(cluster: Simulation, node: string): Promise<unknown>;
}

export const courses: readonly Course[] = [
  { title: 'nobody helps', help: async () => {} },
  {
    title: 'force delete',
    help: ({ client }) => client.delete(Pod, victim, { gracePeriodSeconds: 0 }),
  },
  {
    title: 'out-of-service taint',
    async help({ client }, name) {
      const { spec } = await client.get(Node, name);
      const taint = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' as const };
      const taints = [...(spec?.taints ?? []), taint];
      await client.patch(Node, { name, namespace: '' }, { spec: { taints } }, { type: 'merge' });
    },
  },
];

/** What is seen of the pod in each minute after the death of its node. */
export async function statesIn({ help }: Course): Promise<readonly string[]> {
  const cluster = await simulate({ seed: 1, nodes });
  const { client, clock } = cluster;
  await client.create(StatefulSet, set);
  await clock.advance(minutes(2));
  const { spec } = await client.get(Pod, victim.name, victim.namespace);
  const dead = spec.nodeName ?? '';
  cluster.nodes?.powerOff(dead);
  const states: string[] = [];
  for (let minute = 1; minute <= lastMinute; minute++) {
    await clock.advance(minutes(1));
    if (minute === helpAfter) await help(cluster, dead);
    states.push(stateOf(await client.find(Pod, victim.name, victim.namespace)));
  }
  await cluster.stop();
  return states;
}

function stateOf(pod: Pod | undefined): string {
  if (!pod) return 'gone';
  const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  const state = pod.metadata.deletionTimestamp ? 'Terminating' : (pod.status?.phase ?? '');
  return `${state}${ready || state !== 'Running' ? '' : ', not ready'} on ${pod.spec.nodeName ?? 'no node'}`;
}

export async function main(print: (line: string) => void): Promise<void> {
  const columns = [];
  for (const course of courses) columns.push(await statesIn(course));
  const row = (cells: readonly string[]) => cells.map((cell) => cell.padEnd(26)).join('').trimEnd();
  print(`${' '.repeat(8)}${row(courses.map(({ title }) => title))}`);
  for (let at = 0; at < lastMinute; at++) {
    const minute = `${at + 1} min`.padEnd(8);
    print(`${minute}${row(columns.map((states) => states[at] ?? ''))}${at + 1 === helpAfter ? '   <- help' : ''}`);
  }
}
