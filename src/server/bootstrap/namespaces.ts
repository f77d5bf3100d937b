// The namespaces every cluster has.

import type { Client } from '../../client/client.ts';
import { Namespace } from '../../kinds/core/namespace.ts';

const names = ['kube-system', 'kube-public', 'kube-node-lease', 'default'];

export async function systemNamespaces(client: Client): Promise<void> {
  for (const name of names) {
    if (!(await client.find(Namespace, name))) await client.create(Namespace, { metadata: { name } } as Namespace);
  }
}
