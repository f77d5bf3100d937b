// The OpenAPI documents: one of version 2 for everything, and one of version 3 for each group version, with their index.

import { apiVersionOf, type Kind, type ServedVersion } from '../../api/kind.ts';
import { hashOf } from '../../base/hash.ts';
import type { Describe } from '../../kinds/descriptions.ts';
import { schemaOf } from '../../kinds/schemas.ts';
import { customDefinitions, customTypeName } from './custom.ts';
import { definitionsOf, type Form, form2, form3, type Json, sortedByKey } from './definitions.ts';
import {
  bearerToken,
  contentOf,
  discoveryPathsV2,
  discoveryPathV3,
  discoveryTypes,
  meta,
  rootOf,
  rootDocuments,
  tagName,
  unauthorized,
} from './discovery.ts';
import { commonParameters, type Operation, type Path, pathsOf, type Published } from './operations.ts';
import { type Parameter, textOfParameter } from './parameters.ts';

export interface OpenApiInput {
  readonly kinds: readonly Kind[];
  readonly describe: Describe;
  /** `v1.36.1`. */
  readonly version: string;
  /** The schema a custom kind is published with (as in its CustomResourceDefinition). */
  customSchema(kind: Kind, version: ServedVersion): Json | undefined;
}

const reasons: Readonly<Record<string, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

export function publishedOf(kind: Kind, version: ServedVersion): Published {
  if (kind.custom) {
    const nameOf = (name: string) => customTypeName(kind.group, version.version, name);
    return { kind, version, type: nameOf(kind.kind), listType: nameOf(kind.listKind) };
  }
  const type = schemaOf(apiVersionOf({ group: kind.group, version: version.version }), kind.kind).name ?? kind.kind;
  return { kind, version, type, listType: `${type}List` };
}

const allPublished = (kinds: readonly Kind[]): Published[] =>
  kinds.flatMap((kind) => kind.versions.map((version) => publishedOf(version.as ?? kind, version)));

function definitions(
  published: readonly Published[],
  paths: readonly Path[],
  form: Form,
  input: OpenApiInput,
  more: readonly string[] = [],
) {
  const given = published
    .filter((p) => p.kind.custom)
    .map((p) =>
      customDefinitions(p, input.customSchema(p.kind, p.version) ?? { type: 'object' }, form, input.describe),
    );
  const named = paths.flatMap(({ operations }) =>
    Object.values(operations).flatMap((o) => [o.body?.type, ...Object.values(o.answers)]),
  );
  const names = [...named, ...(given.length > 0 ? [`${meta}.ObjectMeta`, `${meta}.ListMeta`] : []), ...more];
  return definitionsOf(
    names.filter((name) => name !== undefined),
    form,
    input.describe,
    Object.assign({}, ...given) as Record<string, Json>,
  );
}

// ---- Version 2.

export function openApiV2(input: OpenApiInput): Json {
  const published = allPublished(input.kinds);
  const paths = published.flatMap(tagged);
  const shared: Record<string, Json> = {};
  const parameter = (p: Parameter): Json => {
    const printed = parameterV2(p, input.describe);
    if (!p.shared) return printed;
    shared[p.shared] = printed;
    return { $ref: `#/parameters/${p.shared}` };
  };
  const own = Object.fromEntries(paths.map((path) => [path.path, pathV2(path, parameter, shared)]));
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: input.version },
    paths: sortedByKey({ ...own, ...discoveryPathsV2(published) }),
    definitions: definitions(published, paths, form2, input, [
      ...discoveryTypes,
      'io.k8s.apimachinery.pkg.version.Info',
    ]),
    parameters: sortedByKey(shared),
    securityDefinitions: { BearerToken: bearerToken },
    security: [{ BearerToken: [] }],
  };
}

const parameterV2 = (p: Parameter, describe: Describe): Json => ({
  uniqueItems: true,
  type: p.type,
  description: textOfParameter(p, describe),
  name: p.name,
  in: p.in,
  ...(p.in === 'path' && { required: true }),
});

