import { expect, test } from 'vitest';
import { ProtobufReader, protobufText } from '../../api/protobuf-wire.ts';
import { kinds } from '../../kinds/index.ts';
import type { Exchange } from '../exchange.ts';
import type { OpenApiInput } from './documents.ts';
import { openApiPaths } from './paths.ts';

const input: OpenApiInput = { kinds, describe: () => 'text', version: 'v1.36.1', customSchema: () => undefined };
const paths = openApiPaths(
  () => input,
  () => 1,
);

function get(path: string, accept = '*/*', query = '') {
  const request = { headers: { accept }, query: new URLSearchParams(query) };
  const answer = paths.get(path) ?? paths.get('/openapi/v3/');
  return answer?.({ request } as unknown as Exchange, path);
}

const bytesOf = (response: ReturnType<typeof get>): Uint8Array =>
  response?.body.type === 'bytes' ? response.body.bytes : new Uint8Array();

test('a document is found by its group version, and only there', () => {
  expect(get('/openapi/v3/apis/apps/v1')).toMatchObject({
    status: 200,
    headers: { 'content-type': 'application/json' },
  });
  expect(get('/openapi/v3/api/v1')).toMatchObject({ status: 200 });
  expect(get('/openapi/v3/apis/apps/v7')).toMatchObject({ status: 404 });
  expect(get('/openapi/v3/apis/apps/v1/')).toBeUndefined();
  expect(get('/openapi/v3/apis/apps/v1', 'application/yaml')).toMatchObject({ status: 406 });
});

test('an old hash leads to the present one', () => {
  const moved = get('/openapi/v3/apis/apps/v1', '*/*', 'hash=0123');
  expect(moved?.status).toBe(301);
  const [path = '', query = ''] = String(moved?.headers.location).split('?');
  expect(get(path, '*/*', query)).toMatchObject({ status: 200, headers: { 'cache-control': 'public, immutable' } });
});

test('version 2 comes in protobuf under both of its names, with every definition', () => {
  const names: string[] = [];
  const response = get('/openapi/v2', 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf');
  expect(response?.headers['content-type']).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
  eachField(bytesOf(response), (number, content) => {
    if (number !== 9) return;
    eachField(content, (_, entry) => eachField(entry, (n, value) => n === 1 && names.push(protobufText(value))));
  });
  const json = JSON.parse(new TextDecoder().decode(bytesOf(get('/openapi/v2')))) as { definitions: object };
  expect(names).toEqual(Object.keys(json.definitions));
});

function eachField(bytes: Uint8Array, read: (number: number, content: Uint8Array) => void): void {
  const reader = new ProtobufReader(bytes);
  while (!reader.done) {
    const tag = reader.varint();
    if (tag % 8 === 2) read(Math.floor(tag / 8), reader.content());
    else reader.skip(tag % 8);
  }
}
