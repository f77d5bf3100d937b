// Which pods are promised room on which node, until they are placed there or go elsewhere.

import type { PodInfo } from './pod-info.ts';

export interface Nominations {
  /** Promises a pod room, instead of what it was promised before. */
  promise(pod: PodInfo, node: string): void;
  forget(uid: string): void;
  nodeOf(uid: string): string | undefined;
  byNode(): ReadonlyMap<string, readonly PodInfo[]>;
}

export function createNominations(): Nominations {
  const byNode = new Map<string, PodInfo[]>();
  const nodes = new Map<string, string>();

  function forget(uid: string): void {
    const node = nodes.get(uid);
    if (node === undefined) return;
    nodes.delete(uid);
    const left = (byNode.get(node) ?? []).filter((pod) => pod.uid !== uid);
    if (left.length > 0) byNode.set(node, left);
    else byNode.delete(node);
  }

  return {
    promise(pod, node) {
      forget(pod.uid);
      nodes.set(pod.uid, node);
      byNode.set(node, [...(byNode.get(node) ?? []), pod]);
    },
    forget,
    nodeOf: (uid) => nodes.get(uid),
    byNode: () => byNode,
  };
}
