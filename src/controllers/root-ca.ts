// Puts the authority that signs the API server's certificate into every namespace, as the config map kube-root-ca.crt.

import { deepEqual } from '../base/equal.ts';
import { ConfigMap } from '../kinds/core/config-map.ts';
import { Namespace } from '../kinds/core/namespace.ts';
import { type Controller, defineController, watching } from '../reconcile/controller.ts';

const mapName = 'kube-root-ca.crt';
const description = 'kubernetes.io/description';
const descriptionText =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** A certificate as it is given to pods: text that ends with a line break. */
export const caBundle = (pem: string): string => (pem.endsWith('\n') ? pem : `${pem}\n`);

/** `caPem` is the certificate as text. */
export function rootCaPublisher(caPem: string): Controller {
  const data = { 'ca.crt': caBundle(caPem) };
  return defineController<Namespace>({
    name: 'root-ca-certificate-publisher-controller',
    for: Namespace,
    watches: [
      watching(ConfigMap, ({ metadata: { name, namespace = '' } }) =>
        name === mapName ? [{ name: namespace, namespace: '' }] : [],
      ),
    ],

    async reconcile({ metadata: { name: namespace = '', deletionTimestamp } }, { lister, create, update }) {
      if (deletionTimestamp) return;
      const present = lister(ConfigMap).get(mapName, namespace);
      const annotations = { ...present?.metadata.annotations, [description]: descriptionText };
      if (!present) await create(ConfigMap, { metadata: { name: mapName, namespace, annotations }, data });
      else if (!deepEqual(present.data, data) || !present.metadata.annotations?.[description])
        await update(ConfigMap, { ...present, metadata: { ...present.metadata, annotations }, data });
    },
  });
}
