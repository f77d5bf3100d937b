// What can be done with a kind over HTTP, path by path: the part that both versions of OpenAPI print in their own way.

import { apiVersionOf, type Kind, type ServedVersion, type Subresource } from '../../api/kind.ts';
import type { ObjectSchema } from '../../api/schema.ts';
import { hasSchema, schemaOf } from '../../kinds/schemas.ts';
import {
  byName,
  deleteCollectionParameters,
  deleteParameters,
  dryRun,
  fieldManager,
  fieldValidation,
  force,
  listParameters,
  nameParameter,
  namespaceParameter,
  optionParameters,
  type Parameter,
  patchFieldManager,
  pretty,
  restOfPath,
} from './parameters.ts';

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface Operation {
  readonly id: string;
  readonly description: string;
  readonly action: string;
  readonly gvk: GroupVersionKind;
  readonly parameters: readonly Parameter[];
  readonly body?: { readonly type: string; readonly required: boolean };
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  /** The type of the answers' bodies by status; without one, a plain text. */
  readonly answers: Readonly<Record<string, string | undefined>>;
}

export interface Path {
  readonly path: string;
  readonly operations: Readonly<Record<string, Operation>>;
}

/** A kind in a version, with the name its type has in OpenAPI. */
export interface Published {
  readonly kind: Kind;
  readonly version: ServedVersion;
  readonly type: string;
  /** The same of its list. */
  readonly listType: string;
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

const formats = (kind: Kind): readonly string[] =>
  kind.custom
    ? ['application/json', 'application/yaml']
    : ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

const streams = (kind: Kind): readonly string[] =>
  kind.custom
    ? formats(kind)
    : [...formats(kind), 'application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];

const patches = (kind: Kind): readonly string[] => [
  'application/json-patch+json',
  'application/merge-patch+json',
  ...(kind.custom ? [] : ['application/strategic-merge-patch+json']),
  'application/apply-patch+yaml',
];

/** `apps` + `v1`: AppsV1; a custom group keeps its whole name: ExampleComV1. */
export function idPart({ group, version }: { readonly group: string; readonly version: string }): string {
  const name = (group || 'core').replace(/\.k8s\.io$/, '');
  return [...name.split(/[.\-/]/), version].map(capital).join('');
}

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);

interface Frame extends Published {
  readonly gv: { readonly group: string; readonly version: string };
  readonly namespaced: boolean;
  readonly root: string;
}

export function pathsOf(published: Published): Path[] {
  const { kind, version } = published;
  const gv = { group: kind.group, version: version.version };
  const root = gv.group ? `/apis/${gv.group}/${gv.version}` : `/api/${gv.version}`;
  const frame: Frame = { ...published, gv, root, namespaced: kind.scope === 'Namespaced' };
  return [
    path(collectionPath(frame), collectionOperations(frame)),
    path(`${collectionPath(frame)}/{name}`, itemOperations(frame)),
    ...(frame.namespaced ? [path(`${root}/${kind.plural}`, { get: allNamespaces(frame) })] : []),
    ...kind.subresources.flatMap((subresource) => subresourcePaths(frame, subresource)),
    ...watchPaths(frame),
  ].filter((p) => Object.keys(p.operations).length > 0);
}

function path(at: string, operations: Readonly<Record<string, Operation | undefined>>): Path {
  const served = Object.entries(operations).filter((entry): entry is [string, Operation] => entry[1] !== undefined);
  return { path: at, operations: Object.fromEntries(served) };
}

const collectionPath = ({ root, namespaced, kind }: Frame): string =>
  `${root}/${namespaced ? 'namespaces/{namespace}/' : ''}${kind.plural}`;

const scoped = ({ namespaced }: Frame): readonly Parameter[] => (namespaced ? [namespaceParameter] : []);

interface Details {
  readonly verb: string;
  readonly action: string;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  readonly answers: Operation['answers'];
  readonly suffix?: string;
  readonly infix?: string;
  readonly body?: Operation['body'];
  readonly consumes?: readonly string[];
  readonly produces?: readonly string[];
  readonly gvk?: GroupVersionKind;
  readonly scope?: string;
}

function operation(frame: Frame, details: Details): Operation {
  const { verb, infix = '', suffix = '', body } = details;
  const scope = details.scope ?? (frame.namespaced ? 'Namespaced' : '');
  return {
    id: `${verb}${idPart(frame.gv)}${infix}${scope}${frame.kind.kind}${suffix}`,
    description: details.description,
    action: details.action,
    gvk: details.gvk ?? { ...frame.gv, kind: frame.kind.kind },
    parameters: details.parameters.toSorted(byName),
    ...(body && { body }),
    consumes: details.consumes ?? ['*/*'],
    produces: details.produces ?? formats(frame.kind),
    answers: details.answers,
  };
}

const has = (frame: Frame, verb: string): boolean => frame.kind.verbs.some((v) => v === verb);

function collectionOperations(frame: Frame): Record<string, Operation | undefined> {
  const { kind } = frame;
  const common = [...scoped(frame), pretty];
  return {
    get: has(frame, 'list')
      ? operation(frame, {
          verb: 'list',
          action: 'list',
          description: listing(kind),
          parameters: [...listParameters, ...common],
          answers: { 200: frame.listType },
          produces: streams(kind),
        })
      : undefined,
    post: has(frame, 'create') ? creation(frame, {}) : undefined,
    delete: has(frame, 'deletecollection')
      ? operation(frame, {
          verb: 'delete',
          action: 'deletecollection',
          infix: 'Collection',
          description: `delete collection of ${kind.kind}`,
          parameters: [...(kind.custom ? listParameters : deleteCollectionParameters), ...common],
          answers: { 200: `${meta}.Status` },
          ...(!kind.custom && { body: { type: `${meta}.DeleteOptions`, required: false } }),
        })
      : undefined,
  };
}

const listing = (kind: Kind): string =>
  `${(kind.verbs as readonly string[]).includes('watch') ? 'list or watch' : 'list'} objects of kind ${kind.kind}`;

/** What only creates can neither be listed nor watched under other paths. */
const allNamespaces = (frame: Frame): Operation | undefined =>
  has(frame, 'list')
    ? operation(frame, {
        verb: 'list',
        action: 'list',
        scope: '',
        suffix: 'ForAllNamespaces',
        description: listing(frame.kind),
        parameters: [...listParameters, pretty],
        answers: { 200: frame.listType },
        produces: streams(frame.kind),
      })
    : undefined;

function creation(
  frame: Frame,
  { subresource, type = frame.type, gvk }: { subresource?: string; type?: string; gvk?: GroupVersionKind },
): Operation {
  const of = subresource
    ? `create ${subresource} of ${article(frame.kind.kind)}`
    : `create ${article(frame.kind.kind)}`;
  return operation(frame, {
    verb: 'create',
    action: 'post',
    description: of,
    suffix: subresource ? capital(subresource) : '',
    parameters: [
      ...scoped(frame),
      ...(subresource ? [nameParameter(gvk?.kind ?? frame.kind.kind)] : []),
      pretty,
      dryRun,
      fieldManager,
      fieldValidation,
    ],
    body: { type, required: true },
    answers: { 200: type, 201: type, 202: type },
    ...(gvk && { gvk }),
  });
}

/** Endpoints have none. */
const article = (kind: string): string =>
  kind.endsWith('ts') ? kind : `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`;

/** Kinds whose deletion answers with the object. */
const returnsDeleted = new Set([
  'Pod',
  'PodTemplate',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'ResourceQuota',
  'ServiceAccount',
  'Service',
  'StorageClass',
  'CSIDriver',
  'CSINode',
  'VolumeAttachment',
  'VolumeAttributesClass',
  'DeviceClass',
  'DeviceTaintRule',
  'ResourceClaim',
  'ResourceClaimTemplate',
  'ResourcePoolStatusRequest',
  'ResourceSlice',
]);

function itemOperations(frame: Frame): Record<string, Operation | undefined> {
  const { kind, type } = frame;
  const common = [...scoped(frame), nameParameter(kind.kind), pretty];
  const deleted = returnsDeleted.has(kind.kind) && !kind.custom ? type : `${meta}.Status`;
  return {
    ...readWrite(frame, { verbs: kind.verbs, type, common }),
    delete: has(frame, 'delete')
      ? operation(frame, {
          verb: 'delete',
          action: 'delete',
          description: `delete ${article(kind.kind)}`,
          parameters: [...deleteParameters, ...common],
          body: { type: `${meta}.DeleteOptions`, required: false },
          answers: { 200: deleted, 202: deleted },
        })
      : undefined,
  };
}

interface ReadWrite {
  readonly verbs: readonly string[];
  readonly type: string;
  readonly common: readonly Parameter[];
  readonly subresource?: string;
  readonly gvk?: GroupVersionKind;
}

function readWrite(
  frame: Frame,
  { verbs, type, common, subresource, gvk }: ReadWrite,
): Record<string, Operation | undefined> {
  const { kind } = frame;
  const what = `${subresource ? `${subresource} of ` : ''}the specified ${kind.kind}`;
  const rest = { suffix: subresource ? capital(subresource) : '', ...(gvk && { gvk }) };
  return {
    get: verbs.includes('get')
      ? operation(frame, {
          ...rest,
          verb: 'read',
          action: 'get',
          description: `read ${what}`,
          parameters: [...(kind.custom ? [resourceVersion] : []), ...common],
          answers: { 200: type },
        })
      : undefined,
    put: verbs.includes('update')
      ? operation(frame, {
          ...rest,
          verb: 'replace',
          action: 'put',
          description: `replace ${what}`,
          parameters: [...common, dryRun, fieldManager, fieldValidation],
          body: { type, required: true },
          answers: { 200: type, 201: type },
        })
      : undefined,
    patch: verbs.includes('patch')
      ? operation(frame, {
          ...rest,
          verb: 'patch',
          action: 'patch',
          description: `partially update ${what}`,
          parameters: [...common, dryRun, patchFieldManager, fieldValidation, force],
          body: { type: `${meta}.Patch`, required: true },
          consumes: patches(kind),
          answers: kind.custom ? { 200: type } : { 200: type, 201: type },
        })
      : undefined,
  };
}

const resourceVersion = listParameters.find((p) => p.name === 'resourceVersion') as Parameter;

function subresourcePaths(frame: Frame, subresource: Subresource): Path[] {
  const at = `${collectionPath(frame)}/{name}/${subresource.name}`;
  const gvk = subresource.kind;
  if (gvk?.kind.endsWith('Options')) return connectPaths(frame, subresource, at);
  if (subresource.name === 'log') return [path(at, { get: logs(frame) })];
  const type = gvk ? schemaName(gvk) : frame.type;
  const told = frame.kind.custom ? undefined : gvk;
  const common = [...scoped(frame), nameParameter(told?.kind ?? frame.kind.kind), pretty];
  const name = subresource.name;
  return [
    path(at, {
      ...readWrite(frame, { verbs: subresource.verbs, type, common, subresource: name, ...(told && { gvk: told }) }),
      post: subresource.verbs.includes('create')
        ? creation(frame, { subresource: name, type, ...(gvk && { gvk }) })
        : undefined,
    }),
  ];
}

const schemaName = (gvk: GroupVersionKind): string => {
  const apiVersion = apiVersionOf(gvk);
  return (hasSchema(apiVersion, gvk.kind) && schemaOf(apiVersion, gvk.kind).name) || `${meta}.Status`;
};

const logs = (frame: Frame): Operation =>
  operation(frame, {
    verb: 'read',
    action: 'get',
    suffix: 'Log',
    description: `read log of the specified ${frame.kind.kind}`,
    parameters: [
      ...scoped(frame),
      nameParameter(frame.kind.kind),
      pretty,
      ...optionParameters('PodLogOptions', schemaOf('v1', 'PodLogOptions')),
    ],
    produces: ['text/plain', ...formats(frame.kind)],
    answers: { 200: undefined },
  });

/** HTTP methods that a proxied request may have; other connections are opened with GET or POST. */
const proxyMethods = ['delete', 'get', 'head', 'options', 'patch', 'post', 'put'];

function connectPaths(frame: Frame, { name, kind }: Subresource, at: string): Path[] {
  const gvk = kind ?? { ...frame.gv, kind: '' };
  const options: ObjectSchema = schemaOf(apiVersionOf(gvk), gvk.kind);
  const methods = name === 'proxy' ? proxyMethods : ['get', 'post'];
  const connect = (suffix: string, extra: readonly Parameter[]) =>
    Object.fromEntries(
      methods.map((method) => [
        method,
        operation(frame, {
          verb: 'connect',
          action: 'connect',
          infix: capital(method),
          suffix: `${capital(name)}${suffix}`,
          description: `connect ${method.toUpperCase()} requests to ${name} of ${frame.kind.kind}`,
          parameters: [...scoped(frame), nameParameter(gvk.kind), ...optionParameters(gvk.kind, options), ...extra],
          gvk,
          produces: ['*/*'],
          answers: { 200: undefined },
        }),
      ]),
    );
  const whole = path(at, connect('', []));
  return name === 'proxy' ? [whole, path(`${at}/{path}`, connect('WithPath', [restOfPath]))] : [whole];
}

/** The old way to watch, which is served still. */
function watchPaths(frame: Frame): Path[] {
  const { kind, root, namespaced } = frame;
  if (kind.custom || !has(frame, 'watch')) return [];
  const list = {
    action: 'watchlist',
    suffix: 'List',
    description: `watch individual changes to a list of ${kind.kind}. deprecated: use the 'watch' parameter with a list operation instead.`,
  };
  const one = {
    action: 'watch',
    suffix: '',
    description: `watch changes to an object of kind ${kind.kind}. deprecated: use the 'watch' parameter with a list operation instead, filtered to a single item with the 'fieldSelector' parameter.`,
  };
  const watch = (details: typeof list, parameters: readonly Parameter[], scope?: string) => ({
    get: operation(frame, {
      ...details,
      verb: 'watch',
      parameters: [...listParameters, pretty, ...parameters],
      answers: { 200: `${meta}.WatchEvent` },
      produces: streams(kind),
      ...(scope !== undefined && { scope }),
    }),
  });
  const at = `${root}/watch/${namespaced ? 'namespaces/{namespace}/' : ''}${kind.plural}`;
  return [
    path(at, watch(list, scoped(frame))),
    path(`${at}/{name}`, watch(one, [...scoped(frame), nameParameter(kind.kind)])),
    ...(namespaced
      ? [path(`${root}/watch/${kind.plural}`, watch({ ...list, suffix: 'ListForAllNamespaces' }, [], ''))]
      : []),
  ];
}

/** Parameters that all operations of a path have are said once, for the path. */
export function commonParameters({ operations }: Path): readonly Parameter[] {
  const [first, ...others] = Object.values(operations);
  return (first?.parameters ?? []).filter((p) => others.every((o) => o.parameters.some((q) => same(p, q))));
}

const same = (p: Parameter, q: Parameter): boolean => p.name === q.name && p.in === q.in && p.shared === q.shared;
