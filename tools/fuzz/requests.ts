// Random requests to an API server: any method, path, query, headers and body; the same for the same seed and number.

import { seededRandom, type Random } from '../../src/base/random.ts';
import { utf8 } from '../../src/base/bytes.ts';
import type { Kind, ServedVersion } from '../../src/api/kind.ts';
import { apiVersionOf, resourceKey } from '../../src/api/kind.ts';
import { kinds } from '../../src/kinds/index.ts';
import { encoded, oddBody, spoiled } from './bodies.ts';
import { definitionsOf, instanceOf, type RandomDefinition, schemaOf } from './definitions.ts';
import { seeds, subresourceSeeds } from './seeds.ts';
import { anyValue, mutated, textOf, valueOf } from './values.ts';

export interface FuzzRequest {
  readonly method: string;
  /** With its query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** It opens a watch or follows a log: its answer does not end by itself. */
  readonly streams: boolean;
}

/** Where the objects of a run live; cleaned between rounds. */
export const namespaces = ['fuzz', 'fuzz-2'];

/** How many requests share the custom kinds they speak of. */
export const requestsPerRound = 1000;

const definitionPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** What a request is about: a built-in kind's resource, or a custom one. */
interface Place {
  readonly collection: string;
  readonly key: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly subresources: readonly string[];
  readonly schema?: ServedVersion['schema'];
  /** An object's fields besides metadata. */
  fields(random: Random): object;
  /** No random bytes: what comes of them could be an address elsewhere that the server would call. */
  readonly calls: boolean;
}

/** The number-th request of the run with this seed. */
export function requestOf(seed: number, number: number): FuzzRequest {
  const random = seededRandom(`${seed}/${number}`);
  const round = seededRandom(`${seed}/round/${Math.floor(number / requestsPerRound)}`);
  const definitions = definitionsOf(round, 4);
  const within = number % requestsPerRound;
  if (within < definitions.length) return send('POST', definitionPath, random, definitions[within]?.object);
  const choice = random.next();
  if (choice < 0.05) return oddRequest(random);
  if (choice < 0.09) return documentRequest(random);
  if (choice < 0.13) return definitionRequest(random, definitions);
  const custom = random.next() < 0.25;
  const place = custom
    ? customPlace(random.pick(definitions), random)
    : builtInPlace(random.pick(focusOf(round)), random);
  return resourceRequest(place, random);
}

/** Kinds of which all versions are off by default are nobody's here. */
const served = kinds.filter(({ versions }) => versions.length > 0);

/** The few kinds a round is about, so that its requests meet each other's objects. */
const focusOf = (round: Random): readonly Kind[] => round.fork('focus').shuffled(served).slice(0, 8);

const calling = /webhook|apiservices|endpoint|services|customresourcedefinitions|nodes|pods|ingresses/;

function builtInPlace(kind: Kind, random: Random): Place {
  const version = random.pick(kind.versions);
  const key = resourceKey(kind);
  const apiVersion = apiVersionOf({ group: kind.group, version: version.version });
  return {
    collection: collectionOf(apiVersion, kind.plural, kind.scope, random),
    key,
    apiVersion,
    kind: kind.kind,
    subresources: kind.subresources.map(({ name }) => name),
    schema: version.schema,
    calls: calling.test(key),
    fields(chance) {
      const seed = seeds[key];
      if (seed && chance.next() < 0.75) return chance.next() < 0.4 ? seed : (mutated(seed, chance) as object);
      const { metadata: _, ...fields } = Object(valueOf(version.schema, chance, 5)) as { metadata?: unknown };
      return fields;
    },
  };
}

function customPlace(definition: RandomDefinition, random: Random): Place {
  const { group, plural, kind, scope, versions } = definition;
  const { name, schema } = random.pick(versions);
  const apiVersion = `${group}/${name}`;
  return {
    collection: collectionOf(apiVersion, plural, scope, random),
    key: `${plural}.${group}`,
    apiVersion,
    kind,
    subresources: ['status', 'scale'],
    calls: false,
    fields: (chance) => {
      const { metadata: _, ...fields } = Object(instanceOf(schema, chance, 6)) as { metadata?: unknown };
      return chance.next() < 0.7 ? fields : (mutated(fields, chance) as object);
    },
  };
}

