import { createServer as createPlainServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { textOf, utf8 } from '../base/bytes.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OutgoingRequest, wholeBody } from '../server/outgoing/outgoing.ts';
import { type Authority, createAuthority, type KeyPair } from './certificates.ts';
import { httpsOutgoing } from './outgoing.ts';

const outgoing = httpsOutgoing();
const closing: (() => void)[] = [outgoing.close];
afterAll(() => closing.forEach((close) => close()));

let authority: Authority;
let identity: KeyPair;
let port: number;

/** Listens on loopback; ends with the tests. */
async function listening(server: Server | ReturnType<typeof createPlainServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  authority = await createAuthority('test', Date.now());
  identity = await authority.issueServer(['hook.a.svc'], ['127.0.0.1']);
  port = await listening(
    createServer({ cert: identity.certificate, key: identity.key }, (request, response) => {
      if (request.url === '/never') return;
      if (request.url === '/half') {
        response.writeHead(200, { 'content-length': 100 });
        response.write('half', () => response.destroy());
        return;
      }
      request.pipe(response);
    }),
  );
});

const asking = (url: string, more: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
  method: 'POST',
  url,
  headers: {},
  body: utf8('hello'),
  caBundle: authority.certificate,
  timeout: 5000,
  ...more,
});

const ask = async (request: OutgoingRequest) => textOf(await wholeBody(await outgoing.send(request), 1000));

test('an answer comes from the address given, under the name of the URL', async () => {
  expect(await ask(asking(`https://127.0.0.1:${port}/`))).toBe('hello');
  const address = { host: '127.0.0.1', port };
  expect(await ask(asking('https://hook.a.svc:443/', { address }))).toBe('hello');
});

test('what goes wrong is told as Go tells it', async () => {
  const here = `https://127.0.0.1:${port}`;
  const plain = await listening(createPlainServer((_, response) => response.end()));
  const stranger = await createAuthority('stranger', Date.now());
  const failing = async (request: OutgoingRequest) =>
    ask(request).then(
      () => 'nothing',
      (error: Error) => error.message,
    );
  expect(await failing(asking('https://127.0.0.1:1/'))).toBe('dial tcp 127.0.0.1:1: connect: connection refused');
  expect(await failing(asking(`https://127.0.0.1:${plain}/`))).toBe('http: server gave HTTP response to HTTPS client');
  expect(await failing(asking(`${here}/`, { caBundle: stranger.certificate }))).toBe(
    'tls: failed to verify certificate: x509: certificate signed by unknown authority',
  );
  expect(await failing(asking('https://other.a.svc/', { address: { host: '127.0.0.1', port } }))).toBe(
    'tls: failed to verify certificate: x509: certificate is valid for hook.a.svc, not other.a.svc',
  );
  expect(await failing(asking(`${here}/never`, { timeout: 50 }))).toBe('context deadline exceeded');
  expect(await failing(asking(`${here}/half`))).toBe('unexpected EOF');
  expect(await failing(asking(`${here}/`, { body: new Uint8Array(2000) }))).toBe(
    'the answer is larger than 1000 bytes',
  );
});