function pathV2(path: Path, parameter: (p: Parameter) => Json, shared: Record<string, Json>): Json {
  const common = commonParameters(path);
  return {
    ...Object.fromEntries(
      Object.entries(path.operations).map(([method, o]) => [method, operationV2(o, common, parameter, shared)]),
    ),
    ...(common.length > 0 && { parameters: common.map(parameter) }),
  };
}

function operationV2(
  o: Operation,
  common: readonly Parameter[],
  parameter: (p: Parameter) => Json,
  shared: Record<string, Json>,
): Json {
  const parameters = [...bodyV2(o, shared), ...ownParameters(o, common).map(parameter)];
  const answers = Object.entries(o.answers).map(([code, type]) => [
    code,
    { description: reasons[code], schema: type ? { $ref: form2.prefix + type } : { type: 'string' } },
  ]);
  return {
    description: o.description,
    consumes: [...o.consumes],
    produces: [...o.produces],
    schemes: ['https'],
    tags: [tagOf(o)],
    operationId: o.id,
    ...(parameters.length > 0 && { parameters }),
    responses: { ...Object.fromEntries(answers), ...unauthorized },
    'x-kubernetes-action': o.action,
    'x-kubernetes-group-version-kind': o.gvk,
  };
}

const sharedBodies: Readonly<Record<string, string>> = { DeleteOptions: 'body-2Y1dVQaQ', Patch: 'body-78PwaGsr' };

function bodyV2({ body }: Operation, shared: Record<string, Json>): Json[] {
  if (!body) return [];
  const printed = {
    name: 'body',
    in: 'body',
    ...(body.required && { required: true }),
    schema: { $ref: form2.prefix + body.type },
  };
  const name = sharedBodies[body.type.slice(body.type.lastIndexOf('.') + 1)];
  if (!name) return [printed];
  shared[name] = printed;
  return [{ $ref: `#/parameters/${name}` }];
}

const ownParameters = (o: Operation, common: readonly Parameter[]): Parameter[] =>
  o.parameters.filter((p) => !common.some((c) => c.name === p.name && c.in === p.in && c.shared === p.shared));

/** Operations are grouped by the group version of their path, which their id begins with. */
const tags = new WeakMap<Operation, string>();
const tagOf = (o: Operation): string => tags.get(o) ?? tagName(o.gvk);

function tagged(published: Published): Path[] {
  const paths = pathsOf(published);
  const tag = tagName({ group: published.kind.group, version: published.version.version });
  for (const { operations } of paths) for (const o of Object.values(operations)) tags.set(o, tag);
  return paths;
}

// ---- Version 3.

const ofGroupVersion = (kinds: readonly Kind[], group: string, version: string): Published[] =>
  kinds
    .filter((kind) => kind.group === group)
    .flatMap((kind) => kind.versions.filter((v) => v.version === version).map((v) => publishedOf(v.as ?? kind, v)));