function collectionOf(apiVersion: string, plural: string, scope: string, random: Random): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const everywhere = scope === 'Cluster' || random.next() < 0.05;
  return everywhere ? `${root}/${plural}` : `${root}/namespaces/${random.pick(namespaces)}/${plural}`;
}

const names = ['a', 'b', 'c', 'fuzz-a', 'd.e'];

function nameOf(random: Random): string {
  return random.next() < 0.95 ? random.pick(names) : encodeURIComponent(textOf(random).replace(/[\ud800-\udfff]/g, ''));
}

function resourceRequest(place: Place, random: Random): FuzzRequest {
  const item = `${place.collection}/${nameOf(random)}`;
  const sub = place.subresources.length > 0 && random.next() < 0.2 ? random.pick(place.subresources) : undefined;
  const target = sub ? `${item}/${sub}` : item;
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return send('POST', sub ? target : place.collection, random, bodyOf(place, sub, random), place);
    case 4:
      return send('PUT', target, random, bodyOf(place, sub, random), place);
    case 5:
    case 6:
    case 7:
      return patchOf(place, target, sub, random);
    case 8:
      return send('DELETE', random.next() < 0.8 ? target : place.collection, random, deleteOptions(random));
    case 9:
      return send('GET', target, random);
    default:
      return send('GET', place.collection, random);
  }
}

function bodyOf(place: Place, sub: string | undefined, random: Random): unknown {
  const own = sub ? subresourceSeeds[sub] : undefined;
  const fields = own ? (mutated(own, random, random.below(2)) as object) : place.fields(random);
  const { apiVersion, kind } = place;
  const object = { apiVersion, kind, metadata: metadataOf(random), ...fields };
  return random.next() < 0.05 ? mutated(object, random) : object;
}

const metadataOf = (random: Random): object => ({
  name: random.pick(names),
  ...(random.next() < 0.1 && { generateName: 'fuzz-', name: '' }),
  ...(random.next() < 0.2 && { labels: { app: random.pick(['a', 'b', textOf(random)]) } }),
  ...(random.next() < 0.1 && { annotations: { a: textOf(random) } }),
  ...(random.next() < 0.05 && { finalizers: [random.pick(['example.com/hold', 'foregroundDeletion', 'orphan', ''])] }),
  ...(random.next() < 0.02 && { resourceVersion: random.pick(['', '1', '9999999', 'x']) }),
  ...(random.next() < 0.05 && { managedFields: anyValue(random, 2) }),
  ...(random.next() < 0.03 && { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'a', uid: '1' }] }),
  ...(random.next() < 0.05 && { [textOf(random)]: anyValue(random, 1) }),
});

function patchOf(place: Place, target: string, sub: string | undefined, random: Random): FuzzRequest {
  const body = bodyOf(place, sub, random) as Record<string, unknown>;
  const type = random.pick(['json-patch', 'merge-patch', 'strategic-merge-patch', 'apply-patch', 'apply-patch', 'odd']);
  const headers = {
    'content-type':
      type === 'odd' ? textHeader(random) : `application/${type}+${type === 'apply-patch' ? 'yaml' : 'json'}`,
  };
  const patch =
    type === 'json-patch' ? operations(random) : type === 'strategic-merge-patch' ? withDirectives(body, random) : body;
  const bytes = utf8(JSON.stringify(patch) ?? '');
  const spoil = !place.calls && random.next() < 0.1;
  const query = queryOf(random, type === 'apply-patch' ? ['fieldManager=m', 'force=true'] : []);
  return finished(
    'PATCH',
    target + query,
    { ...headersOf(random), ...headers },
    spoil ? spoiled(bytes, random) : bytes,
  );
}

const pointers = [
  '',
  '/metadata/labels',
  '/metadata/labels/app',
  '/metadata',
  '/spec',
  '/spec/a',
  '/spec/containers/0/image',
  '/spec/containers/-',
  '/data/a',
  '/a~1b~0c',
  'x',
  '/spec/replicas',
  '/status',
  '/metadata/managedFields/0',
];

const operations = (random: Random): unknown =>
  Array.from({ length: random.below(5) }, () => ({
    op: random.pick(['add', 'remove', 'replace', 'move', 'copy', 'test', 'odd']),
    path: random.pick(pointers),
    ...(random.next() < 0.8 && { value: anyValue(random, 2) }),
    ...(random.next() < 0.4 && { from: random.pick(pointers) }),
  }));

