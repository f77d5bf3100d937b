// What services are of which sort, in Kubernetes' terms.

import type { ServiceSpec } from '../../generated/types/core-v1.ts';

/** Without an address of its own: its name stands for its endpoints. */
export const isHeadless = ({ clusterIP, clusterIPs }: ServiceSpec): boolean =>
  (clusterIPs?.length === 1 && clusterIPs[0] === 'None') || clusterIP === 'None';

/** Can be reached from outside the cluster. */
export const isExternallyAccessible = ({ type, externalIPs }: ServiceSpec): boolean =>
  type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && (externalIPs ?? []).length > 0);

/** Load balancers that must not pass through a second node ask each node whether it has endpoints. */
export const needsHealthCheck = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
