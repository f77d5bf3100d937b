// The namespaces every cluster has.

import type { Client } from '../../client/client.ts';
import { Namespace } from '../../kinds/core/namespace.ts';
import { ensure } from './ensure.ts';

const names = ['kube-system', 'kube-public', 'kube-node-lease', 'default'];

export const systemNamespaces = (client: Client): Promise<void> =>
  ensure(client, { kind: Namespace, objects: names.map((name) => ({ metadata: { name } }) as Namespace) });
