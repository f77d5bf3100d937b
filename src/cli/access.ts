// How commands talk to a running cluster: over HTTPS with the private kubeconfig, like any other client.

import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { load } from 'js-yaml';
import type { Access } from '../edge/kubeconfig.ts';
import type { ClusterFolder } from '../edge/state-folder.ts';
import { isNodeReady } from '../kinds/core/node-facts.ts';

interface KubeconfigFile {
  readonly clusters: readonly {
    readonly name: string;
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
  readonly users: readonly {
    readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string };
  }[];
}

const decoded = (text: string): string => Buffer.from(text, 'base64').toString('utf8');

export function accessOf(folder: ClusterFolder): Access {
  const { clusters, users } = load(readFileSync(folder.kubeconfig, 'utf8')) as KubeconfigFile;
  const [cluster, user] = [clusters[0]?.cluster, users[0]?.user];
  if (!cluster || !user) throw new Error(`${folder.kubeconfig} names no cluster`);
  return {
    name: folder.name,
    server: cluster.server,
    ca: decoded(cluster['certificate-authority-data']),
    certificate: decoded(user['client-certificate-data']),
    key: decoded(user['client-key-data']),
  };
}

/** GET of a path as JSON. @throws an Error with the server's message, or the socket's */
export function getJson<T>(access: Access, path: string): Promise<T> {
  const agent = new Agent({ ca: access.ca, cert: access.certificate, key: access.key });
  return new Promise<T>((resolve, reject) => {
    const outgoing = request(new URL(path, access.server), { agent, timeout: 10_000 }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as T & { message?: string };
        if ((incoming.statusCode ?? 500) < 400) resolve(body);
        else reject(new Error(body.message ?? `status ${incoming.statusCode}`));
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${access.server} did not answer within 10 s`)));
    outgoing.on('error', reject);
    outgoing.end();
  }).finally(() => agent.destroy());
}

export interface NodeView {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly unschedulable?: boolean };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime?: string;
    }[];
    readonly allocatable?: Readonly<Record<string, string>>;
  };
}

/** Waits until so many nodes are ready; gives how many were when the patience ended. */
export async function nodesReady(access: Access, wanted: number, patienceMs: number): Promise<number> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const { items } =
      wanted === 0 ? { items: [] } : await getJson<{ items: readonly NodeView[] }>(access, '/api/v1/nodes');
    const ready = items.filter(isNodeReady).length;
    if (ready >= wanted || performance.now() > end) return ready;
    await sleep(50);
  }
}
