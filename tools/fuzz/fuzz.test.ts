// A short run of the fuzzer in one process: what `npm run fuzz -- api` does against a real server, with fixed seeds.

import { expect, test } from 'vitest';
import type { ResponseBody } from '../../src/api/request.ts';
import { type BareServer, bareServer } from '../../test/support/bare-server.ts';
import { type FuzzRequest, namespaces, requestOf } from './requests.ts';
import { faultOf, type FuzzAnswer } from './verdict.ts';

async function answer({ transport }: BareServer, request: FuzzRequest): Promise<FuzzAnswer> {
  const [path = '', query = ''] = request.target.split(/\?(.*)/s, 2);
  const gone = new AbortController();
  const began = performance.now();
  const response = await transport.call({
    method: request.method,
    path,
    query: new URLSearchParams(query),
    headers: request.headers,
    ...(request.body && { body: request.body }),
    user: { name: 'test', groups: ['system:masters'] },
    inProcess: false,
    signal: gone.signal,
  });
  const tookMs = performance.now() - began;
  const text = textOf(response.body);
  gone.abort();
  return { status: response.status, text, tookMs };
}

function textOf(body: ResponseBody): string {
  if (body.type === 'bytes') return new TextDecoder().decode(body.bytes);
  if (body.type === 'object') return body.bytes ? new TextDecoder().decode(body.bytes) : JSON.stringify(body.object);
  if (body.type === 'stream')
    body.chunks.subscribe(
      () => {},
      () => {},
    )();
  return '';
}

test.each([1, 2, 3])('random requests with seed %i are answered, and none fails by a bug', async (seed) => {
  const server = await bareServer({ namespaces, definitions: true });
  const statuses = new Map<number, number>();
  for (let number = 0; number < 1000; number++) {
    const request = requestOf(seed, number);
    const found = await answer(server, request);
    const fault = faultOf({ ...found, tookMs: 0 });
    if (fault) throw new Error(`request ${number}: ${request.method} ${request.target}: ${fault}`);
    statuses.set(found.status, (statuses.get(found.status) ?? 0) + 1);
  }
  // A run that is refused everywhere finds nothing.
  expect(statuses.get(200)).toBeGreaterThan(60);
  expect(statuses.get(201)).toBeGreaterThan(20);
});
