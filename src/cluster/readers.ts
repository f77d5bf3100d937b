// Roles for what is served beside Kubernetes' own groups: whoever may view, edit or administer may read it.

import { ApiError } from '../api/status.ts';
import type { Client } from '../client/client.ts';
import { ClusterRole } from '../kinds/rbac/cluster-role.ts';
import { explained } from '../kinds/why/types.ts';

const reader = (name: string, group: string, resources: readonly string[], verbs: readonly string[]): ClusterRole => ({
  metadata: {
    name,
    labels: {
      'rbac.authorization.k8s.io/aggregate-to-admin': 'true',
      'rbac.authorization.k8s.io/aggregate-to-edit': 'true',
      'rbac.authorization.k8s.io/aggregate-to-view': 'true',
    },
  },
  rules: [{ apiGroups: [group], resources: [...resources], verbs: [...verbs] }],
});

/** As a metrics server brings it along. */
export const metricsReader = reader(
  'system:aggregated-metrics-reader',
  'metrics.k8s.io',
  ['pods', 'nodes'],
  ['get', 'list', 'watch'],
);

export const whyReader = reader('portolan:why-reader', 'why.portolan.dev', Object.keys(explained), ['get', 'list']);

/** Leaves the one of an earlier start as it is. */
export async function createReader(client: Client, role: ClusterRole): Promise<void> {
  try {
    await client.create(ClusterRole, role);
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
  }
}
