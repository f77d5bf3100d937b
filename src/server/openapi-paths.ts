// Serves the OpenAPI documents: made when first asked for, kept as bytes until what is served changes, with ETags.

import { utf8 } from '../base/bytes.ts';
import { hashOf } from '../base/hash.ts';
import type { ApiResponse } from '../api/request.ts';
import { notAcceptable } from '../api/status.ts';
import type { Catalog } from './catalog.ts';
import type { Exchange } from './exchange.ts';
import { documentHash, openApiIndex, type OpenApiInput, openApiV2, openApiV3 } from './openapi/documents.ts';
import { type PathAnswer, text } from './paths.ts';

interface Document {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** How many documents are kept; kubectl asks for few. */
const mostKept = 12;

export function openApiPaths(catalog: Catalog, input: () => OpenApiInput): ReadonlyMap<string, PathAnswer> {
  const kept = new Map<string, Document>();
  catalog.subscribe(() => kept.clear());

  function document(key: string, make: () => object | undefined): Document | undefined {
    const known = kept.get(key);
    if (known) return known;
    const made = make();
    if (!made) return undefined;
    const content = JSON.stringify(made);
    const fresh = { bytes: utf8(content), etag: `"${hashOf(content).toString(16).toUpperCase().padStart(8, '0')}"` };
    kept.set(key, fresh);
    if (kept.size > mostKept) kept.delete([...kept.keys()][0] as string);
    return fresh;
  }

  return new Map<string, PathAnswer>([
    [
      '/openapi/v2',
      (exchange) =>
        answer(
          exchange,
          document('v2', () => openApiV2(input())),
        ),
    ],
    [
      '/openapi/v3',
      (exchange) =>
        answer(
          exchange,
          document('v3', () => openApiIndex(input())),
          'text/plain; charset=utf-8',
        ),
    ],
    ['/openapi/v3/', (exchange, path) => groupVersion(exchange, path)],
  ]);

  function groupVersion(exchange: Exchange, path: string): ApiResponse {
    const [root, ...rest] = path.slice('/openapi/v3/'.length).split('/');
    const [group, version] = root === 'api' ? ['', rest[0] ?? ''] : [rest[0] ?? '', rest[1] ?? ''];
    if (rest.length !== (root === 'api' ? 1 : 2) || !catalog.hasGroupVersion(group, version))
      return text(404, '404 page not found\n');
    const hash = exchange.request.query.get('hash');
    const current = documentHash(group, version, input());
    if (hash && hash !== current) return moved(`${path}?hash=${current}`);
    const response = answer(
      exchange,
      document(path, () => openApiV3(group, version, input())),
    );
    // A document asked for by its hash never changes.
    return hash
      ? {
          ...response,
          headers: {
            ...response.headers,
            'cache-control': 'public, immutable',
            expires: 'Thu, 31 Dec 2037 23:55:55 GMT',
          },
        }
      : response;
  }
}

const moved = (location: string): ApiResponse => ({
  status: 301,
  headers: { 'content-type': 'application/json', location },
  body: { type: 'bytes', bytes: new Uint8Array() },
});

function answer(exchange: Exchange, document: Document | undefined, contentType = 'application/json'): ApiResponse {
  if (!document) return text(404, '404 page not found\n');
  requireJson(exchange);
  const headers = { 'content-type': contentType, etag: document.etag, vary: 'Accept' };
  if (exchange.request.headers['if-none-match'] === document.etag)
    return { status: 304, headers, body: { type: 'bytes', bytes: new Uint8Array() } };
  return { status: 200, headers, body: { type: 'bytes', bytes: document.bytes } };
}

/** The documents are served as JSON only; their protobuf form is not modelled. */
function requireJson(exchange: Exchange): void {
  const accept = exchange.request.headers.accept ?? '*/*';
  const takes = accept
    .split(',')
    .some((range) => /^\s*(\*\/\*|application\/\*|application\/json|text\/plain)\s*(;|$)/.test(range));
  if (!takes) throw notAcceptable('only the following media types are accepted: application/json');
}
