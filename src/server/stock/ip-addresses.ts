// For every address a Service has been given there is an IPAddress object that says so, as long as the Service has it.

import type { KubeObject } from '../../api/object.ts';
import { ApiError } from '../../api/status.ts';
import type { Service } from '../../kinds/core/service.ts';
import type { IPAddress } from '../../kinds/networking/ip-address.ts';
import { deepEqual } from '../../base/equal.ts';
import { parseIp } from '../../base/ip.ts';
import type { Draft } from '../draft.ts';
import type { ResourceTarget } from '../exchange.ts';
import type { Server } from '../server.ts';
import type { WriteContext } from '../verbs/commit.ts';
import { insert } from '../verbs/create.ts';
import { remove } from '../verbs/delete.ts';

/** Called after a Service was written or deleted. */
export async function followAddresses(
  server: Server,
  next: KubeObject | undefined,
  previous: KubeObject | undefined,
): Promise<void> {
  const [now, before] = [addressesOf(next as Service | undefined), addressesOf(previous as Service | undefined)];
  for (const address of before) if (!now.includes(address)) await release(server, previous as Service, address);
  for (const address of now) if (!before.includes(address)) await hold(server, next as Service, address);
}

const addressesOf = (service: Service | undefined): readonly string[] =>
  (service?.spec.clusterIPs ?? []).filter((address) => parseIp(address) !== undefined);

const parentOf = ({ metadata }: Service) => ({
  group: '',
  resource: 'services',
  namespace: metadata.namespace ?? '',
  name: metadata.name ?? '',
});

async function hold(server: Server, service: Service, address: string): Promise<void> {
  const context = contextOf(server, address, 'create');
  if (!context) return;
  const { group: _, ...parentRef } = parentOf(service);
  const draft = {
    kind: 'IPAddress',
    apiVersion: 'networking.k8s.io/v1',
    metadata: {
      name: address,
      labels: {
        'ipaddress.kubernetes.io/ip-family': `IPv${parseIp(address)?.family}`,
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef },
  } as Draft;
  await insert(server, context, draft, true).catch(unlessCode(409));
}

/** Only what the Service itself held. */
async function release(server: Server, service: Service, address: string): Promise<void> {
  const context = contextOf(server, address, 'delete');
  if (!context) return;
  const cache = await server.caches.of(context.target.served.kind);
  const held = cache.mirror.get(address, '') as IPAddress | undefined;
  const parent = held && { group: '', ...held.spec.parentRef };
  if (deepEqual(parent, parentOf(service))) await remove(server, context, { dryRun: false }).catch(unlessCode(404));
}

/** Undefined where the kind is not served. */
function contextOf(server: Server, name: string, verb: ResourceTarget['verb']): WriteContext | undefined {
  const served = server.catalog.find('networking.k8s.io', 'v1', 'ipaddresses');
  if (!served) return undefined;
  const place = { group: 'networking.k8s.io', version: 'v1', resource: 'ipaddresses', namespace: '', name };
  return {
    target: { type: 'resource', served, ...place, subresource: '', rest: '', verb },
    user: { name: 'system:apiserver', groups: ['system:masters'] },
    manager: 'kube-apiserver',
    agent: 'kube-apiserver',
    dryRun: false,
    given: {},
    warn: () => {},
    annotate: () => {},
  };
}

const unlessCode = (code: number) => (error: unknown) => {
  if (!(error instanceof ApiError) || error.code !== code) throw error;
};
