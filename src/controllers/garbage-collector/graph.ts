// Who owns whom in the whole cluster, by uid.

import type { Kind } from '../../api/kind.ts';
import type { KubeObject, OwnerReference } from '../../api/object.ts';

export interface Node {
  readonly kind: Kind;
  readonly object: KubeObject;
}

export interface Graph {
  get(uid: string): Node | undefined;
  /** Takes over an object's present state. */
  put(node: Node): void;
  remove(uid: string): void;
  dependentsOf(uid: string): readonly Node[];
  all(): Iterable<Node>;
}

export const uidOf = (object: KubeObject): string => object.metadata.uid ?? '';

export const ownersOf = (object: KubeObject): readonly OwnerReference[] => object.metadata.ownerReferences ?? [];

export const isLeaving = (object: KubeObject): boolean => object.metadata.deletionTimestamp !== undefined;

const awaits =
  (finalizer: string) =>
  (object: KubeObject): boolean =>
    isLeaving(object) && (object.metadata.finalizers ?? []).includes(finalizer);

/** Being deleted, once all that it blocks on is gone. */
export const awaitsDependents = awaits('foregroundDeletion');

/** Being deleted, once its dependents have forgotten it. */
export const awaitsOrphaning = awaits('orphan');

export const blocks = (dependent: KubeObject, ownerUid: string): boolean =>
  ownersOf(dependent).some(({ uid, blockOwnerDeletion }) => uid === ownerUid && blockOwnerDeletion === true);

export function createGraph(): Graph {
  const nodes = new Map<string, Node>();
  const dependents = new Map<string, Set<string>>();

  function link(node: Node): void {
    for (const { uid } of ownersOf(node.object)) {
      let members = dependents.get(uid);
      if (!members) dependents.set(uid, (members = new Set()));
      members.add(uidOf(node.object));
    }
  }

  function unlink(node: Node): void {
    for (const { uid } of ownersOf(node.object)) {
      const members = dependents.get(uid);
      members?.delete(uidOf(node.object));
      if (members?.size === 0) dependents.delete(uid);
    }
  }

  return {
    get: (uid) => nodes.get(uid),
    put(node) {
      const uid = uidOf(node.object);
      const before = nodes.get(uid);
      if (before) unlink(before);
      nodes.set(uid, node);
      link(node);
    },
    remove(uid) {
      const before = nodes.get(uid);
      if (before) unlink(before);
      nodes.delete(uid);
    },
    dependentsOf: (uid) => [...(dependents.get(uid) ?? [])].flatMap((each) => nodes.get(each) ?? []),
    all: () => nodes.values(),
  };
}
