// Nodes are emptied by evictions, which the disruption budgets slow down; every wait is told with the budget that caused it.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, ApiFault } from '../api.ts';
import { UserError } from '../errors.ts';
import { found, type PodView } from './shop.ts';
import type { Stage } from './stage.ts';

const patience = 45_000;
const retryEvery = 500;

interface Evicted {
  readonly pod: string;
  readonly at: number;
  /** Milliseconds it had to wait, and the budget's words. */
  readonly waited: number;
  readonly because: string;
}

/** Cordons the nodes and evicts what is on them. Gives sentences of what happened. */
export async function drain(api: Api, nodes: readonly string[], stage: Stage): Promise<readonly string[]> {
  for (const node of nodes)
    await api.call('PATCH', `/api/v1/nodes/${node}`, { spec: { unschedulable: true } }, 'application/merge-patch+json');
  const lists = await Promise.all(
    nodes.map((node) => api.call<{ items: PodView[] }>('GET', `/api/v1/pods?fieldSelector=spec.nodeName=${node}`)),
  );
  const pods = lists.flatMap(({ items }) => items).filter(isEvicted);
  const began = performance.now();
  const evicted = await Promise.all(pods.map((pod) => evict(api, pod, began)));
  await gone(api, pods, began, (left) => stage.progress(`${left} of ${pods.length} pods are still going`));
  for (const line of [...evicted].sort((a, b) => a.at - b.at).map(told)) stage.line(line);
  const waits = evicted.filter(({ waited }) => waited > 0).length;
  return [
    `${pods.length} pods left ${nodes.join(' and ')} in ${((performance.now() - began) / 1000).toFixed(1)} s${waits > 0 ? `; ${waits} had to wait for a budget` : '; no budget stood in the way'}.`,
  ];
}

/** As kubectl drain chooses: neither daemons nor what has finished. */
const isEvicted = ({ metadata, status }: PodView): boolean =>
  !metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet') &&
  status?.phase !== 'Succeeded' &&
  status?.phase !== 'Failed';

const told = ({ pod, at, waited, because }: Evicted): string =>
  `${(at / 1000).toFixed(1).padStart(5)} s  ${pod.padEnd(34)} evicted${waited > 0 ? ` after waiting ${(waited / 1000).toFixed(1)} s: ${because}` : ''}`;

async function evict(api: Api, pod: PodView, began: number): Promise<Evicted> {
  const { name, namespace } = pod.metadata;
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
  const first = performance.now();
  let because = '';
  for (;;) {
    try {
      await api.call('POST', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, body);
      return { pod: name, at: performance.now() - began, waited: because ? performance.now() - first : 0, because };
    } catch (error) {
      if (!(error instanceof ApiFault) || error.code !== 429) throw error;
      because = error.causes[0] ?? error.message;
      if (performance.now() - first > patience)
        throw new UserError(`${name} could not be evicted within ${patience / 1000} s: ${because}`, 1);
      await sleep(retryEvery);
    }
  }
}

async function gone(
  api: Api,
  pods: readonly PodView[],
  began: number,
  progress: (left: number) => void,
): Promise<void> {
  let left = [...pods];
  while (left.length > 0) {
    if (performance.now() - began > patience)
      throw new UserError(
        `${left.map(({ metadata }) => metadata.name).join(', ')} did not go within ${patience / 1000} s`,
        1,
      );
    const still = await Promise.all(
      left.map(({ metadata }) =>
        found(api.call<PodView>('GET', `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`)),
      ),
    );
    left = left.filter(({ metadata }, at) => still[at]?.metadata.uid === metadata.uid);
    progress(left.length);
    if (left.length > 0) await sleep(200);
  }
}
