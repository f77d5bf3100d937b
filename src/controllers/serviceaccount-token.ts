// Fills secrets of type kubernetes.io/service-account-token, and removes those whose account is gone.

import { base64, utf8 } from '../base/bytes.ts';
import type { Reference } from '../api/object.ts';
import { referenceTo } from '../client/client.ts';
import { Secret } from '../kinds/core/secret.ts';
import { ServiceAccount } from '../kinds/core/service-account.ts';
import { type Controller, defineController, watching } from '../reconcile/controller.ts';
import { caBundle } from './root-ca.ts';
import { secretClaimsOf } from '../server/tokens/issuer.ts';
import type { KeyMaker } from '../server/tokens/key-maker.ts';

const tokenType = 'kubernetes.io/service-account-token';
const nameAnnotation = 'kubernetes.io/service-account.name';
const uidAnnotation = 'kubernetes.io/service-account.uid';

const encoded = (text: string): string => base64(utf8(text));

/** The account a token secret names; undefined for other secrets. */
function accountNamed({ type, metadata }: Secret): Reference | undefined {
  const name = metadata.annotations?.[nameAnnotation];
  return type === tokenType && name ? { name, namespace: metadata.namespace ?? '' } : undefined;
}

export function tokenController(keys: Pick<KeyMaker, 'sign' | 'caCertificate'>): Controller {
  return defineController<Secret>({
    name: 'tokens-controller',
    for: Secret,
    watches: [
      watching(ServiceAccount, ({ metadata: { name, namespace } }, _previous, { lister }) =>
        lister(Secret)
          .list(namespace)
          .filter((secret) => accountNamed(secret)?.name === name)
          .map(referenceTo),
      ),
    ],

    async reconcile(secret, context) {
      const named = accountNamed(secret);
      if (!named || secret.metadata.deletionTimestamp) return;
      // Asked for anew, since the secret may be known here before its account is.
      const account = await context.client.find(ServiceAccount, named.name, named.namespace);
      if (!account || !isMeant(secret, account)) {
        const { uid } = secret.metadata;
        await context.delete(Secret, secret, { ...(uid !== undefined && { preconditions: { uid } }) });
        return;
      }
      const filled = filledSecret(secret, account, keys.caCertificate);
      if (filled.data?.token) {
        if (filled !== secret) await context.update(Secret, filled);
        return;
      }
      const token = await keys.sign(secretClaimsOf(account, secret.metadata.name ?? ''));
      await context.update(Secret, { ...filled, data: { ...filled.data, token: encoded(token) } });
    },
  });
}

const isMeant = ({ metadata }: Secret, account: ServiceAccount): boolean =>
  (metadata.annotations?.[uidAnnotation] ?? account.metadata.uid) === account.metadata.uid;

/** The secret with all it should hold but a token; itself when nothing is missing. */
export function filledSecret(secret: Secret, account: ServiceAccount, caCertificate: string): Secret {
  const { data = {}, metadata } = secret;
  const ca = encoded(caBundle(caCertificate));
  const namespace = data.namespace || encoded(metadata.namespace ?? '');
  const uid = account.metadata.uid ?? '';
  const complete = data['ca.crt'] === ca && data.namespace && metadata.annotations?.[uidAnnotation] === uid;
  if (complete) return secret;
  return {
    ...secret,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [uidAnnotation]: uid } },
    data: { ...data, 'ca.crt': ca, namespace },
  };
}
