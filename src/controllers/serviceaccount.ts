// Gives every namespace its service account `default`.

import { Namespace } from '../kinds/core/namespace.ts';
import { ServiceAccount } from '../kinds/core/service-account.ts';
import { defineController, watching } from '../reconcile/controller.ts';

const defaultName = 'default';

export const serviceAccountController = defineController<Namespace>({
  name: 'serviceaccount-controller',
  for: Namespace,
  watches: [
    watching(ServiceAccount, ({ metadata: { name, namespace = '' } }) =>
      name === defaultName ? [{ name: namespace, namespace: '' }] : [],
    ),
  ],

  async reconcile({ metadata: { name = '', deletionTimestamp } }, { lister, create }) {
    if (deletionTimestamp || lister(ServiceAccount).get(defaultName, name)) return;
    await create(ServiceAccount, { metadata: { name: defaultName, namespace: name } });
  },
});
