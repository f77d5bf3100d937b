// Clients of WebSockets, over TLS, against a whole server: pages that watch, and programs behind a proxy.

import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { bytePipe, type ByteDuplex } from '../src/base/byte-pipe.ts';
import { seconds } from '../src/base/clock.ts';
import { silentLog } from '../src/base/log.ts';
import { createAuthority } from '../src/edge/certificates.ts';
import { type HttpsServer, serveHttps } from '../src/edge/https-server.ts';
import { ConfigMap } from '../src/kinds/core/config-map.ts';
import { Pod } from '../src/kinds/core/pod.ts';
import { staticTokens } from '../src/server/authenticate.ts';
import { systemMasters } from '../src/server/authorize.ts';
import type { Kubelets, ProxyAnswer, ProxyRequest } from '../src/server/kubelets.ts';
import { type BareServer, bareServer } from './support/bare-server.ts';

let ca: string;
let keys: { readonly certificate: string; readonly key: string };
const open: HttpsServer[] = [];

beforeAll(async () => {
  const authority = await createAuthority('test', Date.now());
  ca = authority.certificate;
  keys = await authority.issueServer(['localhost'], ['127.0.0.1']);
});
afterAll(() => Promise.all(open.map((each) => each.close())));

/** Whoever knows the word may do anything. */
async function secured(kubelets?: Kubelets): Promise<BareServer & { readonly port: number }> {
  const authenticators = [staticTokens('sesame,admin,1,"system:masters"')];
  const server = await bareServer({
    server: { authenticators, authorizers: () => [systemMasters], ...(kubelets && { kubelets }) },
  });
  const { transport } = server;
  const https = await serveHttps({ transport, log: silentLog, ...keys, clientCa: ca, host: '127.0.0.1', port: 0 });
  open.push(https);
  return { ...server, port: https.port };
}

test('a page watches: text for each event, and a close in order when its time is over', async () => {
  const { client, clock, port } = await secured();
  const token = Buffer.from('sesame').toString('base64url');
  const page = (headers: object) =>
    new WebSocket(
      `wss://127.0.0.1:${port}/api/v1/namespaces/default/configmaps?watch=true&timeoutSeconds=9`,
      [`base64url.bearer.authorization.k8s.io.${token}`, 'mine'],
      { ca, ...headers },
    );

  const refused = await new Promise((resolve) =>
    page({}).once('unexpected-response', (request, { statusCode }) => {
      request.destroy();
      resolve(statusCode);
    }),
  );
  expect(refused).toBe(403);

  const socket = page({ origin: 'https://localhost' });
  const heard: string[] = [];
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('message', (data: Buffer, binary) => heard.push(`${binary ? 'bytes' : 'text'} ${data.toString()}`));
  await new Promise((resolve) => socket.once('open', resolve));
  expect(socket.protocol).toBe('mine');
  socket.send('nobody hears this');
  await client.create(ConfigMap, { metadata: { name: 'a', namespace: 'default' } });
  await client.delete(ConfigMap, { name: 'a', namespace: 'default' });
  await clock.advance(seconds(9));
  expect(await closed).toBe(1000);
  expect(heard.map((each) => /^text \{"type":"(\w+)".*\}\n$/.exec(each)?.[1])).toEqual(['ADDED', 'DELETED']);
});

test('a WebSocket reaches a program behind the proxy of a pod, and the other way round', async () => {
  const echo = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'loud' });
  onTestFinished(() => echo.close());
  echo.on('connection', (peer) => peer.on('message', (data: Buffer) => peer.send(data.toString().toUpperCase())));
  await new Promise((resolve) => echo.once('listening', resolve));
  const local = (echo.address() as AddressInfo).port;
  const { client, port } = await secured({
    ask: (_address: string, _port: number, request: ProxyRequest) => askLocal(local, request),
  } as unknown as Kubelets);
  const pod = await client.create(Pod, {
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'x' }] },
  });
  await client.updateStatus(Pod, { ...pod, status: { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }] } });

  const socket = new WebSocket(`wss://127.0.0.1:${port}/api/v1/namespaces/default/pods/web/proxy/talk`, ['loud'], {
    ca,
    headers: { authorization: 'Bearer sesame' },
  });
  const heard = new Promise((resolve) => socket.once('message', (data: Buffer) => resolve(data.toString())));
  await new Promise((resolve) => socket.once('open', resolve));
  expect(socket.protocol).toBe('loud');
  socket.send('hello');
  expect(await heard).toBe('HELLO');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.close(4000);
  expect(await closed).toBe(4000);
});

/** Asks a program of this machine, as a node that runs real ones would. */
const askLocal = (port: number, { method, path, headers }: ProxyRequest): Promise<ProxyAnswer> =>
  new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', method, path, headers });
    request.once('error', reject);
    request.once('upgrade', (answer, socket) =>
      resolve({
        status: 101,
        headers: answer.headers as Record<string, string>,
        body: new Uint8Array(),
        connection: duplexOver(socket),
      }),
    );
    request.end();
  });

function duplexOver(socket: Duplex): ByteDuplex {
  const input = bytePipe();
  socket.on('data', (chunk: Buffer) => void input.write(chunk));
  socket.once('close', () => input.end());
  const write = (bytes: Uint8Array) => new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  return { input, output: { write, end: () => void socket.end(), isClosed: () => socket.destroyed } };
}
