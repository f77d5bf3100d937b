// Bindings posted to their namespace, as schedulers of old do: the same as posting to the pod they name.

import type { Kind } from '../../api/kind.ts';
import { noSuchPath } from '../../api/status.ts';
import { expectedOf, parseBody } from '../body.ts';
import { binding } from '../subresources/binding.ts';
import type { VirtualHandler } from './index.ts';

export const legacyBinding: VirtualHandler = async (server, exchange, target) => {
  const served = server.catalog.find('', 'v1', 'pods');
  if (!served) throw noSuchPath();
  const { value } = parseBody(exchange.request, expectedOf(target.served.kind as Kind, target.served.version), false);
  const { name = '' } = (value.metadata ?? {}) as { name?: string };
  return binding(server, exchange, { ...target, served, resource: 'pods', name, subresource: 'binding' });
};
