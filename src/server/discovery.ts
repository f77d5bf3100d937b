// Discovery: which groups, versions and resources there are, in the plain form and in the aggregated one. Derived from the catalog.

import { apiVersionOf, type Kind, type Subresource } from '../api/kind.ts';
import type { ApiResponse } from '../api/request.ts';
import { namedSchema } from '../kinds/schemas.ts';
import { noSuchPath } from '../api/status.ts';
import type { Aggregation } from './aggregation/aggregation.ts';
import { groupVersionsOf } from './aggregation/group-versions.ts';
import { freshResources } from './aggregation/remote-kinds.ts';
import type { Catalog } from './catalog.ts';
import type { Exchange } from './exchange.ts';
import { negotiate } from './negotiate.ts';
import type { PathAnswer } from './paths.ts';
import { encodeAs } from './print.ts';

const plain = { protobuf: true, shapes: false, watch: false };

/** What discovery tells of: what the server itself serves, and what others do. */
export interface Discovered {
  readonly catalog: Catalog;
  readonly aggregation: Aggregation;
}

export function discoveryPaths(served: Discovered): ReadonlyMap<string, PathAnswer> {
  const { catalog } = served;
  return new Map<string, PathAnswer>([
    ['/api', (exchange) => aggregated(exchange, served, true) ?? answer(exchange, apiVersions(exchange))],
    ['/apis', (exchange) => aggregated(exchange, served, false) ?? answer(exchange, groupList(served))],
    ['/api/', (exchange, path) => versionDocument(exchange, catalog, '', path.slice('/api/'.length))],
    ['/apis/', (exchange, path) => groupOrVersion(exchange, served, path.slice('/apis/'.length).replace(/\/$/, ''))],
  ]);
}

const groupVersions = ({ catalog, aggregation }: Discovered) => groupVersionsOf(catalog, aggregation);

/** The paths of all groups' and versions' documents. */
export const documentPaths = (served: Discovered): string[] => [
  ...groupNames(served).map((group) => `/apis/${group}`),
  ...groupVersions(served).map(({ group, version }) => (group ? `/apis/${group}/${version}` : `/api/${version}`)),
];

/** A discovery document in the format the client asked for. */
function answer(exchange: Exchange, document: object): ApiResponse {
  const { format, contentType } = negotiate(exchange.request.headers.accept, plain);
  return {
    status: 200,
    headers: { 'content-type': contentType },
    body: { type: 'bytes', bytes: encodeAs(format, document, undefined) },
  };
}

function groupOrVersion(exchange: Exchange, discovered: Discovered, path: string): ApiResponse | undefined {
  const { catalog } = discovered;
  const [group = '', version, ...deeper] = path.split('/');
  if (version === undefined && groupNames(discovered).includes(group))
    return answer(exchange, { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(discovered, group) });
  if (!catalog.hasGroup(group) || group === '' || version === undefined) return undefined;
  const served = catalog.hasGroupVersion(group, [version, ...deeper].join('/').replace(/\/$/, ''));
  if (!served && isCustom(catalog, group)) return undefined;
  return versionDocument(exchange, catalog, group, [version, ...deeper].join('/'));
}

function versionDocument(exchange: Exchange, catalog: Catalog, group: string, version: string): ApiResponse {
  if (!catalog.hasGroupVersion(group, version.replace(/\/$/, ''))) throw noSuchPath();
  return answer(exchange, resourceList(catalog, group, version.replace(/\/$/, '')));
}

