// What the garbage collector does about one object: pure, from the graph alone.

import type { Kind } from '../../api/kind.ts';
import type { KubeObject, OwnerReference } from '../../api/object.ts';
import {
  awaitsDependents,
  awaitsOrphaning,
  blocks,
  type Graph,
  isLeaving,
  type Node,
  ownersOf,
  uidOf,
} from './graph.ts';

export type CollectionPlan =
  | { readonly step: 'leave' }
  /** All owners are gone or going. */
  | { readonly step: 'delete'; readonly policy: 'Background' | 'Foreground' | 'Orphan'; readonly unblock: boolean }
  /** Others own it still: only the references to these go. */
  | { readonly step: 'forget owners'; readonly uids: readonly string[] }
  | { readonly step: 'orphan'; readonly dependents: readonly Node[] }
  | { readonly step: 'finish foreground' }
  /** It waits for these, which are to be looked at. */
  | { readonly step: 'await'; readonly dependents: readonly Node[] };

export interface Kinds {
  /** Undefined for kinds nobody knows (any more): their objects are never taken for absent. */
  find(reference: Pick<OwnerReference, 'apiVersion' | 'kind'>): Kind | undefined;
}

type Ownership = 'solid' | 'absent' | 'waiting' | 'unknown';

export function planCollection({ object, kind }: Node, graph: Graph, kinds: Kinds): CollectionPlan {
  const uid = uidOf(object);
  if (awaitsOrphaning(object)) return { step: 'orphan', dependents: graph.dependentsOf(uid) };
  if (awaitsDependents(object)) {
    const blocking = graph.dependentsOf(uid).filter((dependent) => blocks(dependent.object, uid));
    return blocking.length === 0 ? { step: 'finish foreground' } : { step: 'await', dependents: blocking };
  }
  if (isLeaving(object) || ownersOf(object).length === 0) return { step: 'leave' };

  const owners = ownersOf(object).map((reference) => ({
    uid: reference.uid,
    is: ownership({ object, kind }, reference, graph, kinds),
  }));
  if (owners.some(({ is }) => is === 'unknown')) return { step: 'leave' };
  const lost = owners.filter(({ is }) => is !== 'solid').map((owner) => owner.uid);
  if (lost.length === 0) return { step: 'leave' };
  if (lost.length < owners.length) return { step: 'forget owners', uids: lost };
  return planRemoval(
    object,
    graph.dependentsOf(uid),
    owners.some(({ is }) => is === 'waiting'),
  );
}

function planRemoval(object: KubeObject, dependents: readonly Node[], ownerWaits: boolean): CollectionPlan {
  if (ownerWaits && dependents.length > 0) {
    // A circle: a dependent waits for this very object, so this one must not block anybody.
    const circle = dependents.some((dependent) => awaitsDependents(dependent.object));
    return { step: 'delete', policy: 'Foreground', unblock: circle };
  }
  const finalizers = object.metadata.finalizers ?? [];
  const policy = finalizers.includes('orphan')
    ? 'Orphan'
    : finalizers.includes('foregroundDeletion')
      ? 'Foreground'
      : 'Background';
  return { step: 'delete', policy, unblock: false };
}

/** Owners are looked for in the dependent's own namespace, or outside of all. */
function ownership({ object }: Node, reference: OwnerReference, graph: Graph, kinds: Kinds): Ownership {
  const kind = kinds.find(reference);
  const namespace = object.metadata.namespace ?? '';
  if (!kind || (kind.scope === 'Namespaced' && namespace === '')) return 'unknown';
  const owner = graph.get(reference.uid);
  if (!owner || !isMeant(owner, reference, kind, namespace)) return 'absent';
  return awaitsDependents(owner.object) ? 'waiting' : 'solid';
}

const isMeant = (owner: Node, reference: OwnerReference, kind: Kind, namespace: string): boolean =>
  owner.kind.group === kind.group &&
  owner.kind.kind === kind.kind &&
  owner.object.metadata.name === reference.name &&
  (kind.scope === 'Cluster' || owner.object.metadata.namespace === namespace);

/** The owner reference that names an owner living in another namespace, if there is one: a mistake worth telling. */
export const strayReference = ({ object }: Node, graph: Graph): OwnerReference | undefined =>
  ownersOf(object).find(({ uid }) => {
    const owner = graph.get(uid);
    return owner?.kind.scope === 'Namespaced' && owner.object.metadata.namespace !== object.metadata.namespace;
  });
