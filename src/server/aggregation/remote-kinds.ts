// What other API servers serve, as kinds, for those who look at all kinds: who empties namespaces, who collects what nobody owns.

import { type Kind, resourceKey } from '../../api/kind.ts';
import type { APIService } from '../../kinds/apiregistration/api-service.ts';
import type { Catalog } from '../catalog.ts';
import type { Aggregation } from './aggregation.ts';
import { isAvailable } from './availability.ts';
import { groupVersionsOf } from './group-versions.ts';
import type { DiscoveredResource } from './remote-discovery.ts';

export interface RemoteKinds {
  /** Each in one version, the one that its group prefers. */
  readonly kinds: readonly Kind[];
  /** The group versions (`metrics.k8s.io/v1beta1`) of servers that do not say at the moment what they serve, by name. */
  readonly stale: readonly string[];
}

/** What is known to be served at the time. A kind of the server's own name is its own. */
export function remoteKinds(catalog: Catalog, aggregation: Aggregation): RemoteKinds {
  if (aggregation.remote().length === 0) return none;
  const own = new Set(catalog.kinds().map(resourceKey));
  const found = new Map<string, Kind>();
  const stale: string[] = [];
  for (const { group, version } of groupVersionsOf(catalog, aggregation)) {
    const api = aggregation.find(`/apis/${group}/${version}`);
    if (!api) continue;
    const resources = freshResources(aggregation, api);
    if (!resources) stale.push(`${group}/${version}`);
    for (const kind of (resources ?? []).map((resource) => kindOf(resource, group, version))) {
      const key = resourceKey(kind);
      if (!own.has(key) && !found.has(key)) found.set(key, kind);
    }
  }
  return { kinds: [...found.values()], stale: stale.sort() };
}

const none: RemoteKinds = { kinds: [], stale: [] };

/** What a server serves, unless it has never said so or does not answer. */
export function freshResources({ known }: Aggregation, api: APIService): readonly DiscoveredResource[] | undefined {
  return isAvailable(api) ? known.get(api.metadata.name ?? '')?.resources : undefined;
}

/** It has no schema: its objects are read and written as they are. */
function kindOf(discovered: DiscoveredResource, group: string, version: string): Kind {
  const { resource, responseKind, scope, singularResource, verbs, shortNames = [], categories = [] } = discovered;
  return {
    group,
    version,
    kind: responseKind.kind,
    listKind: `${responseKind.kind}List`,
    plural: resource,
    singular: singularResource,
    scope,
    shortNames,
    categories,
    verbs,
    subresources: [],
    versions: [],
    behaviour: {},
    custom: false,
    remote: true,
  };
}