/** Strategic merge directives put in at random. */
function withDirectives(value: unknown, random: Random): unknown {
  if (Array.isArray(value)) {
    const items = value.map((each) => withDirectives(each, random));
    return random.next() < 0.2 ? [...items, { $patch: random.pick(['replace', 'delete', 'x']), name: 'c' }] : items;
  }
  if (typeof value !== 'object' || value === null) return random.next() < 0.05 ? null : value;
  const entries = Object.entries(value).map(([name, each]) => [name, withDirectives(each, random)] as const);
  const extra =
    random.next() < 0.1
      ? [
          [
            random.pick([
              '$patch',
              '$retainKeys',
              '$setElementOrder/containers',
              '$deleteFromPrimitiveList/finalizers',
            ]),
            random.pick(['delete', 'replace', ['a'], [{ name: 'c' }], 1]),
          ] as const,
        ]
      : [];
  return Object.fromEntries([...entries, ...extra]);
}

function deleteOptions(random: Random): unknown {
  if (random.next() < 0.6) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(random.next() < 0.5 && { propagationPolicy: random.pick(['Foreground', 'Background', 'Orphan', 'x']) }),
    ...(random.next() < 0.3 && { gracePeriodSeconds: random.pick([0, 1, -1, 1e18]) }),
    ...(random.next() < 0.2 && { preconditions: { uid: textOf(random), resourceVersion: '1' } }),
  };
}

/** Definitions that are no good, and changes of those that are there. */
function definitionRequest(random: Random, definitions: readonly RandomDefinition[]): FuzzRequest {
  const { object, plural, group } = random.pick(definitions);
  const item = `${definitionPath}/${plural}.${group}`;
  const changed = mutatedSchema(object, random);
  const choice = random.next();
  if (choice < 0.3) return send('PUT', item, random, changed);
  if (choice < 0.5) return send('POST', definitionPath, random, changed);
  if (choice < 0.55) return send('DELETE', item, random);
  const headers = { ...headersOf(random), 'content-type': 'application/merge-patch+json' };
  return finished('PATCH', item + queryOf(random), headers, utf8(JSON.stringify(changed)));
}

function mutatedSchema(object: object, random: Random): object {
  const draft = structuredClone(object) as { spec: { versions: { schema: { openAPIV3Schema: unknown } }[] } };
  const version = random.pick(draft.spec.versions);
  version.schema.openAPIV3Schema =
    random.next() < 0.5
      ? mutated(version.schema.openAPIV3Schema, random)
      : { type: 'object', properties: { spec: schemaOf(random, 4) } };
  return draft;
}

const documents = [
  '/api',
  '/apis',
  '/api/v1',
  '/apis/apps',
  '/apis/apps/v1',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/api/v1',
  '/openapi/v3/apis/fuzz0.example.com/v1',
  '/version',
  '/healthz',
  '/livez?verbose',
  '/readyz/ping',
  '/metrics',
  '/logs',
  '/',
  '/.well-known/openid-configuration',
  '/openid/v1/jwks',
  '/apis/nothing.example.com',
  '/debug/pprof',
  '/apis/fuzz0.example.com',
];

const documentRequest = (random: Random): FuzzRequest =>
  send(random.next() < 0.9 ? 'GET' : randomMethod(random), random.pick(documents), random);

const randomMethod = (random: Random): string =>
  random.pick(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'LINK']);

function oddRequest(random: Random): FuzzRequest {
  const segments = [
    'api',
    'apis',
    'v1',
    'apps',
    'namespaces',
    'fuzz',
    'pods',
    'a',
    '',
    '.',
    '..',
    '%2e%2e',
    '%2F',
    '%zz',
    '%00',
    'watch',
    'proxy',
    'status',
    'log',
    'exec',
    'things0',
    'fuzz0.example.com',
    '%F0%9F%9A%A2',
    ';a=b',
    '~',
    '*',
  ];
  const path = Array.from({ length: 1 + random.below(8) }, () => random.pick(segments)).join('/');
  const { type, bytes } = oddBody(random);
  const method = randomMethod(random);
  const place = random.next() < 0.4 ? `${definitionPath}/a` : `/${path}`;
  const target =
    random.next() < 0.3 ? `/api/v1/namespaces/fuzz/${random.pick(['pods', 'configmaps', 'configmaps/a'])}` : place;
  return finished(method, target + queryOf(random), { ...headersOf(random), 'content-type': asHeader(type) }, bytes);
}

