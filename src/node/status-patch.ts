// The difference between two statuses as a strategic merge patch, so that a write touches only what changed.

import { deepEqual } from '../base/equal.ts';

type Entry = Readonly<Record<string, unknown>>;

/** The lists that a strategic merge patch merges, by the key of their entries; other lists are replaced. */
const mergeKeys: Readonly<Record<string, string>> = { podIPs: 'ip', hostIPs: 'ip' };

/** What to send to /status; undefined when nothing differs. Conditions are merged by type. */
export function statusPatch<S extends object>(previous: S | undefined, next: S): object | undefined {
  const { conditions: before = [], ...rest } = (previous ?? {}) as Entry & { conditions?: readonly Entry[] };
  const { conditions: after = [], ...wanted } = next as Entry & { conditions?: readonly Entry[] };
  const known = new Map(before.map((condition) => [condition.type, condition]));
  const changed = after.flatMap((condition) => {
    const difference = fieldsThatDiffer(known.get(condition.type) ?? {}, condition);
    return Object.keys(difference).length > 0 ? [{ ...difference, type: condition.type }] : [];
  });
  const kept = new Set(after.map(({ type }) => type));
  const gone = before.flatMap(({ type }) => (kept.has(type) ? [] : [{ type, $patch: 'delete' }]));
  const conditions = [...changed, ...gone];
  const patch = { ...fieldsThatDiffer(rest, wanted), ...(conditions.length > 0 && { conditions }) };
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** The wanted values of fields that differ; null for those that should go. */
function fieldsThatDiffer(before: Entry, after: Entry): Record<string, unknown> {
  const gone = Object.keys(before).filter((field) => after[field] === undefined && before[field] !== null);
  const changed = Object.keys(after).filter(
    (field) => after[field] !== undefined && !deepEqual(before[field], after[field]),
  );
  return Object.fromEntries([
    ...gone.map((field) => [field, null]),
    ...changed.map((field) => [field, valueFor(field, before[field], after[field])]),
  ]);
}

/** In a merged list, entries that should go must be said. */
function valueFor(field: string, before: unknown, after: unknown): unknown {
  const key = mergeKeys[field];
  if (key === undefined || !Array.isArray(before) || !Array.isArray(after)) return after;
  const kept = new Set(after.map((entry: Entry) => entry[key]));
  const gone = before.filter((entry: Entry) => !kept.has(entry[key]));
  return [...after, ...gone.map((entry: Entry) => ({ $patch: 'delete', [key]: entry[key] }))];
}
