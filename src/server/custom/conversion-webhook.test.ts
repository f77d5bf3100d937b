import { expect, test } from 'vitest';
import { bareServer } from '../../../test/support/bare-server.ts';
import { textOf, utf8 } from '../../base/bytes.ts';
import { createClient } from '../../client/transport-client.ts';
import type { ApiResponse } from '../../api/request.ts';
import { simulatedNetwork } from '../outgoing/simulated-network.ts';
import { serveDefinitions } from './definitions.ts';

type Json = Record<string, any>;

const schema = (properties: object) => ({
  openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
});
const text = { type: 'string' };

/** v1 says host and port in one word, v2 in two. */
const definition = {
  metadata: { name: 'places.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'places', kind: 'Place' },
    versions: [
      { name: 'v1', served: true, storage: true, schema: schema({ at: text }) },
      { name: 'v2', served: true, storage: false, schema: schema({ host: text, port: text }) },
    ],
    conversion: {
      strategy: 'Webhook',
      webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://convert/' } },
    },
  },
};

function converted(object: Json, apiVersion: string): Json {
  const { at, host, port } = object.spec as Record<string, string>;
  const [first = '', second = ''] = (at ?? '').split(':');
  const spec = apiVersion.endsWith('v1') ? { at: `${host}:${port}` } : { host: first, port: second };
  return { ...object, apiVersion, spec };
}

const honest = (request: Json): Json => ({
  convertedObjects: (request.objects as Json[]).map((each) => converted(each, request.desiredAPIVersion as string)),
  result: { status: 'Success' },
});

