// Tells kubelets, by an annotation, how long they may keep secrets and config maps cached: the longer the more nodes there are.

import { Node } from '../kinds/core/node.ts';
import { defineController } from '../reconcile/controller.ts';

const annotation = 'node.alpha.kubernetes.io/ttl';

/** Up to so many nodes, so many seconds. */
const steps = [
  [100, 0],
  [500, 15],
  [1000, 30],
  [2000, 60],
] as const;

export const cacheSeconds = (nodes: number): number => steps.find(([most]) => nodes <= most)?.[1] ?? 300;

export const nodeTtlController = defineController<Node>({
  name: 'ttl-controller',
  for: Node,

  async reconcile(node, { lister, patch }) {
    const ttl = String(cacheSeconds(lister(Node).list().length));
    if (node.metadata.annotations?.[annotation] === ttl) return;
    await patch(Node, node, { metadata: { annotations: { [annotation]: ttl } } }, { type: 'merge' });
  },
});
