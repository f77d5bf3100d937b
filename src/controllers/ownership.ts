// Who belongs to whom: controllers adopt matching objects that nobody controls, and release theirs that stopped matching.

import type { Selector } from '../base/selectors.ts';
import { apiVersionOf, type Kind } from '../api/kind.ts';
import { orphansKey } from '../api/mirror.ts';
import type { KubeObject, OwnerReference, Reference } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import { referenceTo } from '../client/client.ts';
import type { Context, Lister } from '../reconcile/controller.ts';
import { controllerOf } from '../kinds/core/pod-facts.ts';

export interface Claim<T extends KubeObject> {
  /** Theirs already, and matching. */
  readonly owned: readonly T[];
  readonly adopt: readonly T[];
  readonly release: readonly T[];
}

export interface Claimable<T extends KubeObject> {
  /** Objects the owner controls. */
  readonly controlled: readonly T[];
  /** Objects of the namespace that nobody controls. */
  readonly orphans: readonly T[];
}

/** Whom an owner keeps, takes and lets go. An owner that is being deleted takes nobody, nor is anybody on the way out taken. */
export function planClaim<T extends KubeObject>(
  owner: KubeObject,
  { controlled, orphans }: Claimable<T>,
  matches: (object: T) => boolean,
): Claim<T> {
  const leaving = owner.metadata.deletionTimestamp !== undefined;
  const [owned, release]: [T[], T[]] = [[], []];
  for (const object of controlled) {
    if (matches(object)) owned.push(object);
    else if (!leaving) release.push(object);
  }
  const adopt = leaving ? [] : orphans.filter((object) => !object.metadata.deletionTimestamp && matches(object));
  return { owned, adopt, release };
}

/** What the mirror has for an owner to claim. */
export const claimable = <T extends KubeObject>(lister: Lister<T>, owner: KubeObject): Claimable<T> => ({
  controlled: lister.ownedBy(owner),
  orphans: orphansOf(lister, owner.metadata.namespace ?? ''),
});

/** Objects of a namespace that no controller owns, from the same index as `ownedBy`. */
export const orphansOf = <T extends KubeObject>(lister: Lister<T>, namespace: string): readonly T[] =>
  lister.ownedBy({ metadata: { uid: orphansKey(namespace) } });

/** The reference a controller puts into what it controls. */
export const controllerReference = <T extends KubeObject>(kind: Kind<T>, owner: T): OwnerReference => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  name: owner.metadata.name ?? '',
  uid: owner.metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
});

export interface Parties<O extends KubeObject, T extends KubeObject> {
  readonly ownerKind: Kind<O>;
  readonly owner: O;
  readonly kind: Kind<T>;
}

/** Writes what a claim decided and returns all that belong to the owner now, by name. */
export async function settleClaim<O extends KubeObject, T extends KubeObject>(
  context: Context,
  { ownerKind, owner, kind }: Parties<O, T>,
  claim: Claim<T>,
  /** Further metadata an adopted object gets. */
  extra: object = {},
  /** Further metadata patched into a released one. */
  farewell: object = {},
): Promise<readonly T[]> {
  const reference = controllerReference(ownerKind, owner);
  for (const object of claim.release) await release(context, kind, object, { uid: reference.uid, farewell });
  if (claim.adopt.length === 0) return claim.owned;
  const adopted: T[] = [];
  for (const object of claim.adopt) {
    const patch = { metadata: { ownerReferences: [reference], uid: object.metadata.uid, ...extra } };
    const result = await ignoringAbsent(context.patch(kind, object, patch, { type: 'strategic' }));
    if (result) adopted.push(result);
  }
  return [...claim.owned, ...adopted].sort(byName);
}

async function release<T extends KubeObject>(
  context: Context,
  kind: Kind<T>,
  object: T,
  { uid, farewell }: { uid: string; farewell: object },
): Promise<void> {
  const patch = { metadata: { uid: object.metadata.uid, ownerReferences: [{ $patch: 'delete', uid }], ...farewell } };
  await ignoringAbsent(context.patch(kind, object, patch, { type: 'strategic' }));
}

/** The answer, or undefined when the object is gone or has been replaced by another of its name. */
export async function ignoringAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && (error.code === 404 || error.code === 422)) return undefined;
    throw error;
  }
}

const byName = (a: KubeObject, b: KubeObject): number => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1);

/** Which owners an object that nobody controls could belong to: for waking them. */
export function couldAdopt<T extends KubeObject>(
  object: KubeObject,
  owners: readonly T[],
  selectorOfOwner: (owner: T) => Selector,
): readonly Reference[] {
  if (controllerOf(object)) return [];
  return owners.filter((owner) => selectorOfOwner(owner).matches(object.metadata.labels)).map(referenceTo);
}
