// What other API servers need to check the clients of this one: the authority of client certificates, and how this server says for whom it
// passes on a request.

import { deepEqual } from '../../base/equal.ts';
import type { Client } from '../../client/client.ts';
import { ConfigMap } from '../../kinds/core/config-map.ts';
import type { BootstrapFacts } from './step.ts';
import { ensure } from './ensure.ts';

const name = 'extension-apiserver-authentication';

export const authenticationConfig = (client: Client, facts: BootstrapFacts): Promise<void> =>
  ensure(client, {
    kind: ConfigMap,
    objects: [{ metadata: { name, namespace: 'kube-system' }, data: dataOf(facts) }],
    repair: (existing, { data }) =>
      deepEqual({ ...existing.data, ...data }, existing.data)
        ? undefined
        : { ...existing, data: { ...existing.data, ...data } },
  });

const dataOf = ({ caCertificate, proxyCaCertificate }: BootstrapFacts): Record<string, string> => ({
  'client-ca-file': caCertificate,
  ...(proxyCaCertificate && {
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-client-ca-file': proxyCaCertificate,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-uid-headers': '["X-Remote-Uid"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  }),
});
