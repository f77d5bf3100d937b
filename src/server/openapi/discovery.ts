// What OpenAPI tells of discovery, of the server's version and of the keys of its tokens.

import { apiVersionOf } from '../../api/kind.ts';
import { form2, form3, type Json } from './definitions.ts';
import { idPart, type Published } from './operations.ts';

export const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
export const unauthorized = { 401: { description: 'Unauthorized' } };
const discoveryFormats = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

export const bearerToken = {
  description: 'Bearer Token authentication',
  type: 'apiKey',
  name: 'authorization',
  in: 'header',
};

export const contentOf = (formats: readonly string[], schema: Json): Json =>
  Object.fromEntries(formats.map((format) => [format, { schema }]));

export const tagName = ({ group, version }: GroupVersion): string => `${groupWord(group)}_${version}`;

const groupWord = (group: string): string => {
  const [first = '', ...rest] = (group || 'core').replace(/\.k8s\.io$/, '').split(/[.-]/);
  return first + rest.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
};

export const discoveryTypes = ['APIVersions', 'APIGroupList', 'APIGroup', 'APIResourceList'].map(
  (type) => `${meta}.${type}`,
);

interface DiscoveryOperation {
  readonly description: string;
  readonly id: string;
  readonly tag: string;
  /** A plain text where there is none. */
  readonly type?: string;
  readonly formats?: readonly string[];
}

/** Where the API and the server are told of, besides the group versions. */
function rootOperations(published: readonly Published[]): Map<string, DiscoveryOperation> {
  const groups = new Set(builtInVersions(published).map((v) => v.group));
  groups.delete('');
  const ofGroup = (group: string): [string, DiscoveryOperation] => [
    `apis/${group}`,
    {
      description: 'get information of a group',
      id: `get${idPart({ group, version: '' })}APIGroup`,
      tag: groupWord(group),
      type: `${meta}.APIGroup`,
    },
  ];
  return new Map([...fixedRoots, ...[...groups].map(ofGroup)]);
}

const fixedRoots: readonly (readonly [string, DiscoveryOperation])[] = [
  [
    '.well-known/openid-configuration',
    {
      description: "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
      id: 'getServiceAccountIssuerOpenIDConfiguration',
      tag: 'WellKnown',
      formats: ['application/json'],
    },
  ],
  [
    'api',
    { description: 'get available API versions', id: 'getCoreAPIVersions', tag: 'core', type: `${meta}.APIVersions` },
  ],
  [
    'apis',
    { description: 'get available API versions', id: 'getAPIVersions', tag: 'apis', type: `${meta}.APIGroupList` },
  ],
  [
    'openid/v1/jwks',
    {
      description: 'get service account issuer OpenID JSON Web Key Set (contains public token verification keys)',
      id: 'getServiceAccountIssuerOpenIDKeyset',
      tag: 'openid',
      formats: ['application/jwk-set+json'],
    },
  ],
  [
    'version',
    {
      description: 'get the version information for this server',
      id: 'getCodeVersion',
      tag: 'version',
      type: 'io.k8s.apimachinery.pkg.version.Info',
      formats: ['application/json'],
    },
  ],
];

/** The documents of version 3 that no group version has, by their place: their paths, and the type they speak of. */
export function rootDocuments(
  published: readonly Published[],
): ReadonlyMap<string, { readonly paths: Json; readonly type?: string }> {
  const documents = [...rootOperations(published)].map(
    ([place, operation]) =>
      [
        place,
        { paths: { [`/${place}/`]: discoveryV3(operation) }, ...(operation.type && { type: operation.type }) },
      ] as const,
  );
  return new Map(documents);
}

export function discoveryPathsV2(published: readonly Published[]): Record<string, Json> {
  const found: Record<string, Json> = {};
  for (const [place, operation] of rootOperations(published)) found[`/${place}/`] = discoveryV2(operation);
  for (const gv of builtInVersions(published)) found[`${rootOf(gv)}/`] = discoveryV2(resourcesOf(gv));
  return found;
}

export const discoveryPathV3 = (gv: GroupVersion): Record<string, Json> => ({
  [`${rootOf(gv)}/`]: discoveryV3(resourcesOf(gv)),
});

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

function builtInVersions(published: readonly Published[]): GroupVersion[] {
  const builtIn = published.filter((p) => !p.kind.custom);
  return [
    ...new Map(
      builtIn.map((p) => {
        const gv = { group: p.kind.group, version: p.version.version };
        return [apiVersionOf(gv), gv];
      }),
    ).values(),
  ];
}

export const rootOf = (gv: GroupVersion): string =>
  gv.group ? `/apis/${gv.group}/${gv.version}` : `/api/${gv.version}`;

const resourcesOf = (gv: GroupVersion): DiscoveryOperation => ({
  description: 'get available resources',
  id: `get${idPart(gv)}APIResources`,
  tag: tagName(gv),
  type: `${meta}.APIResourceList`,
});

function discoveryV2({ description, id, tag, type, formats = discoveryFormats }: DiscoveryOperation): Json {
  const schema = type ? { $ref: form2.prefix + type } : { type: 'string' };
  const responses = { 200: { description: 'OK', schema }, ...unauthorized };
  return {
    get: {
      description,
      consumes: [...formats],
      produces: [...formats],
      schemes: ['https'],
      tags: [tag],
      operationId: id,
      responses,
    },
  };
}

function discoveryV3({ description, id, tag, type, formats = discoveryFormats }: DiscoveryOperation): Json {
  const content = contentOf(formats, type ? { $ref: form3.prefix + type } : { type: 'string' });
  return {
    get: {
      tags: [tag],
      description,
      operationId: id,
      responses: { 200: { description: 'OK', content }, ...unauthorized },
    },
  };
}