async function serving(answer: (request: Json) => Json = honest) {
  const asked: Json[] = [];
  let current = answer;
  const { clock, transport, server } = await bareServer({
    namespaces: [],
    server: {
      outgoing: simulatedNetwork({
        'convert:443': ({ body }) => {
          const { request, apiVersion } = JSON.parse(textOf(body as Uint8Array)) as Json;
          asked.push(request);
          return {
            body: { kind: 'ConversionReview', apiVersion, response: { uid: request.uid, ...current(request as Json) } },
          };
        },
      }),
    },
  });
  const user = { name: 'alice', groups: ['system:masters'] };
  await serveDefinitions(server, createClient({ transport, user, agent: 'test' }));
  async function send(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<ApiResponse> {
    const [plain = '', query = ''] = path.split('?');
    return transport.call({
      method,
      path: plain,
      query: new URLSearchParams(query),
      headers: { 'content-type': 'application/json', 'user-agent': 'test', ...headers },
      ...(body && { body: utf8(JSON.stringify(body)) }),
      user,
      inProcess: false,
      signal: new AbortController().signal,
    });
  }
  async function call(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Json> {
    const answered = await send(method, path, body, headers);
    return JSON.parse(textOf((answered.body as { bytes: Uint8Array }).bytes)) as Json;
  }
  await call('POST', '/api/v1/namespaces', { metadata: { name: 'a' } });
  await call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  for (let i = 0; i < 50 && !server.catalog.hasGroup('example.com'); i++) await clock.advance?.(10);
  return { call, send, asked, server, clock, answerWith: (next: typeof answer) => (current = next) };
}

const path = (version: string, name = '') => `/apis/example.com/${version}/namespaces/a/places${name && `/${name}`}`;
const place = (version: string, name: string, spec: object) => ({
  apiVersion: `example.com/${version}`,
  kind: 'Place',
  metadata: { name },
  spec,
});

test('an object written in one version is read in the other, and stored in the one that is stored', async () => {
  const { call, server } = await serving();
  const made = await call('POST', path('v2'), place('v2', 'p', { host: 'h', port: '1' }));
  expect(made).toMatchObject({ apiVersion: 'example.com/v2', spec: { host: 'h', port: '1' } });
  expect(await call('GET', path('v1', 'p'))).toMatchObject({ apiVersion: 'example.com/v1', spec: { at: 'h:1' } });
  const entries = (await server.store.list({ prefix: '/registry/example.com/places/' })).entries;
  expect(JSON.parse(textOf(entries[0]?.value as Uint8Array))).toMatchObject({
    apiVersion: 'example.com/v1',
    spec: { at: 'h:1' },
  });
});

test('a change in either version counts for both, and a change back to the same is none', async () => {
  const { call } = await serving();
  await call('POST', path('v1'), place('v1', 'p', { at: 'h:1' }));
  const patch = { 'content-type': 'application/merge-patch+json' };
  const changed = await call('PATCH', path('v2', 'p'), { spec: { port: '2' } }, patch);
  expect(changed).toMatchObject({ spec: { host: 'h', port: '2' }, metadata: { generation: 2 } });
  expect((await call('GET', path('v1', 'p'))).spec).toEqual({ at: 'h:2' });
  const again = await call('PATCH', path('v2', 'p'), { spec: { port: '2' } }, patch);
  expect(again.metadata.resourceVersion).toBe(changed.metadata.resourceVersion);
});

test('a list is converted in one question, and each object once', async () => {
  const { call, asked } = await serving();
  for (const name of ['a', 'b', 'c']) await call('POST', path('v1'), place('v1', name, { at: `${name}:1` }));
  const list = await call('GET', path('v2'));
  expect((list.items as Json[]).map(({ apiVersion, spec }) => [apiVersion, spec.host])).toEqual([
    ['example.com/v2', 'a'],
    ['example.com/v2', 'b'],
    ['example.com/v2', 'c'],
  ]);
  expect(asked.map(({ objects, desiredAPIVersion }) => [objects.length, desiredAPIVersion])).toEqual([
    [3, 'example.com/v2'],
  ]);
  await call('GET', path('v2'));
  expect(asked).toHaveLength(1);
});

test('watches speak their own version, in order', async () => {
  const { call, send } = await serving();
  await call('POST', path('v1'), place('v1', 'p', { at: 'h:1' }));
  const { body } = await send('GET', `${path('v2')}?watch=true`);
  const lines: Json[] = [];
  const stop = (body as any).chunks.subscribe(
    (frames: readonly Uint8Array[]) => {
      for (const frame of frames) lines.push(JSON.parse(textOf(frame)) as Json);
    },
    () => {},
  ) as () => void;
  await call('PUT', path('v1', 'p'), { ...(await call('GET', path('v1', 'p'))), spec: { at: 'h:2' } });
  await call('DELETE', path('v1', 'p'));
  for (let i = 0; i < 50; i++) await Promise.resolve();
  stop();
  expect(lines.map(({ type, object }) => [type, object.apiVersion, object.spec])).toEqual([
    ['ADDED', 'example.com/v2', { host: 'h', port: '1' }],
    ['MODIFIED', 'example.com/v2', { host: 'h', port: '2' }],
    ['DELETED', 'example.com/v2', { host: 'h', port: '2' }],
  ]);
});

test('apply in two versions keeps both managers, each with the fields of its version', async () => {
  const { call } = await serving();
  const apply = (version: string, manager: string, spec: object, force = '') =>
    call('PATCH', `${path(version, 'p')}?fieldManager=${manager}${force}`, place(version, 'p', spec), {
      'content-type': 'application/apply-patch+yaml',
    });
  await apply('v2', 'two', { host: 'h', port: '1' });
  const both = await apply('v1', 'one', { at: 'h:1' });
  expect(
    (both.metadata.managedFields as Json[]).map(({ manager, apiVersion }) => `${manager} ${apiVersion}`).sort(),
  ).toEqual(['one example.com/v1', 'two example.com/v2']);
  const conflict = await apply('v1', 'one', { at: 'h:9' });
  expect(conflict).toMatchObject({
    code: 409,
    message: 'Apply failed with 1 conflict: conflict with "two": .spec.port',
  });
});

test('what a webhook may not do is not believed', async () => {
  const { call, answerWith } = await serving();
  await call('POST', path('v1'), place('v1', 'p', { at: 'h:1' }));
  const message = async (change: (object: Json) => Json) => {
    answerWith((request) => ({
      convertedObjects: (request.objects as Json[]).map((each) =>
        change(converted(each, request.desiredAPIVersion as string)),
      ),
      result: { status: 'Success' },
    }));
    return (await call('GET', path('v2', 'p'))).message as string;
  };
  const about = 'conversion webhook for example.com/v1, Kind=Place';
  expect(await message((object) => ({ ...object, apiVersion: 'example.com/v3' }))).toBe(
    `${about} returned invalid object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v3)`,
  );
  expect(await message((object) => ({ ...object, metadata: { ...object.metadata, name: 'q' } }))).toBe(
    `${about} returned invalid object: must have the same name: p != q`,
  );
  expect(await message((object) => ({ ...object, metadata: { ...object.metadata, labels: { a: 1 } } }))).toBe(
    `${about} returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object`,
  );
  answerWith(() => ({ convertedObjects: [], result: { status: 'Success' } }));
  expect((await call('GET', path('v2', 'p'))).message).toBe(`${about} returned 0 objects, expected 1`);
  answerWith(() => ({ result: { status: 'Failed', message: 'no idea' } }));
  expect(await call('GET', path('v2', 'p'))).toMatchObject({ code: 500, message: `${about} failed: no idea` });
});

test('labels may be converted, the rest of metadata stays what it was', async () => {
  const { call, answerWith } = await serving();
  await call('POST', path('v1'), place('v1', 'p', { at: 'h:1' }));
  answerWith((request) => ({
    convertedObjects: (request.objects as Json[]).map((each) => ({
      ...converted(each, request.desiredAPIVersion as string),
      metadata: { ...each.metadata, labels: { from: 'v1' }, finalizers: ['x/y'], resourceVersion: '999999' },
    })),
    result: { status: 'Success' },
  }));
  const read = await call('GET', path('v2', 'p'));
  expect(read.metadata.labels).toEqual({ from: 'v1' });
  expect(read.metadata.finalizers).toBeUndefined();
  expect(Number(read.metadata.resourceVersion)).toBeLessThan(999999);
});
