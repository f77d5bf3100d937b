// What /healthz, /livez and /readyz of a cluster ask, by upstream's names.

import type { HealthCheck } from '../server/health.ts';

/** `started`: what the API server itself keeps in being is there. */
export function healthChecks(started: () => boolean): readonly HealthCheck[] {
  const well = () => undefined;
  const everywhere = ['healthz', 'livez', 'readyz'] as const;
  return [
    { name: 'ping', in: everywhere, check: well },
    { name: 'log', in: everywhere, check: well },
    { name: 'etcd', in: everywhere, check: well },
    { name: 'etcd-readiness', in: ['readyz'], check: well },
    { name: 'informer-sync', in: ['readyz'], check: () => (started() ? undefined : 'not started yet') },
    {
      name: 'poststarthook/rbac/bootstrap-roles',
      in: everywhere,
      check: () => (started() ? undefined : 'not finished'),
    },
    { name: 'shutdown', in: ['readyz'], check: well },
  ];
}
