// What other API servers need to check the clients of this one: the authority of client certificates.

import type { Client } from '../../client/client.ts';
import { ConfigMap } from '../../kinds/core/config-map.ts';
import type { BootstrapFacts } from './step.ts';
import { ensure } from './ensure.ts';

const name = 'extension-apiserver-authentication';

export const authenticationConfig = (client: Client, { caCertificate }: BootstrapFacts): Promise<void> =>
  ensure(client, {
    kind: ConfigMap,
    objects: [{ metadata: { name, namespace: 'kube-system' }, data: { 'client-ca-file': caCertificate } }],
  });
