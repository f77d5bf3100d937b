// Where a pod's containers are: which of them is meant, and whether its node can be asked.

import type { Kind } from '../../api/kind.ts';
import { ApiError, badRequest, notFound } from '../../api/status.ts';
import { Node } from '../../kinds/core/node.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { ResourceTarget } from '../exchange.ts';
import type { Server } from '../server.ts';

/** The container that is meant: the one named, or the only one; those that run before and besides do not count. */
export function containerOf(pod: Pod, wanted: string | undefined): string {
  const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec;
  const names = [...initContainers, ...containers, ...ephemeralContainers].map(({ name }) => name);
  if (wanted) {
    if (names.includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${pod.metadata.name}`);
  }
  const [only] = containers;
  if (containers.length === 1 && only) return only.name;
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names.join(' ')}]`,
  );
}

/** Refuses what concerns a node that is not there, or does not say where it is. */
export async function requireHost(server: Server, target: ResourceTarget, name: string): Promise<void> {
  const node = (await server.caches.of(Node as unknown as Kind)).mirror.get(name) as Node | undefined;
  // Kubernetes names the node as if it were a pod.
  if (!node) throw notFound(target, name);
  if (!node.status?.addresses?.length) throw new ApiError(500, '', 'no preferred addresses found; known addresses: []');
}
