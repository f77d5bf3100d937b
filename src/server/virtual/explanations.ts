// why.portolan.dev: why something is as it is, found out when asked.

import { notFound } from '../../api/status.ts';
import { resourceKey } from '../../api/kind.ts';
import { whyKinds } from '../../kinds/why/explanation.ts';
import { computed } from './computed.ts';
import type { VirtualHandler } from './index.ts';

const explanation: VirtualHandler = async (server, exchange, target) => {
  const { resource, namespace, name, verb } = target;
  const called = resourceKey(target.served.kind);
  if (!server.explains) throw notFound({ group: target.group, resource }, name);
  const objects =
    verb === 'get'
      ? [await server.explains.one(resource, namespace, name)].filter((each) => each !== undefined)
      : await server.explains.all(resource, namespace);
  return computed(server, exchange, target, { objects, called });
};

/** One handler for all that is explained. */
export const explanations: Readonly<Record<string, VirtualHandler>> = Object.fromEntries(
  whyKinds.map((kind) => [resourceKey(kind), explanation]),
);
