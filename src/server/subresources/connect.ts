// exec, attach, port-forward and proxy: ways into a pod, or to what stands behind a service. What is refused before anything is
// connected is refused here; connections themselves are not modelled yet.

import type { Kind } from '../../api/kind.ts';
import { badRequest, notFound, notModelled } from '../../api/status.ts';
import { Endpoints } from '../../kinds/core/endpoints.ts';
import { Node } from '../../kinds/core/node.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import type { Server } from '../server.ts';
import type { Result } from '../verbs/result.ts';
import { containerOf } from './log.ts';

/** Into a container: one of the pod's, on a node that is there. */
export async function connectContainer(server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> {
  const pod = (await server.caches.of(target.served.kind)).mirror.get(target.name, target.namespace) as Pod | undefined;
  if (!pod) throw notFound(target, target.name);
  if (target.subresource !== 'portforward') containerOf(pod, exchange.request.query.get('container') ?? undefined);
  const { nodeName } = pod.spec;
  if (!nodeName) throw badRequest(`pod ${target.name} does not have a host assigned`);
  const node = (await server.caches.of(Node as unknown as Kind)).mirror.get(nodeName);
  // Kubernetes names the node as if it were a pod.
  if (!node) throw notFound(target, nodeName);
  throw notModelled(`pods/${target.subresource}`);
}

/** To a service's endpoints, by `name`, `name:port` or `scheme:name:port`. */
export async function serviceProxy(server: Server, _: Exchange, target: ResourceTarget): Promise<Result> {
  const parts = target.name.split(':');
  const name = (parts.length === 3 ? parts[1] : parts[0]) ?? '';
  const exists = async (kind: Kind) => (await server.caches.of(kind)).mirror.get(name, target.namespace) !== undefined;
  // Without endpoints a service counts as not there.
  if (!(await exists(target.served.kind)) || !(await exists(Endpoints as unknown as Kind)))
    throw notFound(target, name);
  throw notModelled('services/proxy');
}
