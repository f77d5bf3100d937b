// get and list: from the watch cache as it is now, from the store as it was, page by page.

import { deepFreeze } from '../../base/equal.ts';
import { ApiError, badRequest, gone, notFound, timedOut } from '../../api/status.ts';
import { RevisionError, type Revision } from '../../store/store.ts';
import type { Cache } from '../cache.ts';
import type { Served } from '../catalog.ts';
import { decodeContinue, encodeContinue } from '../continue.ts';
import type { ResourceTarget } from '../exchange.ts';
import { wholeNumber } from '../options.ts';
import { placeOf, type Selection, selectionOf } from '../selection.ts';
import type { Server } from '../server.ts';
import { keyOf, prefixOf, readStored, type Stored } from '../stored.ts';
import { taken } from './conversion.ts';
import type { ListResult, ObjectResult } from './result.ts';

export async function get(server: Server, target: ResourceTarget, query: URLSearchParams): Promise<ObjectResult> {
  const cache = await server.caches.of(target.served.kind);
  const version = query.get('resourceVersion');
  if (version) requireReached(version, server.store.revision(), 'get');
  const stored = cache.stored(target.namespace, target.name);
  if (!stored) throw notFound(target, target.name);
  return { type: 'object', code: 200, object: stored.object, stored };
}

export async function list(server: Server, target: ResourceTarget, query: URLSearchParams): Promise<ListResult> {
  const { kind } = target.served;
  const cache = await server.caches.of(kind);
  const selection = selectionOf(kind, target.namespace, target.name, query);
  const limit = Math.max(0, query.has('limit') ? wholeNumber(query.get('limit') ?? '') : 0);
  if (query.has('timeoutSeconds')) wholeNumber(query.get('timeoutSeconds') ?? '');
  const token = query.get('continue');
  const version = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  requireListOptions(version, match, token ?? '');

  const listing: Listing = { server, served: target.served, cache, selection, limit };
  if (token) return continued(listing, token);
  if (match === 'Exact') return past(listing, revisionOf(version));
  if (version && version !== '0') requireReached(version, server.store.revision(), 'list');
  const items = await chosen(target.served, cache, selection);
  return paged(cache, items, version === '0' ? 0 : limit, server.store.revision(), selection);
}

/** The objects that match in the served version, in the order of their keys, as of now. */
export async function chosen(served: Served, cache: Cache, selection: Selection): Promise<readonly Stored[]> {
  if (!served.kind.convert) return selected(cache, selection);
  return taken(served, selected(cache, placeOf(selection)), selection);
}

/** The matching objects in the order of their keys, as of now. */
export function selected(cache: Cache, selection: Selection): readonly Stored[] {
  const { namespace, name } = selection;
  if (name && (namespace || cache.kind.scope === 'Cluster')) {
    const one = cache.mirror.get(name, namespace);
    return one && selection.matches(one) ? [cache.storedOf(one)] : [];
  }
  const all = cache.mirror.list(namespace === '' ? undefined : namespace);
  const matching = selection.narrowed || name ? all.filter(selection.matches) : all;
  return matching.map(cache.storedOf);
}

function paged(
  cache: Cache,
  items: readonly Stored[],
  limit: number,
  revision: Revision,
  selection: Selection,
): ListResult {
  if (limit === 0 || items.length <= limit) return { type: 'list', items, revision };
  const page = items.slice(0, limit);
  const last = page.at(-1) as Stored;
  const result = {
    type: 'list',
    items: page,
    revision,
    continue: encodeContinue(revision, relativeKey(cache, last, selection)),
  } as const;
  return selection.narrowed ? result : { ...result, remaining: items.length - limit };
}

/** An object's key below the prefix that the listing is about. */
function relativeKey(cache: Cache, stored: Stored, selection: Selection): string {
  const { namespace = '', name = '' } = stored.object.metadata;
  return keyOf(cache.kind, namespace, name).slice(listPrefix(cache, selection).length);
}

