// Lists and maps that are still being made, by literals and loops.

import { shownKey } from './operators.ts';
import { CelError, EntryMap, keyOf, ListValue, MapValue, type Value } from './values.ts';

/** A list that a loop is still making. */
export class GrowingList extends ListValue {
  readonly #items: Value[];
  constructor() {
    const items: Value[] = [];
    super(items);
    this.#items = items;
  }
  append(value: Value): void {
    this.#items.push(value);
  }
}

/** A map that is still being made. */
export class GrowingMap extends EntryMap {
  readonly #entries: Map<string | boolean | bigint, readonly [Value, Value]>;
  constructor() {
    const entries = new Map<string | boolean | bigint, readonly [Value, Value]>();
    super(entries);
    this.#entries = entries;
  }
  /** An error if there is such a key already, or it can be none. */
  insert(key: Value, value: Value): CelError | undefined {
    const normal = typeof key === 'number' ? undefined : keyOf(key);
    if (normal === undefined) return new CelError('unsupported key type');
    if (this.#entries.has(normal)) return new CelError('Failed with repeated key');
    this.#entries.set(normal, [key, value]);
    return undefined;
  }
}

/** A key and a value, or a map of some. */
export function insertAll(map: GrowingMap, [first, value]: readonly Value[]): CelError | undefined {
  const entries: readonly (readonly [Value, Value])[] =
    value === undefined && first instanceof MapValue
      ? first.keys().map((key) => [key, first.get(key) ?? null] as const)
      : [[first ?? null, value ?? null]];
  for (const [key, item] of entries) {
    if (map.insert(key, item)) return new CelError(`insert failed: key ${shownKey(key)} already exists`);
  }
  return undefined;
}
