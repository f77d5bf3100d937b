// The history of a StatefulSet or DaemonSet: one ControllerRevision for each template it ever had.

import { canonicalJson, deepEqual } from '../base/equal.ts';
import { safeEncode } from '../base/hash.ts';
import { utf8 } from '../base/bytes.ts';
import type { Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import { ControllerRevision } from '../kinds/apps/controller-revision.ts';
import type { LabelSelector } from '../kinds/generated/types/meta-v1.ts';
import type { PodTemplateSpec } from '../kinds/generated/types/core-v1.ts';
import { selectorOf } from '../base/selectors.ts';
import type { Context } from '../reconcile/controller.ts';
import { claimable, planClaim, settleClaim } from './ownership.ts';

/** An owner of revisions, as this file reads it. */
export interface Versioned extends KubeObject {
  spec: { selector?: LabelSelector; template: PodTemplateSpec; revisionHistoryLimit?: number };
}

/** What a revision keeps: a patch that puts the template back. */
export const templatePatch = (template: PodTemplateSpec): unknown => ({
  spec: { template: { ...template, $patch: 'replace' } },
});

/** The hash in a revision's name: FNV-1 over the patch as Go writes it, and the number of collisions. */
export function revisionHash(data: unknown, collisionCount: number): string {
  const escaped = canonicalJson(data).replace(
    /[<>&\u2028\u2029]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  let hash = 0x811c9dc5;
  for (const byte of utf8(`${escaped}${collisionCount}`)) hash = Math.imul(hash, 0x01000193) ^ byte;
  return safeEncode(hash >>> 0);
}

export const sameRevision = (a: ControllerRevision, data: unknown): boolean => deepEqual(a.data, data);

export const byRevision = (revisions: readonly ControllerRevision[]): ControllerRevision[] =>
  [...revisions].sort(
    (a, b) => a.revision - b.revision || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1),
  );

export const nextRevision = (sorted: readonly ControllerRevision[]): number => (sorted.at(-1)?.revision ?? 0) + 1;

/** The template a revision keeps. */
export function templateOf(revision: ControllerRevision, fallback: PodTemplateSpec): PodTemplateSpec {
  const kept = (revision.data as { spec?: { template?: PodTemplateSpec & { $patch?: string } } } | undefined)?.spec
    ?.template;
  if (!kept) return fallback;
  const { $patch: _, ...template } = kept;
  return template;
}

/** The owner's revisions, oldest first; nobody's with matching labels are adopted. */
export async function claimRevisions<T extends Versioned>(
  context: Context,
  kind: Kind<T>,
  owner: T,
): Promise<ControllerRevision[]> {
  const selector = selectorOf(owner.spec.selector, 'nothing');
  const { controlled, orphans } = claimable(context.lister(ControllerRevision), owner);
  const claim = planClaim(owner, { controlled, orphans }, (revision) => selector.matches(revision.metadata.labels));
  return byRevision(
    await settleClaim(
      context,
      { ownerKind: kind, owner, kind: ControllerRevision },
      { ...claim, owned: controlled, release: [] },
    ),
  );
}

export interface RevisionNaming {
  readonly hash: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type CurrentRevision =
  | { readonly revision: ControllerRevision; readonly collided: false }
  /** The name was taken by another template: count it and start over. */
  | { readonly revision?: undefined; readonly collided: true };

/** The revision of the owner's template: found, brought to the top of the history, or created. */
export async function currentRevision(
  context: Context,
  owner: Versioned,
  sorted: readonly ControllerRevision[],
  { hash, labels }: RevisionNaming,
): Promise<CurrentRevision> {
  const data = templatePatch(owner.spec.template);
  const newest = sorted.at(-1);
  const known = sorted.filter((revision) => sameRevision(revision, data)).at(-1);
  if (known) {
    if (known === newest) return { revision: known, collided: false };
    const raised = await context.update(ControllerRevision, { ...known, revision: nextRevision(sorted) });
    return { revision: raised, collided: false };
  }
  const { name = '', namespace = '', annotations } = owner.metadata;
  const revision: ControllerRevision = {
    metadata: {
      name: `${name.slice(0, 223)}-${hash}`,
      namespace,
      labels: { ...labels },
      ...(annotations && { annotations: { ...annotations } }),
    },
    data,
    revision: nextRevision(sorted),
  };
  try {
    return { revision: await context.create(ControllerRevision, revision, owner), collided: false };
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
    const existing = context.lister(ControllerRevision).get(revision.metadata.name ?? '', namespace);
    if (existing && sameRevision(existing, data)) return { revision: existing, collided: false };
    return { collided: true };
  }
}

/** Revisions beyond the limit that nothing uses, oldest first; a negative limit keeps all. */
export function surplusRevisions(
  sorted: readonly ControllerRevision[],
  inUse: ReadonlySet<string>,
  limit: number,
): ControllerRevision[] {
  if (limit < 0) return [];
  const unused = sorted.filter(({ metadata: { name = '' } }) => !inUse.has(name));
  return unused.slice(0, Math.max(0, unused.length - limit));
}