const listPrefix = (cache: Cache, selection: Selection): string =>
  prefixOf(cache.kind) + (cache.kind.scope === 'Namespaced' && selection.namespace ? `${selection.namespace}/` : '');

/** What one request lists. */
interface Listing {
  readonly server: Server;
  readonly served: Served;
  readonly cache: Cache;
  readonly selection: Selection;
  /** 0: none. */
  readonly limit: number;
}

async function continued(listing: Listing, token: string): Promise<ListResult> {
  const { server, cache, selection, limit } = listing;
  const { revision, start } = decodeContinue(token);
  const at = revision === -1 ? server.store.revision() : revision;
  const prefix = listPrefix(cache, selection);
  const items = await itemsAt(listing, { prefix, at, start }).catch((error: unknown) => {
    throw expired(error, () => encodeContinue(-1, start));
  });
  return paged(cache, items, limit, at, selection);
}

async function past(listing: Listing, at: Revision): Promise<ListResult> {
  const { cache, selection, limit } = listing;
  const prefix = listPrefix(cache, selection);
  const items = await itemsAt(listing, { prefix, at }).catch((error: unknown) => {
    throw expired(error);
  });
  return paged(cache, items, limit, at, selection);
}

/** Where a listing of the past begins. */
interface Place {
  readonly prefix: string;
  readonly at: Revision;
  readonly start?: string;
}

async function itemsAt(
  { server, served, cache, selection }: Listing,
  { prefix, at, start }: Place,
): Promise<readonly Stored[]> {
  const after = start === undefined ? {} : { after: prefix + start };
  const { entries } = await server.store.list({ prefix, at, ...after });
  const items = entries.map((entry) => readStored(cache.kind, entry.value, entry.revision));
  if (!served.kind.convert) return items.filter(({ object }) => selection.matches(object));
  // What is frozen is converted once, here or when it is shown.
  const placed = items.filter(({ object }) => selection.isPlaced(deepFreeze(object)));
  return taken(served, placed, selection);
}

function expired(error: unknown, freshToken?: () => string): unknown {
  if (!(error instanceof RevisionError)) return error;
  if (error.reason === 'future') return tooLarge(error.revision, undefined);
  if (!freshToken) return gone('The resourceVersion for the provided list is too old.');
  const refusal = gone(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  refusal.status.metadata = { continue: freshToken() };
  return refusal;
}

function requireListOptions(version: string, match: string, token: string): void {
  if (match === '') return;
  const issue = listIssue(version, match, token);
  if (issue) {
    throw new ApiError(422, 'Invalid', `ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: ${issue}`, {
      group: 'meta.k8s.io',
      kind: 'ListOptions',
      causes: [
        {
          reason: issue.startsWith('Unsupported') ? 'FieldValueNotSupported' : 'FieldValueForbidden',
          message: issue,
          field: 'resourceVersionMatch',
        },
      ],
    });
  }
}

function listIssue(version: string, match: string, token: string): string | undefined {
  if (token) return 'Forbidden: resourceVersionMatch is forbidden when continue is provided';
  if (version === '') return 'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided';
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    return `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`;
  }
  if (match === 'Exact' && version === '0')
    return 'Forbidden: resourceVersionMatch "Exact" is forbidden for resourceVersion "0"';
  return undefined;
}

/** A resourceVersion parameter as a number. Upstream answers 400 for lists and 500 for the rest. */
export function revisionOf(version: string, verb: 'list' | 'get' | 'watch' = 'list'): Revision {
  if (/^\d+$/.test(version)) return Number(version);
  const text = `resourceVersion: Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`;
  if (verb === 'list') throw badRequest(text);
  throw new ApiError(500, '', text);
}

function requireReached(version: string, current: Revision, verb: 'list' | 'get'): void {
  const revision = revisionOf(version, verb);
  if (revision > current) throw tooLarge(revision, current);
}

export function tooLarge(revision: Revision, current: Revision | undefined): ApiError {
  const refusal = timedOut(`Timeout: Too large resource version: ${revision}, current: ${current ?? revision}`, 1);
  refusal.status.details = {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  };
  return refusal;
}
