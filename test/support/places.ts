// Places, a custom kind whose versions somebody outside converts, on a server alone in the memory of a test.

import { onTestFinished } from 'vitest';
import { textOf, utf8 } from '../../src/base/bytes.ts';
import type { ApiResponse } from '../../src/api/request.ts';
import { createClient } from '../../src/client/transport-client.ts';
import { serveDefinitions } from '../../src/server/custom/definitions.ts';
import { type SimulatedHost, simulatedNetwork } from '../../src/server/outgoing/simulated-network.ts';
import { bareServer } from './bare-server.ts';

export type Json = Record<string, any>;

const schema = (properties: object) => ({
  openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
});
const text = { type: 'string' };
const by = (jsonPath: string) => [{ jsonPath }];

/** v1 says host and port in one word, v2 in two. */
const definition = {
  metadata: { name: 'places.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'places', kind: 'Place' },
    versions: [
      { name: 'v0', served: false, storage: false, schema: schema({ at: text }) },
      { name: 'v1', served: true, storage: true, schema: schema({ at: text }), selectableFields: by('.spec.at') },
      {
        name: 'v2',
        served: true,
        storage: false,
        schema: schema({ host: text, port: text, via: text }),
        selectableFields: by('.spec.host'),
      },
    ],
    conversion: {
      strategy: 'Webhook',
      webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://convert/' } },
    },
  },
};

export function converted(object: Json, apiVersion: string): Json {
  const { at, host, port } = object.spec as Record<string, string>;
  const word = at ?? `${host}:${port}`;
  const [first, second] = word.split(':');
  return { ...object, apiVersion, spec: apiVersion.endsWith('v2') ? { host: first, port: second } : { at: word } };
}

const honest = (request: Json): Json => ({
  convertedObjects: (request.objects as Json[]).map((each) => converted(each, request.desiredAPIVersion as string)),
  result: { status: 'Success' },
});

/** A server that serves places, honestly converted at first. `hosts`: who else is in reach, as `name:443`. */
export async function serving(hosts: Readonly<Record<string, SimulatedHost>> = {}) {
  const asked: Json[] = [];
  let current = honest;
  const { clock, transport, server, client, informers } = await bareServer({
    namespaces: [],
    server: {
      outgoing: simulatedNetwork({
        ...hosts,
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
  const settle = async () => {
    for (let i = 0; i < 100; i++) await Promise.resolve();
  };
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
  /** What a watch has told so far. */
  async function watching(target: string): Promise<{ readonly lines: readonly Json[]; settle(): Promise<void> }> {
    const { body } = await send('GET', target);
    if (body.type !== 'stream') throw new Error(body.type);
    const lines: Json[] = [];
    const sink = (frames: readonly Uint8Array[]) =>
      void lines.push(...frames.map((frame) => JSON.parse(textOf(frame)) as Json));
    onTestFinished(body.chunks.subscribe(sink, () => lines.push({ type: 'END' })));
    await settle();
    return { lines, settle };
  }
  await call('POST', '/api/v1/namespaces', { metadata: { name: 'a' } });
  await call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  for (let i = 0; i < 50 && !server.catalog.hasGroup('example.com'); i++) await clock.advance?.(10);
  const answerWith = (next: typeof honest) => (current = next);
  return { call, watching, asked, server, client, informers, clock, settle, answerWith };
}

export const path = (version: string, name = '') =>
  `/apis/example.com/${version}/namespaces/a/places${name && `/${name}`}`;
export const place = (version: string, name: string, spec: object) => ({
  apiVersion: `example.com/${version}`,
  kind: 'Place',
  metadata: { name },
  spec,
});
