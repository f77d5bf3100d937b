// A binary heap: the least value first, with entries that can be moved and taken out.

/** A place in a heap. `position` is the heap's own business; -1 when it has left. */
export interface HeapEntry<T> {
  value: T;
  position: number;
}

export interface Heap<T> {
  readonly size: number;
  push(value: T): HeapEntry<T>;
  /** The least value, without taking it. */
  peek(): T | undefined;
  pop(): T | undefined;
  /** Puts an entry where its (changed) value belongs. */
  update(entry: HeapEntry<T>, value: T): void;
  /** Whether the entry was still there. */
  remove(entry: HeapEntry<T>): boolean;
  /** All values, in no particular order. */
  values(): T[];
}

/** A heap ordered by `compare`, negative when a comes first. Values that compare equal come in no particular order. */
export function heap<T>(compare: (a: T, b: T) => number): Heap<T> {
  const entries: HeapEntry<T>[] = [];

  function place(entry: HeapEntry<T>, position: number): void {
    entries[position] = entry;
    entry.position = position;
  }

  function up(entry: HeapEntry<T>): void {
    while (entry.position > 0) {
      const parent = entries[(entry.position - 1) >> 1];
      if (!parent || compare(parent.value, entry.value) <= 0) return;
      const { position } = entry;
      place(entry, parent.position);
      place(parent, position);
    }
  }

  function down(entry: HeapEntry<T>): void {
    for (;;) {
      const [left, right] = [entries[entry.position * 2 + 1], entries[entry.position * 2 + 2]];
      const least = right && left && compare(right.value, left.value) < 0 ? right : left;
      if (!least || compare(entry.value, least.value) <= 0) return;
      const { position } = entry;
      place(entry, least.position);
      place(least, position);
    }
  }

  function remove(entry: HeapEntry<T>): boolean {
    const { position } = entry;
    if (entries[position] !== entry) return false;
    const last = entries.pop();
    entry.position = -1;
    if (last && last !== entry) {
      place(last, position);
      up(last);
      down(last);
    }
    return true;
  }

  return {
    get size() {
      return entries.length;
    },
    push(value) {
      const entry = { value, position: entries.length };
      entries.push(entry);
      up(entry);
      return entry;
    },
    peek: () => entries[0]?.value,
    pop() {
      const first = entries[0];
      if (first) remove(first);
      return first?.value;
    },
    update(entry, value) {
      entry.value = value;
      up(entry);
      down(entry);
    },
    remove,
    values: () => entries.map(({ value }) => value),
  };
}