const parameters = [
  'dryRun=All',
  'dryRun=x',
  'fieldManager=m',
  'fieldManager=',
  'fieldValidation=Strict',
  'fieldValidation=Ignore',
  'fieldValidation=x',
  'force=true',
  'limit=1',
  'limit=-1',
  'limit=x',
  'continue=x',
  'continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhXHUwMDAwIn0',
  'resourceVersion=0',
  'resourceVersion=1',
  'resourceVersion=999999999',
  'resourceVersion=x',
  'resourceVersionMatch=Exact',
  'resourceVersionMatch=NotOlderThan',
  'watch=true',
  'watch=1&timeoutSeconds=1',
  'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
  'allowWatchBookmarks=true',
  'labelSelector=app%3Da',
  'labelSelector=app+in+(a,b)',
  'labelSelector=!!',
  'labelSelector=%00',
  'fieldSelector=metadata.name%3Da',
  'fieldSelector=spec.a%3Db',
  'fieldSelector=status.phase!%3DRunning',
  'fieldSelector=x',
  'pretty=true',
  'gracePeriodSeconds=0',
  'gracePeriodSeconds=x',
  'propagationPolicy=Orphan',
  'orphanDependents=true',
  'container=c',
  'follow=true',
  'tailLines=1',
  'tailLines=-1',
  'command=ls&stdout=true',
  'ports=80',
  'path=/x',
  'timeout=1s',
  'timeout=x',
  '%zz=1',
  'a=%ff',
  'shardSelector=x',
  '=',
  '&&&',
  'name=a',
];

function queryOf(random: Random, always: readonly string[] = []): string {
  const some = Array.from({ length: random.pick([0, 0, 1, 1, 2, 3]) }, () => random.pick(parameters));
  const all = [...always.filter(() => random.next() < 0.9), ...some];
  return all.length > 0 ? `?${all.join('&')}` : '';
}

const accepts = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json',
  'application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io',
  'application/json;stream=watch',
  'application/cbor',
  '*/*',
  '',
  'text/html',
  'a/b;q=x',
  ',,,',
  'application/json;as=x;v=y;g=z',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
];

function headersOf(random: Random): Record<string, string> {
  return {
    ...(random.next() < 0.25 && { accept: asHeader(random.pick(accepts)) }),
    ...(random.next() < 0.03 && { 'impersonate-user': random.pick(['alice', 'system:admin', '']) }),
    ...(random.next() < 0.005 && { 'impersonate-group': random.pick(['a', 'system:masters']) }),
    ...(random.next() < 0.03 && { authorization: random.pick(['Bearer x', 'Basic eA==', 'Bearer a.b.c', 'x']) }),
    ...(random.next() < 0.1 && { 'accept-encoding': random.pick(['gzip', 'br', '*']) }),
    ...(random.next() < 0.05 && { 'user-agent': textHeader(random) }),
    ...(random.next() < 0.03 && { 'if-none-match': '"x"' }),
    ...(random.next() < 0.03 && { 'content-encoding': 'gzip' }),
    ...(random.next() < 0.02 && { 'x-http-method-override': 'DELETE' }),
  };
}

/** A header's value: what Node's clients would refuse to send is left out. */
const asHeader = (text: string): string => text.replace(/[^\x20-\x7e]/g, '');
const textHeader = (random: Random): string => asHeader(textOf(random));

function send(method: string, path: string, random: Random, object?: unknown, place?: Place): FuzzRequest {
  const [bare = '', given] = path.split('?', 2);
  const target = given === undefined ? bare + queryOf(random) : path;
  if (object === undefined) return finished(method, target, headersOf(random));
  const { type, bytes } =
    random.next() < 0.03
      ? oddBody(random)
      : encoded(object, random, { schema: place?.schema, spoil: place !== undefined && !place.calls });
  return finished(method, target, { ...headersOf(random), 'content-type': asHeader(type) }, bytes);
}

const streaming = /[?&](watch=|follow=true)|\/watch\//;

function finished(method: string, target: string, headers: Record<string, string>, body?: Uint8Array): FuzzRequest {
  return { method, target, headers, streams: streaming.test(target), ...(body && { body }) };
}
