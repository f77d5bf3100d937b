// The difference between two statuses as a strategic merge patch, so that a write touches only what changed.

import { deepEqual } from '../base/equal.ts';

interface Condition {
  readonly type: string;
}

type Status = { readonly [field: string]: unknown; readonly conditions?: readonly Condition[] };

/** What to send to /status; undefined when nothing differs. Conditions are merged by type, and none is ever removed. */
export function statusPatch<S extends object>(previous: S | undefined, next: S): object | undefined {
  const { conditions: before = [], ...rest } = (previous ?? {}) as Status;
  const { conditions: after = [], ...wanted } = next as Status;
  const known = new Map(before.map((condition) => [condition.type, condition]));
  const changed = after.flatMap((condition) => {
    const difference = fieldsThatDiffer(known.get(condition.type) ?? {}, condition);
    return Object.keys(difference).length > 0 ? [{ ...difference, type: condition.type }] : [];
  });
  const patch = { ...fieldsThatDiffer(rest, wanted), ...(changed.length > 0 && { conditions: changed }) };
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** The wanted values of fields that differ; null for those that should go. */
function fieldsThatDiffer(previous: object, wanted: object): Record<string, unknown> {
  const [before, after] = [previous as Record<string, unknown>, wanted as Record<string, unknown>];
  const gone = Object.keys(before).filter((field) => after[field] === undefined && before[field] !== null);
  const changed = Object.keys(after).filter(
    (field) => after[field] !== undefined && !deepEqual(before[field], after[field]),
  );
  return Object.fromEntries([...gone.map((field) => [field, null]), ...changed.map((field) => [field, after[field]])]);
}
