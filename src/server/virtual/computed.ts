// Objects made when they are asked for, read like stored ones: by name, or all that the selectors leave, in order.

import type { KubeObject } from '../../api/object.ts';
import { notFound } from '../../api/status.ts';
import type { Exchange, ResourceTarget } from '../exchange.ts';
import { selectionOf } from '../selection.ts';
import type { Server } from '../server.ts';
import { encodeStored } from '../stored.ts';
import type { Result } from '../verbs/result.ts';

interface Computed {
  readonly objects: readonly KubeObject[];
  /** What a missing one is said to be. */
  readonly called: string;
}

export function computed(
  server: Server,
  { request }: Exchange,
  { served: { kind }, namespace, name, verb }: ResourceTarget,
  { objects, called }: Computed,
): Result {
  const typed = objects.map(
    (each): KubeObject => ({ kind: kind.kind, apiVersion: `${kind.group}/${kind.version}`, ...each }),
  );
  if (verb === 'get') {
    const found = typed.find(({ metadata }) => metadata.name === name && (metadata.namespace ?? '') === namespace);
    const full = namespace === '' ? name : `${namespace}/${name}`;
    if (!found) throw notFound({ group: kind.group, resource: called }, full);
    return { type: 'object', code: 200, object: found };
  }
  const selection = selectionOf(kind, namespace, '', request.query);
  const items = typed
    .filter(selection.matches)
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .map((object) => ({ object, bytes: encodeStored(kind, object), revision: 0 }));
  return { type: 'list', items, revision: server.store.revision() };
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;
