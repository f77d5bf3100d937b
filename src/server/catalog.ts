// What the server serves right now: the built-in kinds and the custom ones, found by group, version and resource.

import { apiVersionOf, type Kind, type ServedVersion, type Subresource } from '../api/kind.ts';

/** A kind in one of the versions it is served in. */
export interface Served {
  readonly kind: Kind;
  readonly version: ServedVersion;
}

export interface Catalog {
  /** Every kind, in the order of discovery. */
  kinds(): readonly Kind[];
  /** Group versions in the order of discovery: `v1` first, then by group as upstream orders them. */
  groupVersions(): readonly { readonly group: string; readonly version: string }[];
  find(group: string, version: string, plural: string): Served | undefined;
  /** By the kind's name, as bodies and owner references give it. */
  findKind(apiVersion: string, kind: string): Served | undefined;
  hasGroup(group: string): boolean;
  hasGroupVersion(group: string, version: string): boolean;
  /** Serves the kind from now on, instead of one of the same group and plural. */
  add(kind: Kind): void;
  remove(kind: Kind): void;
  /** Called after every change of what is served. */
  subscribe(changed: () => void): () => void;
  /** Grows with every change. */
  generation(): number;
}

/** Upstream's order of groups in /apis: by priority of their API services. Groups not named come last, by name. */
const groupOrder = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'resource.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'internal.apiserver.k8s.io',
  'storagemigration.k8s.io',
];

export function createCatalog(builtIn: readonly Kind[]): Catalog {
  const kinds = new Map<string, Kind>();
  const subscribers = new Set<() => void>();
  let byPath = new Map<string, Served>();
  let byKind = new Map<string, Served>();
  let order: readonly { group: string; version: string }[] = [];
  let generation = 0;

  const idOf = (kind: Kind) => `${kind.group}/${kind.plural}`;
  for (const kind of builtIn) kinds.set(idOf(kind), kind);
  rebuild();

  function rebuild(): void {
    byPath = new Map();
    byKind = new Map();
    const versions = new Map<string, { group: string; version: string }>();
    for (const kind of kinds.values()) {
      for (const version of kind.versions) {
        const groupVersion = apiVersionOf({ group: kind.group, version: version.version });
        const served = { kind: version.as ?? kind, version };
        byPath.set(`${groupVersion}/${kind.plural}`, served);
        byKind.set(`${groupVersion}/${kind.kind}`, served);
        versions.set(groupVersion, { group: kind.group, version: version.version });
      }
    }
    order = [...versions.values()].sort(byDiscoveryOrder);
    generation++;
  }

  function changed(): void {
    rebuild();
    for (const subscriber of [...subscribers]) subscriber();
  }

  return {
    kinds: () => [...kinds.values()],
    groupVersions: () => order,
    find: (group, version, plural) => byPath.get(`${apiVersionOf({ group, version })}/${plural}`),
    findKind: (apiVersion, kind) => byKind.get(`${apiVersion}/${kind}`),
    hasGroup: (group) => order.some((each) => each.group === group),
    hasGroupVersion: (group, version) => order.some((each) => each.group === group && each.version === version),
    add(kind) {
      kinds.set(idOf(kind), kind);
      changed();
    },
    remove(kind) {
      if (kinds.delete(idOf(kind))) changed();
    },
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    generation: () => generation,
  };
}

export const subresourceOf = (kind: Kind, name: string): Subresource | undefined =>
  kind.subresources.find((each) => each.name === name);

type GroupVersion = { readonly group: string; readonly version: string };

function byDiscoveryOrder(a: GroupVersion, b: GroupVersion): number {
  const [i, j] = [groupOrder.indexOf(a.group), groupOrder.indexOf(b.group)];
  const rank = (at: number) => (at < 0 ? groupOrder.length : at);
  if (rank(i) !== rank(j)) return rank(i) - rank(j);
  if (a.group !== b.group) return a.group < b.group ? -1 : 1;
  return compareVersions(b.version, a.version);
}

/** Kubernetes' version priority: v2 > v1 > v1beta2 > v1beta1 > v1alpha1 > anything else by name. Negative when `a` is lower. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [rankOf(a), rankOf(b)];
  for (let i = 0; i < 3; i++) if (x[i] !== y[i]) return (x[i] ?? 0) - (y[i] ?? 0);
  return a === b ? 0 : a < b ? 1 : -1;
}

function rankOf(version: string): readonly number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return [0, 0, 0];
  const stage = match[2] === 'alpha' ? 1 : match[2] === 'beta' ? 2 : 3;
  return [stage, Number(match[1]), Number(match[3] ?? 0)];
}
