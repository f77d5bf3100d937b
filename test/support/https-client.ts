// The quickest client there is: JSON over HTTPS with what a kubeconfig holds, for tests that count requests rather than read output.

import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { load } from 'js-yaml';

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: Readonly<Record<string, string>> }];
  readonly users: readonly [{ readonly user: Readonly<Record<string, string>> }];
}

export interface HttpsClient {
  /** Rejects when the connection breaks; an answer of any status resolves. */
  send(method: string, path: string, body?: object): Promise<{ readonly status: number; readonly body: unknown }>;
  close(): void;
}

/** Where a path of the cluster is, and what shows who asks. */
export function httpsTarget(kubeconfig: string, path: string) {
  const { clusters, users } = load(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const decoded = (text = '') => Buffer.from(text, 'base64');
  return {
    url: new URL(path, clusters[0].cluster.server),
    ca: decoded(clusters[0].cluster['certificate-authority-data']),
    cert: decoded(users[0].user['client-certificate-data']),
    key: decoded(users[0].user['client-key-data']),
  };
}

export function httpsClient(kubeconfig: string): HttpsClient {
  const { url: server, ...identity } = httpsTarget(kubeconfig, '/');
  const agent = new Agent({ keepAlive: true, ...identity });
  return {
    send: (method, path, body) =>
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json' };
        const outgoing = request(new URL(path, server), { method, agent, headers }, (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: parsed(Buffer.concat(chunks)) }));
        });
        outgoing.on('error', reject);
        outgoing.end(body && JSON.stringify(body));
      }),
    close: () => agent.destroy(),
  };
}

const parsed = (bytes: Buffer): unknown => (bytes.length > 0 ? JSON.parse(bytes.toString('utf8')) : undefined);
