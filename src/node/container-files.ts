// What is found in a simulated container's file system before anybody writes there, and which of the pod's volumes lie where.

import type { Instant } from '../base/clock.ts';
import type { Container, Pod } from '../kinds/generated/types/core-v1.ts';
import type { Projections } from './runtime.ts';
import { absolute, file, folder, type Mount, type Tree } from './shell/files.ts';
import { programs } from './shell/programs.ts';

const folders = [
  'bin',
  'dev',
  'etc',
  'home',
  'proc',
  'root',
  'run',
  'tmp',
  'usr',
  'usr/bin',
  'usr/local',
  'var',
  'var/log',
  'var/run',
];

export function freshRoot({ pod, container }: { pod: Pod; container: Container }, now: Instant): Tree {
  const ip = pod.status?.podIP ?? '';
  const hostname = hostnameOf(pod);
  const root: Tree = new Map(folders.map((name) => [`/${name}`, folder(now)]));
  for (const name of [...Object.keys(programs), 'sh']) root.set(`/bin/${name}`, file('', now, 0o755));
  root.set('/dev/null', file('', now, 0o666));
  root.set('/etc/hostname', file(`${hostname}\n`, now));
  root.set('/etc/hosts', file(`127.0.0.1\tlocalhost\n${ip ? `${ip}\t${hostname}\n` : ''}`, now));
  root.set(
    '/etc/os-release',
    file(`NAME="Portolan"\nID=portolan\nPRETTY_NAME="A simulated container of image ${container.image}"\n`, now),
  );
  const search = ['', `${pod.metadata.namespace}.`]
    .map((lead) => (lead ? `${lead}svc.cluster.local` : ''))
    .filter(Boolean);
  root.set(
    '/etc/resolv.conf',
    file(
      `search ${[...search, 'svc.cluster.local', 'cluster.local'].join(' ')}\nnameserver 10.96.0.10\noptions ndots:5\n`,
      now,
    ),
  );
  for (const { mountPath } of container.volumeMounts ?? []) {
    const parts = absolute(mountPath, '/').split('/').slice(1, -1);
    for (let depth = 1; depth <= parts.length; depth++) root.set(`/${parts.slice(0, depth).join('/')}`, folder(now));
  }
  if (container.workingDir) root.set(absolute(container.workingDir, '/'), folder(now));
  return root;
}

export const hostnameOf = (pod: Pod): string =>
  pod.spec.hostname ?? (pod.spec.hostNetwork ? pod.spec.nodeName : undefined) ?? pod.metadata.name ?? '';

/** `kept`: what the pod's other volumes hold, made when first mounted. */
export function mountsOf(
  { volumeMounts = [] }: Container,
  { projections, kept }: { readonly projections: Projections; readonly kept: Map<string, Tree> },
  now: Instant,
): Mount[] {
  return volumeMounts.map(({ name, mountPath, subPath, readOnly }) => {
    const projected = projections.get(name);
    let tree = projected ? treeOf(projected, now) : kept.get(name);
    if (!tree) kept.set(name, (tree = new Map()));
    const path = absolute(mountPath, '/');
    return {
      path,
      tree: subPath ? below(tree, `/${subPath}`) : tree,
      readOnly: projected !== undefined || readOnly === true,
    };
  });
}

function treeOf(files: ReadonlyMap<string, { readonly bytes: Uint8Array; readonly mode: number }>, now: Instant): Tree {
  const tree: Tree = new Map();
  for (const [path, { bytes, mode }] of files) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) tree.set(`/${parts.slice(0, depth).join('/')}`, folder(now));
    tree.set(`/${path}`, file(bytes, now, mode));
  }
  return tree;
}

/** A part of a volume, seen for itself: a folder, or one file. Writing there stays there. */
function below(tree: Tree, path: string): Tree {
  const inside = [...tree].filter(([name]) => name === path || name.startsWith(`${path}/`));
  return new Map(
    inside.map(([name, entry]) => [name.slice(path.length), entry]).filter(([, entry]) => entry !== undefined) as [
      string,
      never,
    ][],
  );
}
