// Bindings posted to their namespace, as schedulers of old do: they bind the pod they name, and are admitted under their own name.

import type { Kind } from '../../api/kind.ts';
import { expectedOf } from '../body.ts';
import { readBody } from '../subresources/body.ts';
import { bindingOptions, bindPod } from '../subresources/binding.ts';
import { writeContext } from '../verbs/commit.ts';
import { requireNamespace } from '../verbs/create.ts';
import type { VirtualHandler } from './index.ts';

export const legacyBinding: VirtualHandler = async (server, exchange, target) => {
  const options = bindingOptions(exchange);
  const body = readBody(exchange, expectedOf(target.served.kind as Kind, target.served.version), options);
  // A uid is a condition only where the pod is named by the path.
  delete body.metadata.uid;
  requireNamespace(target, body);
  const { name = '' } = body.metadata;
  return bindPod(server, body, writeContext(exchange, { ...target, name }, options));
};
