// The files of a simulated container: a small root of its own, and the pod's volumes mounted into it. All of it is in memory, and has a limit.

import { utf8 } from '../../base/bytes.ts';
import type { Instant } from '../../base/clock.ts';

export interface FileEntry {
  /** Undefined for a folder. */
  readonly bytes: Uint8Array | undefined;
  readonly mode: number;
  readonly changedAt: Instant;
}

/** Paths within, beginning with a slash; the root itself is not named. */
export type Tree = Map<string, FileEntry>;

export interface Mount {
  /** Absolute, without a slash at the end. */
  readonly path: string;
  readonly tree: Tree;
  readonly readOnly: boolean;
}

/** What went wrong with a file, in the words that follow its name. */
export class FileFault extends Error {}

export interface Files {
  /** Undefined: there is nothing of this name. */
  find(path: string): FileEntry | undefined;
  /** Names in a folder, sorted. */
  names(path: string): readonly string[];
  /** @throws FileFault */
  read(path: string): Uint8Array;
  write(path: string, bytes: Uint8Array, mode?: number): void;
  makeFolder(path: string): void;
  /** A folder with all it holds. */
  remove(path: string): void;
}

/** What a container may keep in memory, in bytes. */
export const mostBytes = 64 * 1024 * 1024;

export const folder = (changedAt: Instant): FileEntry => ({ bytes: undefined, mode: 0o755, changedAt });
export const file = (bytes: Uint8Array | string, changedAt: Instant, mode = 0o644): FileEntry => ({
  bytes: typeof bytes === 'string' ? utf8(bytes) : bytes,
  mode,
  changedAt,
});

/** Absolute, without `.`, `..` and double slashes; the root is `/`. */
export function absolute(path: string, from: string): string {
  const parts: string[] = [];
  for (const part of `${path.startsWith('/') ? '' : `${from}/`}${path}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

export function filesOf(root: Tree, mounts: readonly Mount[], now: () => Instant): Files {
  const deepestFirst = [...mounts].sort((a, b) => b.path.length - a.path.length);

  function place(path: string): { readonly tree: Tree; readonly inner: string; readonly readOnly: boolean } {
    const mount = deepestFirst.find((each) => path === each.path || path.startsWith(`${each.path}/`));
    return mount
      ? { tree: mount.tree, inner: path.slice(mount.path.length), readOnly: mount.readOnly }
      : { tree: root, inner: path, readOnly: false };
  }

  function find(path: string): FileEntry | undefined {
    const { tree, inner } = place(path);
    // A single file may be mounted, too: it is its tree's only entry without a name.
    const entry = tree.get(inner);
    if (entry) return entry;
    const isFolder = inner === '' || path === '/' || mounts.some((each) => each.path.startsWith(`${path}/`));
    return isFolder ? folder(0) : undefined;
  }

  function writable(path: string): { readonly tree: Tree; readonly inner: string } {
    const { tree, inner, readOnly } = place(path);
    if (readOnly) throw new FileFault('Read-only file system');
    const parent = find(parentOf(path));
    if (!parent) throw new FileFault('No such file or directory');
    if (parent.bytes) throw new FileFault('Not a directory');
    return { tree, inner };
  }

  return {
    find,

    names(path) {
      const prefix = path === '/' ? '/' : `${path}/`;
      const { tree, inner } = place(path === '/' ? '/.' : path);
      const within = path === '/' ? '/' : `${inner}/`;
      const own = [...tree.keys()].filter((each) => each.startsWith(within)).map((each) => each.slice(within.length));
      const mounted = mounts
        .filter((each) => each.path.startsWith(prefix))
        .map((each) => each.path.slice(prefix.length));
      return [...new Set([...own, ...mounted].map((each) => each.split('/')[0] as string))].filter(Boolean).sort();
    },

    read(path) {
      const entry = find(path);
      if (!entry) throw new FileFault('No such file or directory');
      if (!entry.bytes) throw new FileFault('Is a directory');
      return entry.bytes;
    },

    write(path, bytes, mode) {
      const before = find(path);
      if (before && !before.bytes) throw new FileFault('Is a directory');
      const { tree, inner } = writable(path);
      const others = [...tree].reduce((sum, [name, each]) => sum + (name === inner ? 0 : (each.bytes?.length ?? 0)), 0);
      if (others + bytes.length > mostBytes) throw new FileFault('No space left on device');
      tree.set(inner, file(bytes, now(), mode ?? before?.mode ?? 0o644));
    },

    makeFolder(path) {
      if (find(path)) throw new FileFault('File exists');
      const { tree, inner } = writable(path);
      tree.set(inner, folder(now()));
    },

    remove(path) {
      const { tree, inner } = writable(path);
      for (const name of [...tree.keys()]) if (name === inner || name.startsWith(`${inner}/`)) tree.delete(name);
    },
  };
}
