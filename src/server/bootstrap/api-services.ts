// An APIService for every group version the server itself serves: always available, and what the order of discovery comes from.

import { formatTime } from '../../base/time.ts';
import type { Client } from '../../client/client.ts';
import { APIService } from '../../kinds/apiregistration/api-service.ts';
import { ensure } from './ensure.ts';
import type { BootstrapFacts, GroupVersion } from './step.ts';

/** The place of a group among the others, the greatest first. Facts of Kubernetes 1.36. */
const groupPriorities: Readonly<Record<string, number>> = {
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'apiextensions.k8s.io': 16_700,
  'admissionregistration.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'resource.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
  'internal.apiserver.k8s.io': 16_000,
  'storagemigration.k8s.io': 16_000,
  'metrics.k8s.io': 100,
};

/** Versions that stand elsewhere among their group's than their maturity says. */
const versionPriorities: Readonly<Record<string, number>> = {
  '/v1': 1,
  'autoscaling/v2': 30,
  'flowcontrol.apiserver.k8s.io/v1': 21,
  'metrics.k8s.io/v1beta1': 100,
};

export const localApiServices = (client: Client, { groupVersions, now }: BootstrapFacts): Promise<void> =>
  ensure(client, {
    kind: APIService,
    // The aggregator, whose kind this is, does not list itself.
    objects: groupVersions.filter(({ group }) => group !== 'apiregistration.k8s.io').map(localService),
    status: (service) => ({ ...service, status: { conditions: [available(formatTime(now()))] } }),
  });

function localService({ group, version }: GroupVersion): APIService {
  return {
    metadata: {
      name: `${version}.${group}`,
      labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' },
    },
    spec: {
      ...(group !== '' && { group }),
      version,
      groupPriorityMinimum: groupPriorities[group] ?? 1000,
      versionPriority: versionPriorities[`${group}/${version}`] ?? priorityOf(version),
    },
  };
}

const priorityOf = (version: string): number => (version.includes('alpha') ? 1 : version.includes('beta') ? 9 : 15);

export const available = (lastTransitionTime: string) => ({
  type: 'Available' as const,
  status: 'True' as const,
  lastTransitionTime,
  reason: 'Local',
  message: 'Local APIServices are always available',
});
