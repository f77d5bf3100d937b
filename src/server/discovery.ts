// Discovery: which groups, versions and resources there are, in the plain form and in the aggregated one. Derived from the catalog.

import { apiVersionOf, type Kind, type Subresource } from '../api/kind.ts';
import type { ApiResponse } from '../api/request.ts';
import { namedSchema } from '../kinds/schemas.ts';
import { noSuchPath } from '../api/status.ts';
import type { Catalog } from './catalog.ts';
import type { Exchange } from './exchange.ts';
import { negotiate } from './negotiate.ts';
import type { PathAnswer } from './paths.ts';
import { encodeAs } from './print.ts';

const plain = { protobuf: true, shapes: false, watch: false };

export function discoveryPaths(catalog: Catalog): ReadonlyMap<string, PathAnswer> {
  return new Map<string, PathAnswer>([
    ['/api', (exchange) => aggregated(exchange, catalog, true) ?? answer(exchange, apiVersions(exchange))],
    ['/apis', (exchange) => aggregated(exchange, catalog, false) ?? answer(exchange, groupList(catalog))],
    ['/api/', (exchange, path) => versionDocument(exchange, catalog, '', path.slice('/api/'.length))],
    ['/apis/', (exchange, path) => groupOrVersion(exchange, catalog, path.slice('/apis/'.length).replace(/\/$/, ''))],
  ]);
}

/** The paths of all groups' and versions' documents. */
export const documentPaths = (catalog: Catalog): string[] => [
  ...groupNames(catalog).map((group) => `/apis/${group}`),
  ...catalog.groupVersions().map(({ group, version }) => (group ? `/apis/${group}/${version}` : `/api/${version}`)),
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

function groupOrVersion(exchange: Exchange, catalog: Catalog, path: string): ApiResponse | undefined {
  const [group = '', version, ...deeper] = path.split('/');
  if (!catalog.hasGroup(group) || group === '') return undefined;
  const served = catalog.hasGroupVersion(group, [version, ...deeper].join('/').replace(/\/$/, ''));
  if (version !== undefined && !served && isCustom(catalog, group)) return undefined;
  if (version === undefined)
    return answer(exchange, { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(catalog, group) });
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

function groupNames(catalog: Catalog): string[] {
  return [...new Set(catalog.groupVersions().map(({ group }) => group))].filter((group) => group !== '');
}

function groupEntry(catalog: Catalog, group: string): object {
  const versions = catalog
    .groupVersions()
    .filter((each) => each.group === group)
    .map(({ version }) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

const groupList = (catalog: Catalog): object => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groupNames(catalog).map((group) => groupEntry(catalog, group)),
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
function aggregated(exchange: Exchange, catalog: Catalog, core: boolean): ApiResponse | undefined {
  const wanted = (exchange.request.headers.accept ?? '').split(',').map((range) => range.replace(/\s/g, ''));
  const range = wanted.find(isAggregatedV2);
  if (!range) return undefined;
  const type = range.split(';', 1)[0] ?? '';
  const format = type.includes('protobuf') ? 'protobuf' : type.includes('yaml') ? 'yaml' : 'json';
  const groups = core ? [''] : groupNames(catalog);
  const document = {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => discoveryOf(catalog, group)),
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

function discoveryOf(catalog: Catalog, group: string): object {
  const versions = catalog.groupVersions().filter((each) => each.group === group);
  return {
    metadata: { ...(group && { name: group }), creationTimestamp: null },
    versions: versions.map(({ version }) => ({
      version,
      resources: servedIn(catalog, group, version)
        .map((kind) => discoveredResource(kind, version))
        .sort((a, b) => (a.resource < b.resource ? -1 : 1)),
      freshness: 'Current',
    })),
  };
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
