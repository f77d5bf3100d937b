// What the kubelet of one node has for the volumes of one of its pods.

import { ApiError } from '../api/status.ts';
import { ServiceAccount } from '../kinds/core/service-account.ts';
import type { TokenRequest } from '../kinds/generated/types/authentication-v1.ts';
import type { PodScope } from './pod-host.ts';
import { type ProjectionSources, projectionsOf } from './projections.ts';
import type { PodMounts } from './runtime.ts';

type Placed = Pick<PodScope, 'host' | 'record' | 'pod'>;

export const mountsFor = async (placed: Placed): Promise<PodMounts> => ({
  projections: await projectionsOf(placed.pod(), await sourcesFor(placed)),
  handles: placed.host.volumes.handlesOf(placed.pod()),
});

async function sourcesFor({ host, record, pod }: Placed): Promise<ProjectionSources> {
  const { client, sources, facts, log } = host;
  const { metadata, spec } = pod();
  const { namespace = '', name = '', uid = '' } = metadata;
  const account = spec.serviceAccountName ?? 'default';
  return {
    ...(await sources(namespace)),
    facts: { podIP: record.ips[0] ?? '', hostIP: facts.hostIP },
    async token(audience, seconds) {
      const spec = {
        audiences: audience === undefined ? [] : [audience],
        ...(seconds !== undefined && { expirationSeconds: seconds }),
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid },
      };
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
      try {
        const made = await client.sub(ServiceAccount, { namespace, name: account }, 'token', body);
        return (made as TokenRequest).status?.token;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        log.warn('a pod goes without its token', { pod: `${namespace}/${name}`, error: error.message });
        return undefined;
      }
    },
  };
}
