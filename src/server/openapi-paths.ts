// Serves the OpenAPI documents: made when first asked for, kept as bytes until what is served changes, with ETags.

import { textOf, utf8 } from '../base/bytes.ts';
import { hashOf } from '../base/hash.ts';
import type { ApiResponse } from '../api/request.ts';
import type { APIService } from '../kinds/apiregistration/api-service.ts';
import { convertedOf, withRemoteDocuments, withRemoteSwagger } from './aggregation/openapi.ts';
import { passOn } from './aggregation/proxy.ts';
import type { Catalog } from './catalog.ts';
import type { Exchange } from './exchange.ts';
import type { Json } from './openapi/definitions.ts';
import {
  documentHash,
  openApiIndex,
  type OpenApiInput,
  openApiV2,
  openApiV3,
  otherHash,
  otherOpenApiV3,
} from './openapi/documents.ts';
import { olderProtobufType, protobufOfV2, protobufType } from './openapi/protobuf.ts';
import { olderProtobufTypeV3, protobufOfV3, protobufTypeV3 } from './openapi/protobuf-v3.ts';
import type { PathAnswer } from './paths.ts';
import type { Server } from './server.ts';

interface Document {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** How many documents are kept; kubectl asks for few. */
const mostKept = 12;

const farFuture = 'Thu, 31 Dec 2037 23:55:55 GMT';

export function openApiPaths(
  { catalog, aggregation, remote }: Pick<Server, 'catalog' | 'aggregation' | 'remote'>,
  input: () => OpenApiInput,
): ReadonlyMap<string, PathAnswer> {
  const kept = new Map<string, Document>();
  catalog.subscribe(() => kept.clear());
  aggregation.subscribe(() => kept.clear());
  const whole = () => withRemoteSwagger(openApiV2(input()), aggregation);

  function document(key: string, make: () => Uint8Array): Document {
    const known = kept.get(key);
    if (known) return known;
    const bytes = make();
    const fresh = { bytes, etag: `"${hashOf(textOf(bytes)).toString(16).toUpperCase().padStart(8, '0')}"` };
    kept.set(key, fresh);
    if (kept.size > mostKept) kept.delete([...kept.keys()][0] as string);
    return fresh;
  }

  function version2(exchange: Exchange): ApiResponse {
    const type = accepted(exchange, [json, protobufType, olderProtobufType]);
    if (!type) return notAcceptable;
    if (type === json)
      return answer(
        exchange,
        json,
        document('v2', () => utf8(JSON.stringify(whole()))),
      );
    return answer(
      exchange,
      protobufType,
      document('v2 protobuf', () => protobufOfV2(whole())),
    );
  }

  function version3(exchange: Exchange, path: string): ApiResponse | Promise<ApiResponse> {
    const api = aggregation.find(path.slice('/openapi/v3'.length));
    const converted = api && convertedFor(api, path);
    if (api && !converted) return passOn(remote, api, exchange);
    const place = converted ?? placeOf(path.slice('/openapi/v3/'.length), catalog, input());
    if (!place) return noDocument;
    const hash = exchange.request.query.get('hash');
    if (hash && hash !== place.hash) return moved(`${path}?hash=${place.hash}`);
    const type = accepted(exchange, [json, protobufTypeV3, olderProtobufTypeV3]);
    if (!type) return notAcceptable;
    const response =
      type === json
        ? answer(
            exchange,
            json,
            document(path, () => utf8(JSON.stringify(place.make()))),
          )
        : answer(
            exchange,
            protobufTypeV3,
            document(`${path} protobuf`, () => protobufOfV3(place.make())),
          );
    // A document asked for by its hash never changes.
    const lasting = { 'cache-control': 'public, immutable', expires: farFuture };
    return hash ? { ...response, headers: { ...response.headers, ...lasting } } : response;
  }

  function convertedFor({ metadata, spec }: APIService, path: string): Place | undefined {
    const known = aggregation.known.get(metadata.name ?? '');
    return known && path === `/openapi/v3/apis/${spec.group}/${spec.version}` ? convertedOf(known) : undefined;
  }

  return new Map<string, PathAnswer>([
    ['/openapi/v2', version2],
    [
      '/openapi/v3',
      (exchange) =>
        answer(
          exchange,
          'text/plain; charset=utf-8',
          document('v3', () => utf8(JSON.stringify(withRemoteDocuments(openApiIndex(input()), aggregation)))),
        ),
    ],
    ['/openapi/v3/', version3],
  ]);
}

interface Place {
  readonly hash: string;
  make(): Json;
}

/** The document at a place below `/openapi/v3/`: a group version's, or one of the few others. */
function placeOf(place: string, catalog: Catalog, input: OpenApiInput): Place | undefined {
  const [root, ...rest] = place.split('/');
  const [group, version] = root === 'api' ? ['', rest[0] ?? ''] : [rest[0] ?? '', rest[1] ?? ''];
  if (rest.length === (root === 'api' ? 1 : 2) && catalog.hasGroupVersion(group, version)) {
    const make = () => openApiV3(group, version, input) ?? {};
    return { hash: documentHash(group, version, input), make };
  }
  const other = otherOpenApiV3(place, input);
  return other && { hash: otherHash(place, input), make: () => other };
}

const json = 'application/json';

const moved = (location: string): ApiResponse => ({
  status: 301,
  headers: { 'content-type': json, location },
  body: { type: 'bytes', bytes: new Uint8Array() },
});

/** Without a word, as upstream. */
const wordless = (status: number): ApiResponse => ({
  status,
  headers: {},
  body: { type: 'bytes', bytes: new Uint8Array() },
});
const notAcceptable = wordless(406);
const noDocument = wordless(404);

function answer(exchange: Exchange, type: string, { bytes, etag }: Document): ApiResponse {
  const headers = { 'content-type': type, etag, vary: 'Accept' };
  const unchanged = exchange.request.headers['if-none-match'] === etag;
  return unchanged
    ? { status: 304, headers, body: { type: 'bytes', bytes: new Uint8Array() } }
    : { status: 200, headers, body: { type: 'bytes', bytes } };
}

/** The first of our types that the client takes, in the order of its wishes. */
function accepted({ request }: Exchange, types: readonly string[]): string | undefined {
  for (const range of (request.headers.accept ?? '*/*').split(',')) {
    const type = range.split(';', 1)[0]?.trim() ?? '';
    if (type === '*/*' || type === 'application/*') return types[0];
    if (types.includes(type)) return type;
  }
  return undefined;
}
