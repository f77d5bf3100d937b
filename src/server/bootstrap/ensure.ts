// Makes what is missing of a kind, after one look at what is there.

import { ApiError } from '../../api/status.ts';
import type { Kind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Client } from '../../client/client.ts';

export interface Ensured<T extends KubeObject> {
  readonly kind: Kind<T>;
  readonly objects: readonly T[];
  /** What an object that is there already should become instead; undefined leaves it alone. */
  repair?(existing: T, wanted: T): T | undefined;
  /** Sets the status of what was made. */
  status?(made: T): T;
}

/** All writes at once, so that the store commits them together. */
export async function ensure<T extends KubeObject>(
  client: Client,
  { kind, objects, repair, status }: Ensured<T>,
): Promise<void> {
  const { items } = await client.list(kind);
  const present = new Map(items.map((item) => [keyOf(item), item]));
  await Promise.all(
    objects.map(async (wanted) => {
      const existing = present.get(keyOf(wanted));
      if (existing) {
        const repaired = repair?.(existing, wanted);
        if (repaired) await client.update(kind, repaired);
        return;
      }
      const made = await created(client, kind, wanted);
      if (made && status) await client.updateStatus(kind, status(made));
    }),
  );
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;

/** Undefined when another server on the same store was faster. */
async function created<T extends KubeObject>(client: Client, kind: Kind<T>, object: T): Promise<T | undefined> {
  try {
    return await client.create(kind, object);
  } catch (error) {
    if (error instanceof ApiError && error.code === 409) return undefined;
    throw error;
  }
}
