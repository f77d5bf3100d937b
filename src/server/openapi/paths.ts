// Serves /openapi/v2 and /openapi/v3: documents are made when someone asks, and the last few are kept as bytes.

import type { ApiResponse } from '../../api/request.ts';
import { utf8 } from '../../base/bytes.ts';
import type { Exchange } from '../exchange.ts';
import { protobufOfV2 } from './protobuf.ts';
import { documentHash, openApiIndex, type OpenApiInput, openApiV2, openApiV3 } from './documents.ts';

type PathAnswer = (exchange: Exchange, path: string) => ApiResponse | undefined;

/** Enough for a client that applies a whole application; the largest is about two megabytes. */
const kept = 6;

/** `input` tells what is served now; `generation` grows whenever that changes. */
export function openApiPaths(input: () => OpenApiInput, generation: () => number): ReadonlyMap<string, PathAnswer> {
  const documents = new Map<string, Uint8Array>();
  let made = -1;

  function bytesOf(name: string, make: () => Uint8Array | undefined): Uint8Array | undefined {
    if (made !== generation()) documents.clear();
    made = generation();
    const document = documents.get(name) ?? make();
    documents.delete(name);
    if (document) documents.set(name, document);
    for (const oldest of documents.keys()) if (documents.size > kept) documents.delete(oldest);
    return document;
  }

  const version2: PathAnswer = ({ request }) => {
    const form = formOf(request.headers.accept, [protobuf2, oldProtobuf2]);
    if (form === 'json')
      return document(
        bytesOf('2', () => encoded(openApiV2(input()))),
        'application/json',
      );
    return form === 'protobuf'
      ? document(
          bytesOf('2p', () => protobufOfV2(openApiV2(input()))),
          protobuf2,
        )
      : empty(406);
  };

  const index: PathAnswer = () => document(encoded(openApiIndex(input())), 'text/plain; charset=utf-8');

  const version3: PathAnswer = ({ request }, path) => {
    const found = /^\/openapi\/v3\/(?:api\/([^/]+)|apis\/([^/]+)\/([^/]+))$/.exec(path);
    if (!found) return undefined;
    const [group, version] = [found[2] ?? '', found[1] ?? found[3] ?? ''];
    if (formOf(request.headers.accept, []) !== 'json') return empty(406);
    const bytes = bytesOf(`3/${group}/${version}`, () => encoded(openApiV3(group, version, input())));
    if (!bytes) return empty(404);
    const hash = documentHash(group, version, input());
    const wanted = request.query.get('hash');
    if (wanted !== null && wanted !== hash) return moved(`${path}?hash=${hash}`);
    return document(bytes, 'application/json', {
      etag: `"${hash}"`,
      ...(wanted !== null && { 'cache-control': 'public, immutable' }),
    });
  };

  return new Map<string, PathAnswer>([
    ['/openapi/v2', version2],
    ['/openapi/v3', index],
    ['/openapi/v3/', version3],
  ]);
}

const encoded = (value: object | undefined): Uint8Array | undefined => value && utf8(JSON.stringify(value));

const protobuf2 = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
/** Its old name, which clients use still. */
const oldProtobuf2 = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/** The first form in the header that there is. */
function formOf(accept: string | undefined, protobuf: readonly string[]): 'json' | 'protobuf' | undefined {
  const types = (accept || '*/*').split(',').map((part) => part.split(';')[0]?.trim().toLowerCase() ?? '');
  for (const type of types) {
    if (protobuf.includes(type)) return 'protobuf';
    if (type === '*/*' || type === 'application/*' || type === 'application/json') return 'json';
  }
  return undefined;
}

const document = (bytes: Uint8Array | undefined, type: string, headers: Record<string, string> = {}): ApiResponse => ({
  status: 200,
  headers: { 'content-type': type, ...headers },
  body: { type: 'bytes', bytes: bytes ?? new Uint8Array() },
});

const empty = (status: number): ApiResponse => ({
  status,
  headers: {},
  body: { type: 'bytes', bytes: new Uint8Array() },
});

const moved = (location: string): ApiResponse => ({
  status: 301,
  headers: { location, 'content-type': 'application/json' },
  body: { type: 'bytes', bytes: new Uint8Array() },
});
