// What persistent volumes and snapshots hold on simulated nodes, by their handles: in memory, for as long as the program runs.

import type { Tree } from './shell/files.ts';

export interface VolumeContents {
  /** Empty at first. Whoever mounts it writes into it. */
  treeOf(handle: string): Tree;
  /** An unknown source gives an empty copy. */
  copy(from: string, to: string): void;
  remove(handle: string): void;
}

export function volumeContents(): VolumeContents {
  const trees = new Map<string, Tree>();
  return {
    treeOf(handle) {
      const tree = trees.get(handle) ?? new Map();
      trees.set(handle, tree);
      return tree;
    },
    copy: (from, to) => void trees.set(to, new Map(trees.get(from))),
    remove: (handle) => void trees.delete(handle),
  };
}
