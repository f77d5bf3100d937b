// From an authorized request to the verb that answers it, and from the verb's result to the answer's form.

import { parseDuration } from '../base/duration.ts';
import type { ApiResponse } from '../api/request.ts';
import { badRequest, methodNotAllowed, noSuchPath, notFound, notModelled } from '../api/status.ts';
import type { Describe } from '../kinds/descriptions.ts';
import { passOn } from './aggregation/proxy.ts';
import type { Catalog } from './catalog.ts';
import type { Exchange, Handler, PathTarget, ResourceTarget } from './exchange.ts';
import { type Negotiated, negotiate, type Offer } from './negotiate.ts';
import type { PathHandler } from './paths.ts';
import { print } from './print.ts';
import { isCustomPlace, requireMethod } from './resolve.ts';
import type { Server } from './server.ts';
import { wantsWebsocket } from './streaming/negotiate.ts';
import { inMessages } from './streaming/one-way.ts';
import { admitConnection } from './verbs/connect.ts';
import { shownIn } from './verbs/conversion.ts';
import { isConnection, subresourceHandler } from './subresources/index.ts';
import { create } from './verbs/create.ts';
import { deleteCollection, deleteOne } from './verbs/delete.ts';
import { patch } from './verbs/patch.ts';
import { get, list } from './verbs/read.ts';
import type { Result } from './verbs/result.ts';
import { update } from './verbs/update.ts';
import { watch } from './verbs/watch.ts';
import { virtualHandler } from './virtual/index.ts';

const inProcessForm: Negotiated = {
  format: 'json',
  shape: 'object',
  shapeVersion: 'v1',
  contentType: 'application/json',
};

export function route(server: Server, paths: PathHandler, describe: Describe): Handler {
  return async (exchange) => {
    const { target, request } = exchange;
    const api = server.aggregation.find(request.path);
    if (api) return passOn(server.remote, api, exchange);
    if (target.type === 'path') {
      if (target.unserved) refuseUnserved(server.catalog, exchange, target.unserved);
      return paths(exchange, target.path);
    }
    return answer(server, exchange, target, describe);
  };
}

/** Other groups are nobody's: their paths are like any other that is not there. A custom kind's unknown subresources are the kind's to refuse. */
function refuseUnserved(
  catalog: Catalog,
  exchange: Exchange,
  { group, version, resource, namespace, name, subresource, verb }: Unserved,
): void {
  if (isBuiltIn(catalog, group)) throw noSuchPath();
  const served = catalog.find(group, version, resource);
  if (!served || subresource === '' || !isCustomPlace(served.kind, namespace, verb)) return;
  if (served.version.deprecation) exchange.warnings.add(served.version.deprecation);
  throw notFound({ group, resource }, name);
}

type Unserved = NonNullable<PathTarget['unserved']>;

const isBuiltIn = (catalog: Catalog, group: string): boolean =>
  catalog.kinds().some((kind) => kind.group === group && !kind.custom);

async function answer(
  server: Server,
  exchange: Exchange,
  target: ResourceTarget,
  describe: Describe,
): Promise<ApiResponse> {
  const { request } = exchange;
  const { kind, version } = target.served;
  if (version.deprecation && kind.custom) exchange.warnings.add(version.deprecation);
  requireMethod(target, request.method);
  const anyForm = request.inProcess || isConnection(target.subresource);
  const negotiated = anyForm ? inProcessForm : negotiate(request.headers.accept, offerOf(target));
  if (target.verb !== 'watch') requireTimeout(request.query.get('timeout'));
  if (version.deprecation) exchange.warnings.add(version.deprecation);
  const result = await shownIn(target.served, await perform(server, exchange, target));
  const printed = print(result, {
    served: target.served,
    negotiated,
    inProcess: request.inProcess,
    now: server.clock.now(),
    describe,
    includeObject: request.query.get('includeObject') ?? 'Metadata',
  });
  if (request.inProcess || !wantsWebsocket(request.headers)) return printed;
  return inMessages(printed, request.headers, { target, format: negotiated.format });
}

/** How long an answer may take is for us to decide, but nonsense is refused. */
function requireTimeout(timeout: string | null): void {
  if (!timeout) return;
  try {
    parseDuration(timeout);
  } catch (error) {
    throw badRequest(`invalid timeout specified in the request URL - ${(error as Error).message}`);
  }
}

function offerOf({ served, verb }: ResourceTarget): Offer {
  const watch = verb === 'watch';
  if (served.kind.custom) return { protobuf: false, shapes: true, watch };
  return { protobuf: true, shapes: true, watch, routed: watch || verb === 'list' ? 'many' : 'one' };
}

async function perform(server: Server, exchange: Exchange, target: ResourceTarget): Promise<Result> {
  const { query } = exchange.request;
  const { kind } = target.served;
  if (target.subresource !== '') {
    const handler = subresourceHandler(kind, target.subresource);
    if (isConnection(target.subresource)) await admitConnection(server, exchange, target);
    if (!handler) throw notModelled(`${kind.plural}/${target.subresource}`);
    return handler(server, exchange, target);
  }
  const virtual = virtualHandler(kind);
  if (virtual) return virtual(server, exchange, target);
  switch (target.verb) {
    case 'get':
      return get(server, target, query);
    case 'list':
      return list(server, target, query);
    case 'watch':
      return watch(server, target, exchange.request);
    case 'create':
      return create(server, exchange, target);
    case 'update':
      return update(server, exchange, target);
    case 'patch':
      return patch(server, exchange, target);
    case 'delete':
      return deleteOne(server, exchange, target);
    case 'deletecollection':
      return deleteCollection(server, exchange, target);
    default:
      throw methodNotAllowed();
  }
}
