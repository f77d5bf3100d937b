// Serves the OpenAPI documents: made when first asked for, kept as bytes until what is served changes, with ETags.

import { textOf, utf8 } from '../base/bytes.ts';
import { hashOf } from '../base/hash.ts';
import type { ApiResponse } from '../api/request.ts';
import type { Catalog } from './catalog.ts';
import type { Exchange } from './exchange.ts';
import { documentHash, openApiIndex, type OpenApiInput, openApiV2, openApiV3 } from './openapi/documents.ts';
import { olderProtobufType, protobufOfV2, protobufType } from './openapi/protobuf.ts';
import type { PathAnswer } from './paths.ts';

interface Document {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** How many documents are kept; kubectl asks for few. */
const mostKept = 12;

const farFuture = 'Thu, 31 Dec 2037 23:55:55 GMT';

export function openApiPaths(catalog: Catalog, input: () => OpenApiInput): ReadonlyMap<string, PathAnswer> {
  const kept = new Map<string, Document>();
  catalog.subscribe(() => kept.clear());

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
        document('v2', () => utf8(JSON.stringify(openApiV2(input())))),
      );
    return answer(
      exchange,
      protobufType,
      document('v2 protobuf', () => protobufOfV2(openApiV2(input()))),
    );
  }

  function groupVersion(exchange: Exchange, path: string): ApiResponse {
    const [root, ...rest] = path.slice('/openapi/v3/'.length).split('/');
    const [group, version] = root === 'api' ? ['', rest[0] ?? ''] : [rest[0] ?? '', rest[1] ?? ''];
    if (rest.length !== (root === 'api' ? 1 : 2) || !catalog.hasGroupVersion(group, version)) return noDocument;
    const hash = exchange.request.query.get('hash');
    const current = documentHash(group, version, input());
    if (hash && hash !== current) return moved(`${path}?hash=${current}`);
    if (!accepted(exchange, [json])) return notAcceptable;
    const bytes = () => utf8(JSON.stringify(openApiV3(group, version, input())));
    const response = answer(exchange, json, document(path, bytes));
    // A document asked for by its hash never changes.
    const lasting = { 'cache-control': 'public, immutable', expires: farFuture };
    return hash ? { ...response, headers: { ...response.headers, ...lasting } } : response;
  }

  return new Map<string, PathAnswer>([
    ['/openapi/v2', version2],
    [
      '/openapi/v3',
      (exchange) =>
        answer(
          exchange,
          'text/plain; charset=utf-8',
          document('v3', () => utf8(JSON.stringify(openApiIndex(input())))),
        ),
    ],
    ['/openapi/v3/', groupVersion],
  ]);
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
