// Joins what is published about a kind (its resource, versions, schemas) with what is particular about it.

import type { Behaviour, Kind, ServedVersion, Subresource, Verb } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import type { ObjectSchema } from '../api/schema.ts';
import { knownGroups, type DiscoveredGroup, type DiscoveredResource } from './discovered.ts';
import { deprecationOf } from './deprecations.ts';
import { isStable } from './runtime-config.ts';
import { hasSchema, namedSchema, schemaOf } from './schemas.ts';

export { namedSchema, schemaOf };

/** How a version other than the hub is converted, by its name. */
export type Conversions = Readonly<Record<string, Pick<ServedVersion, 'toHub' | 'fromHub' | 'deprecation'>>>;

export interface KindOptions {
  readonly conversions?: Conversions;
  /** The feature gate without which the kind is not served. */
  readonly gate?: string;
  readonly storedAs?: Kind;
}

/** `defineKind<Deployment>('apps/v1', 'Deployment', { … })`: the kind whose objects are kept in that version. */
export function defineKind<T extends KubeObject>(
  apiVersion: string,
  kind: string,
  behaviour: Behaviour<T>,
  options: KindOptions = {},
): Kind<T> {
  const { group, version, resource } = find(apiVersion, kind);
  const others = group.versions
    .filter((v) => v.version !== version && v.resources.some((r) => r.name === resource.name))
    .map((v) => v.version);
  const all = [version, ...others].map((each) => servedVersion(group.name, each, kind, options.conversions));
  return {
    group: group.name,
    version,
    kind,
    listKind: `${kind}List`,
    plural: resource.name,
    singular: resource.singular,
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    shortNames: resource.shortNames ?? [],
    categories: resource.categories ?? [],
    verbs: resource.verbs.split(' ') as Verb[],
    subresources: (resource.subresources ?? []).map(subresourceOf),
    versions: all.filter((v) => isStable(v.version)),
    optionalVersions: all.filter((v) => !isStable(v.version)),
    behaviour,
    ...(options.gate && { gate: options.gate }),
    ...(resource.hash && { storageVersionHash: resource.hash }),
    ...(options.storedAs && { storedAs: options.storedAs }),
    custom: false,
  };
}

function find(
  apiVersion: string,
  kind: string,
): { group: DiscoveredGroup; version: string; resource: DiscoveredResource } {
  const slash = apiVersion.indexOf('/');
  const [name, version] = [apiVersion.slice(0, Math.max(0, slash)), apiVersion.slice(slash + 1)];
  const group = knownGroups.find((g) => g.name === name);
  const resource = group?.versions.find((v) => v.version === version)?.resources.find((r) => r.kind === kind);
  if (!group || !resource) throw new Error(`Kubernetes has no ${kind} in ${apiVersion}`);
  return { group, version, resource };
}

function servedVersion(group: string, version: string, kind: string, conversions: Conversions = {}): ServedVersion {
  const deprecation = deprecationOf(group, version, kind);
  return {
    version,
    ...(deprecation && { deprecation }),
    get schema(): ObjectSchema {
      return schemaOf(group ? `${group}/${version}` : version, kind);
    },
    ...conversions[version],
  };
}

function subresourceOf({ name, verbs, kind }: NonNullable<DiscoveredResource['subresources']>[number]): Subresource {
  const [group = '', version = '', of = ''] = kind?.split('/') ?? [];
  return { name, verbs: verbs.split(' '), ...(kind && { kind: { group, version, kind: of } }) };
}

/** The schema of the bodies a subresource takes, if they are not the object's own. */
export function subresourceSchema({ kind }: Subresource): ObjectSchema | undefined {
  const apiVersion = kind && (kind.group ? `${kind.group}/${kind.version}` : kind.version);
  return kind && apiVersion && hasSchema(apiVersion, kind.kind) ? schemaOf(apiVersion, kind.kind) : undefined;
}