function apiVersions(exchange: Exchange): object {
  const serverAddress = exchange.request.headers.host ?? exchange.request.headers[':authority'] ?? 'localhost';
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

function groupNames(served: Discovered): string[] {
  return [...new Set(groupVersions(served).map(({ group }) => group))].filter((group) => group !== '');
}

function groupEntry(served: Discovered, group: string): object {
  const versions = groupVersions(served)
    .filter((each) => each.group === group)
    .map(({ version }) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

const groupList = (served: Discovered): object => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groupNames(served).map((group) => groupEntry(served, group)),
});

/** Whether there are custom kinds alone in the group, whose other paths are nobody's. */
const isCustom = (catalog: Catalog, group: string): boolean =>
  catalog.kinds().every((kind) => kind.group !== group || kind.custom);

/** The kinds of a group version, as it has them. */
const servedIn = (catalog: Catalog, group: string, version: string): Kind[] =>
  catalog.kinds().flatMap((kind) => {
    const served = kind.group === group && kind.versions.find((each) => each.version === version);
    return served ? [served.as ?? kind] : [];
  });

function resourceList(catalog: Catalog, group: string, version: string): object {
  const resources = servedIn(catalog, group, version)
    .sort((a, b) => (a.plural < b.plural ? -1 : 1))
    .flatMap((kind) => [
      resourceEntry(kind),
      ...inOrder(kind).map((sub) => subresourceEntry(kind, sub, { group, version })),
    ]);
  return {
    kind: 'APIResourceList',
    ...(group !== '' && { apiVersion: 'v1' }),
    groupVersion: apiVersionOf({ group, version }),
    resources,
  };
}

/** Subresources by name; those of custom kinds have an order of their own. */
const inOrder = ({ custom, subresources }: Kind): readonly Subresource[] =>
  custom ? subresources : subresources.toSorted((a, b) => (a.name < b.name ? -1 : 1));

interface ResourceEntry {
  readonly name: string;
  readonly [field: string]: unknown;
}

function resourceEntry(kind: Kind): ResourceEntry {
  return {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.scope === 'Namespaced',
    kind: kind.kind,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
    ...(kind.storageVersionHash && { storageVersionHash: kind.storageVersionHash }),
  };
}

function subresourceEntry(kind: Kind, sub: Subresource, home: GroupVersion): ResourceEntry {
  return {
    name: `${kind.plural}/${sub.name}`,
    singularName: '',
    namespaced: kind.scope === 'Namespaced',
    ...(isForeign(sub, home) && { group: sub.kind?.group, version: sub.kind?.version }),
    kind: sub.kind?.kind ?? kind.kind,
    verbs: sub.verbs,
  };
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/** Whether a subresource's kind is of another group or version than the document. */
const isForeign = ({ kind }: Subresource, home: GroupVersion): boolean =>
  kind !== undefined && kind.version !== '' && (kind.group !== home.group || kind.version !== home.version);

/** The aggregated document, where the client can read it: everything of the core group, or of all the others, in one answer. */
function aggregated(exchange: Exchange, served: Discovered, core: boolean): ApiResponse | undefined {
  const wanted = (exchange.request.headers.accept ?? '').split(',').map((range) => range.replace(/\s/g, ''));
  const range = wanted.find(isAggregatedV2);
  if (!range) return undefined;
  const type = range.split(';', 1)[0] ?? '';
  const format = type.includes('protobuf') ? 'protobuf' : type.includes('yaml') ? 'yaml' : 'json';
  const groups = core ? [''] : groupNames(served);
  const document = {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => discoveryOf(served, group)),
  };
  return {
    status: 200,
    headers: { 'content-type': `${type};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`, vary: 'Accept' },
    body: {
      type: 'bytes',
      bytes: encodeAs(format, document, namedSchema('io.k8s.api.apidiscovery.v2.APIGroupDiscoveryList')),
    },
  };
}

function isAggregatedV2(range: string): boolean {
  const parameters = range.split(';').slice(1);
  return ['g=apidiscovery.k8s.io', 'v=v2', 'as=APIGroupDiscoveryList'].every((each) => parameters.includes(each));
}

function discoveryOf(served: Discovered, group: string): object {
  const versions = groupVersions(served).filter((each) => each.group === group);
  return {
    metadata: { ...(group && { name: group }), creationTimestamp: null },
    versions: versions.map(
      ({ version }) => remoteVersion(served, group, version) ?? ownVersion(served, group, version),
    ),
  };
}

const ownVersion = ({ catalog }: Discovered, group: string, version: string): object => ({
  version,
  resources: servedIn(catalog, group, version)
    .map((kind) => discoveredResource(kind, version))
    .sort((a, b) => (a.resource < b.resource ? -1 : 1)),
  freshness: 'Current',
});

/** What another server has told of a version it serves; stale, and without any of it, while that server does not answer. */
function remoteVersion({ aggregation }: Discovered, group: string, version: string): object | undefined {
  const api = aggregation.find(`/apis/${group}/${version}`);
  if (!api) return undefined;
  const resources = freshResources(aggregation, api);
  return { version, ...(resources && { resources }), freshness: resources ? 'Current' : 'Stale' };
}

function discoveredResource(kind: Kind, version: string): { resource: string } {
  const subresources = kind.subresources.map((sub) => ({
    subresource: sub.name,
    responseKind: {
      group: sub.kind?.group ?? kind.group,
      version: sub.kind?.version || version,
      kind: sub.kind?.kind ?? kind.kind,
    },
    verbs: sub.verbs,
  }));
  return {
    resource: kind.plural,
    responseKind: { group: kind.group, version, kind: kind.kind },
    scope: kind.scope,
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
    ...(subresources.length > 0 && { subresources }),
  } as { resource: string };
}
