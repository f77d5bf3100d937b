// The role that comes with a metrics server: whoever may view, edit or administer may see what is used.

import { ApiError } from '../api/status.ts';
import type { Client } from '../client/client.ts';
import { ClusterRole } from '../kinds/rbac/cluster-role.ts';

const reader: ClusterRole = {
  metadata: {
    name: 'system:aggregated-metrics-reader',
    labels: {
      'rbac.authorization.k8s.io/aggregate-to-admin': 'true',
      'rbac.authorization.k8s.io/aggregate-to-edit': 'true',
      'rbac.authorization.k8s.io/aggregate-to-view': 'true',
    },
  },
  rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
};

/** Leaves the one of an earlier start as it is. */
export async function createMetricsReader(client: Client): Promise<void> {
  try {
    await client.create(ClusterRole, reader);
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
  }
}
