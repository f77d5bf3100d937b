// A map that keeps its keys in byte order: for scans over all keys with a prefix among hundreds of thousands.

import { utf8 } from './bytes.ts';

export interface SortedMap<V> {
  readonly size: number;
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): boolean;
  /** Visits entries from the first key not before `from` on, in order, until the visitor returns false. The map must not change meanwhile. */
  scan(from: string, visit: (value: V, key: string) => boolean): void;
}

/** Sorted blocks of sorted keys: small enough to insert by moving, few enough to search quickly. */
interface Block<V> {
  readonly keys: string[];
  readonly values: V[];
}

const largestBlock = 512;
const ascii = /^[\0-\x7f]*$/;

/** A text that compares as the key's UTF-8 bytes do (UTF-16, which strings compare by, orders some characters otherwise). */
const byteOrdered = (key: string): string =>
  ascii.test(key) ? key : utf8(key).reduce((text, byte) => text + String.fromCharCode(byte), '');

/** Where the key is in a sorted list, or would be. */
function position(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function sortedMap<V>(): SortedMap<V> {
  const blocks: Block<V>[] = [];
  let size = 0;

  /** The last block that begins at or before the key; the first one for keys before all. */
  function blockFor(key: string): number {
    let [low, high] = [0, blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((blocks[middle]?.keys[0] as string) <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  function split(index: number, block: Block<V>): void {
    const half = block.keys.length >> 1;
    blocks.splice(index + 1, 0, { keys: block.keys.splice(half), values: block.values.splice(half) });
  }

  function insert(key: string, value: V): void {
    const index = blockFor(key);
    let block = blocks[index];
    if (!block) blocks.push((block = { keys: [], values: [] }));
    const at = position(block.keys, key);
    if (block.keys[at] === key) {
      block.values[at] = value;
      return;
    }
    size++;
    block.keys.splice(at, 0, key);
    block.values.splice(at, 0, value);
    if (block.keys.length > largestBlock) split(index, block);
  }

  function remove(key: string): boolean {
    const index = blockFor(key);
    const block = blocks[index];
    const at = block ? position(block.keys, key) : 0;
    if (!block || block.keys[at] !== key) return false;
    size--;
    block.keys.splice(at, 1);
    block.values.splice(at, 1);
    if (block.keys.length === 0) blocks.splice(index, 1);
    return true;
  }

  function get(key: string): V | undefined {
    const block = blocks[blockFor(key)];
    const at = block ? position(block.keys, key) : 0;
    return block?.keys[at] === key ? block.values[at] : undefined;
  }

  function scan(from: string, visit: (value: V, key: string) => boolean): void {
    let index = blockFor(from);
    let at = position(blocks[index]?.keys ?? [], from);
    for (let block = blocks[index]; block; block = blocks[++index]) {
      for (; at < block.keys.length; at++) if (!visit(block.values[at] as V, block.keys[at] as string)) return;
      at = 0;
    }
  }

  return {
    get size() {
      return size;
    },
    get: (key) => get(byteOrdered(key)),
    set: (key, value) => insert(byteOrdered(key), value),
    delete: (key) => remove(byteOrdered(key)),
    scan: (from, visit) => scan(byteOrdered(from), visit),
  };
}