/** The document of one group version; undefined where nothing is served. */
export function openApiV3(group: string, version: string, input: OpenApiInput): Json | undefined {
  const published = ofGroupVersion(input.kinds, group, version);
  if (published.length === 0) return undefined;
  const custom = published.every((p) => p.kind.custom);
  const form: Form = custom ? { ...form3, custom } : form3;
  const paths = published.flatMap(tagged);
  const own = Object.fromEntries(paths.map((path) => [path.path, pathV3(path, input.describe)]));
  const discovery = custom ? {} : discoveryPathV3({ group, version });
  return {
    openapi: '3.0.0',
    info: custom
      ? { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' }
      : { title: 'Kubernetes', version: input.version },
    paths: sortedByKey({ ...own, ...discovery }),
    components: {
      schemas: definitions(published, paths, form, input, custom ? [] : [`${meta}.APIResourceList`]),
      ...(!custom && { securitySchemes: { BearerToken: bearerToken } }),
    },
  };
}

function pathV3(path: Path, describe: Describe): Json {
  const common = commonParameters(path);
  return {
    ...Object.fromEntries(
      Object.entries(path.operations).map(([method, o]) => [method, operationV3(o, common, describe)]),
    ),
    ...(common.length > 0 && { parameters: common.map((p) => parameterV3(p, describe)) }),
  };
}

const parameterV3 = (p: Parameter, describe: Describe): Json => ({
  name: p.name,
  in: p.in,
  description: textOfParameter(p, describe),
  ...(p.in === 'path' && { required: true }),
  schema: { type: p.type, uniqueItems: true },
});

function operationV3(o: Operation, common: readonly Parameter[], describe: Describe): Json {
  const parameters = ownParameters(o, common).map((p) => parameterV3(p, describe));
  const answers = Object.entries(o.answers).map(([code, type]) => [
    code,
    {
      description: reasons[code],
      content: contentOf(o.produces, type ? { $ref: form3.prefix + type } : { type: 'string' }),
    },
  ]);
  return {
    tags: [tagOf(o)],
    description: o.description,
    operationId: o.id,
    ...(parameters.length > 0 && { parameters }),
    ...(o.body && {
      requestBody: {
        content: contentOf(o.consumes, { $ref: form3.prefix + o.body.type }),
        ...(o.body.required && { required: true }),
      },
    }),
    responses: { ...Object.fromEntries(answers), ...unauthorized },
    'x-kubernetes-action': o.action,
    'x-kubernetes-group-version-kind': o.gvk,
  };
}

// ---- The index.

/** What changes whenever the document of a group version does, without making the document. */
export function documentHash(group: string, version: string, input: OpenApiInput): string {
  const parts = ofGroupVersion(input.kinds, group, version).map(({ kind, version: v, type }) => [
    type,
    kind.plural,
    kind.scope,
    kind.verbs,
    kind.subresources,
    kind.custom ? (input.customSchema(kind, v) ?? null) : null,
  ]);
  return hexHash([group, version, input.version, parts]);
}

/** As addresses of documents have it. */
export const hexHash = (content: unknown): string =>
  [0, 1, 2, 3]
    .map((part) => hashOf([part, content]).toString(16).padStart(8, '0'))
    .join('')
    .toUpperCase();

/** A document that no group version has: of discovery, of a group, of the version, by its place below `/openapi/v3/`. */
export function otherOpenApiV3(place: string, input: OpenApiInput): Json | undefined {
  const root = rootDocuments(allPublished(input.kinds)).get(place);
  if (!root) return undefined;
  const schemas = root.type ? { schemas: definitionsOf([root.type], form3, input.describe) } : {};
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: input.version },
    paths: root.paths,
    components: { ...schemas, securitySchemes: { BearerToken: bearerToken } },
  };
}

/** The same for such a document. */
export const otherHash = (place: string, input: OpenApiInput): string => hexHash([place, input.version]);

/** `/openapi/v3`: where each document is. The hash in an address lets clients keep what they have. */
export function openApiIndex(input: OpenApiInput): Json {
  const versions = new Map(
    allPublished(input.kinds).map(({ kind, version: { version } }) => [
      rootOf({ group: kind.group, version }),
      { group: kind.group, version },
    ]),
  );
  const paths = [...versions].map(([root, { group, version }]) => [
    root.slice(1),
    { serverRelativeURL: `/openapi/v3${root}?hash=${documentHash(group, version, input)}` },
  ]);
  const others = [...rootDocuments(allPublished(input.kinds)).keys()].map((place) => [
    place,
    { serverRelativeURL: `/openapi/v3/${place}?hash=${otherHash(place, input)}` },
  ]);
  return { paths: sortedByKey(Object.fromEntries([...others, ...paths]) as Record<string, Json>) };
}
