// NamespaceLifecycle: nothing is created in a namespace that is missing or going away, and the namespaces of the system stay.

import { forbidden, notFound } from '../../api/status.ts';
import { Namespace } from '../../kinds/core/namespace.ts';
import type { AdmissionPlugin } from './plugin.ts';

const immortal = new Set(['default', 'kube-system', 'kube-public']);

export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  handles: ({ operation, kind, namespace }) =>
    kind.plural === 'namespaces' && kind.group === ''
      ? operation === 'DELETE'
      : operation === 'CREATE' && namespace !== '',

  async mutate({ operation, kind, namespace, name, object }, world) {
    if (operation === 'DELETE') {
      if (immortal.has(name))
        throw forbidden({ group: '', resource: 'namespaces' }, name, 'this namespace may not be deleted');
      return;
    }
    if (kind.plural === 'localsubjectaccessreviews') return;
    const home = (await world.mirror(Namespace)).get(namespace);
    if (!home) throw notFound({ group: '', resource: 'namespaces' }, namespace);
    if (home.metadata.deletionTimestamp === undefined && home.status?.phase !== 'Terminating') return;
    const refusal = forbidden(
      { group: kind.group, resource: kind.plural },
      object?.metadata?.name ?? name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    );
    refusal.status.details = {
      ...refusal.status.details,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    };
    throw refusal;
  },
};
