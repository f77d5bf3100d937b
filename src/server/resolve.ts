// Whose request is it: from method and path to a kind, a name and a verb, or to a path that is none of a kind's.

import type { Kind } from '../api/kind.ts';
import { badRequest, methodNotAllowed, verbNotSupported } from '../api/status.ts';
import { type Catalog, subresourceOf } from './catalog.ts';
import type { PathTarget, RequestVerb, ResourceTarget, Target } from './exchange.ts';

interface Parts {
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly name: string;
  readonly subresource: string;
  readonly rest: string;
  readonly watchPrefix: boolean;
}

/** Subresources of a namespace; anything else after a namespace's name is a resource in it. */
const namespaceSubresources = new Set(['status', 'finalize']);

const verbs: Readonly<Record<string, readonly [collection: RequestVerb, named: RequestVerb]>> = {
  GET: ['list', 'get'],
  HEAD: ['list', 'get'],
  POST: ['create', 'create'],
  PUT: ['update', 'update'],
  PATCH: ['patch', 'patch'],
  DELETE: ['deletecollection', 'delete'],
};

/** Never refuses: who may know that a path is nobody's is decided after authorization (see `requireServed`). */
export function resolve(catalog: Catalog, method: string, path: string, query: URLSearchParams): Target {
  const parts = split(path);
  if (!parts) return pathTarget(method, path);
  const verb = verbOf(method, parts, query);
  const { group, version, resource, namespace, name, subresource, rest } = parts;
  const served = catalog.find(group, version, resource);
  const scoped =
    served &&
    (!served.kind.custom || isCustomPlace(served.kind, namespace, verb)) &&
    (served.kind.scope === 'Namespaced' || namespace === '' || (resource === 'namespaces' && name === namespace));
  const sub = subresource === '' || (served && subresourceOf(served.kind, subresource));
  const deeper = rest !== '' && subresource !== 'proxy';
  if (!served || !scoped || !sub || deeper) {
    return { ...pathTarget(method, path), unserved: { group, version, resource, namespace, name, subresource, verb } };
  }
  const home = served.kind.scope === 'Namespaced' ? namespace : '';
  return { type: 'resource', served, group, version, resource, namespace: home, name, subresource, rest, verb };
}

/** Where a custom kind's objects are: in namespaces, or in none. Only lists and watches look across all namespaces. */
export const isCustomPlace = ({ scope }: Kind, namespace: string, verb: string): boolean =>
  scope === 'Namespaced' ? namespace !== '' || verb === 'list' || verb === 'watch' : namespace === '';

/** Whether the method is one this resource knows at this place; thrown refusals are upstream's. */
export function requireMethod(target: Target & { type: 'resource' }, method: string): void {
  const { served, name, subresource, namespace } = target;
  if (served.kind.custom) return requireCustomMethod(target, method);
  if (subresource === 'proxy' && (method === 'HEAD' || method === 'OPTIONS')) return;
  if (method === 'HEAD' || !(method in verbs)) throw methodNotAllowed();
  if (subresource) {
    const methods = subresourceOf(served.kind, subresource)?.verbs ?? [];
    if (!methods.includes(subVerbOf(method))) throw methodNotAllowed();
    return;
  }
  const known: readonly string[] = served.kind.verbs;
  if (name === '' && (method === 'PUT' || method === 'PATCH')) throw methodNotAllowed();
  if (name !== '' && method === 'POST') throw methodNotAllowed();
  if (method === 'POST' && served.kind.scope === 'Namespaced' && namespace === '' && known.includes('list'))
    throw methodNotAllowed();
  if (!known.includes(target.verb)) throw methodNotAllowed();
}

/** Custom kinds are not routed by method: HEAD is like GET, and a verb that is missing is named in the refusal. */
function requireCustomMethod(
  { served, group, resource, verb, name, subresource }: ResourceTarget,
  method: string,
): void {
  const known: readonly string[] = subresource === '' ? served.kind.verbs : ['get', 'update', 'patch'];
  if (!known.includes(verb)) throw verbNotSupported({ group, resource }, verb);
  if (verb === 'create' && served.kind.terminating) {
    const refusal = verbNotSupported({ group, resource }, verb);
    refusal.status.message = 'create not allowed while custom resource definition is terminating';
    throw refusal;
  }
  if (name === '' && (method === 'PUT' || method === 'PATCH')) throw badRequest('name must be provided');
}

const subVerbOf = (method: string): string =>
  ({ GET: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' })[method] ?? '';

function pathTarget(method: string, path: string): PathTarget {
  return { type: 'path', path, verb: method === 'HEAD' ? 'get' : method.toLowerCase() };
}

function split(path: string): Parts | undefined {
  const segments = path.split('/').slice(1).map(decodeSegment);
  if (segments.at(-1) === '') segments.pop();
  const [root, ...rest] = segments;
  if (root === 'api' && rest.length >= 2) return inVersion('', rest[0] ?? '', rest.slice(1));
  if (root === 'apis' && rest.length >= 3) return inVersion(rest[0] ?? '', rest[1] ?? '', rest.slice(2));
  return undefined;
}

function inVersion(group: string, version: string, segments: readonly string[]): Parts | undefined {
  const watchPrefix = segments[0] === 'watch';
  const rest = watchPrefix ? segments.slice(1) : segments;
  const [first = '', second = '', third = ''] = rest;
  if (first === '') return undefined;
  const common = { group, version, watchPrefix };
  if (
    first === 'namespaces' &&
    rest.length >= 3 &&
    !(group === '' && namespaceSubresources.has(third) && rest.length === 3)
  ) {
    const [, , resource = '', name = '', subresource = '', ...deep] = rest;
    return { ...common, namespace: second, resource, name, subresource, rest: deep.join('/') };
  }
  const namespace = first === 'namespaces' && group === '' ? second : '';
  return { ...common, namespace, resource: first, name: second, subresource: third, rest: rest.slice(3).join('/') };
}

function verbOf(method: string, parts: Parts, query: URLSearchParams): RequestVerb {
  const pair = verbs[method];
  if (!pair) return '';
  const verb = parts.name === '' ? pair[0] : pair[1];
  const watching = parts.watchPrefix || isTrue(query.get('watch'));
  if (verb === 'list' && watching) return 'watch';
  if (verb === 'get' && parts.watchPrefix) return 'watch';
  return verb;
}

/** Go's lenient reading of a boolean query parameter: there, and not "false" or "0". */
export const isTrue = (value: string | null): boolean => value !== null && value !== 'false' && value !== '0';

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`invalid URL escape ${JSON.stringify(segment)}`);
  }
}
