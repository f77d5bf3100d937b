// Lists of which only so many items are looked at.

import { type Issue, duplicate, tooMany } from '../../api/issues.ts';

type Check<T> = (item: T, field: string) => Issue[];

/** An empty list may be kept as null. */
type Items<T> = readonly T[] | null;

export function limited<T>(list: Items<T>, most: number, field: string, check: Check<T>): Issue[] {
  const items = list ?? [];
  if (items.length > most) return [tooMany(field, items.length, most)];
  return items.flatMap((item, i) => check(item, `${field}[${i}]`));
}

interface SetRules<T> {
  key(item: T): string;
  check: Check<T>;
}

/** No more than so many, each good, and none twice. */
export function setIssues<T>(list: Items<T>, most: number, field: string, { key, check }: SetRules<T>): Issue[] {
  const items = list ?? [];
  const issues = limited(items, most, field, check);
  if (items.length > most) return issues;
  const keys = items.map((item) => key(item) ?? '');
  keys.forEach((name, i) => {
    if (keys.indexOf(name) < i) issues.push(duplicate(`${field}[${i}]`, name));
  });
  return issues;
}
