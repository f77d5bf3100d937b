// Writing statuses: zero counts are left out as Go leaves them out, conditions change only when they say something new.

import { deepEqual } from '../base/equal.ts';
import type { Kind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import type { Context } from '../reconcile/controller.ts';

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

/** The object without fields that are 0, empty or undefined. */
export function compact<T extends object>(object: T): T {
  const empty = (value: unknown) =>
    value === undefined || value === 0 || value === '' || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !empty(value))) as T;
}

export const withoutCondition = <C extends Condition>(conditions: readonly C[] | undefined, type: string): C[] =>
  (conditions ?? []).filter((condition) => condition.type !== type);

/** Writes the status at once, when it differs: for a reconcile that is going to fail afterwards. */
export async function writeStatus<T extends KubeObject>(
  { client }: Pick<Context, 'client'>,
  kind: Kind<T>,
  object: T,
  status: T['status'],
): Promise<T> {
  if (deepEqual(object.status, status)) return object;
  return client.updateStatus(kind, { ...object, status });
}
