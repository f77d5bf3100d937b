import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { silentLog } from '../base/log.ts';
import { textOf, utf8 } from '../base/bytes.ts';
import type { ApiRequest, ApiResponse, Connection, Transport } from '../api/request.ts';
import { createAuthority } from './certificates.ts';
import { type HttpsServer, serveHttps } from './https-server.ts';

let server: HttpsServer;
let ca: string;

/** Sends back what comes, until a piece says that it is the last. */
const echo = (connection: Connection): Promise<void> =>
  new Promise((resolve) => {
    connection.receive(async (bytes) => {
      await connection.send(bytes);
      if (textOf(bytes).endsWith('last')) resolve();
    }, resolve);
  });

const transport: Transport = {
  call({ path, headers }: ApiRequest): Promise<ApiResponse> {
    if (path === '/websocket')
      return Promise.resolve({
        status: 101,
        headers: {},
        body: { type: 'upgrade', upgrade: { websocket: { protocol: 'two', frames: 'binary' }, serve: echo } },
      });
    if (path === '/stream')
      return Promise.resolve({
        status: 101,
        headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1' },
        body: { type: 'upgrade', upgrade: { serve: echo } },
      });
    return Promise.resolve({ status: 200, headers: {}, body: { type: 'bytes', bytes: utf8(`no ${headers.upgrade}`) } });
  },
};

beforeAll(async () => {
  const authority = await createAuthority('test', Date.now());
  const { certificate, key } = await authority.issueServer(['localhost'], ['127.0.0.1']);
  ca = authority.certificate;
  server = await serveHttps({ transport, log: silentLog, certificate, key, clientCa: ca, host: '127.0.0.1', port: 0 });
});
afterAll(() => server.close());

/** All that comes back for these pieces, each sent when something came for the one before. */
function spoken(...pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const left = [...pieces];
    let heard = '';
    const socket: TLSSocket = connect({ port: server.port, host: '127.0.0.1', ca, ALPNProtocols: ['http/1.1'] });
    const next = () => {
      const piece = left.shift();
      if (piece !== undefined) socket.write(piece);
    };
    socket.once('secureConnect', next);
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1');
      next();
    });
    socket.once('close', () => resolve(heard));
    socket.once('error', reject);
  });
}

const handshake = (path: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n`;

test('a connection becomes a stream, with what came right after the handshake', async () => {
  const heard = await spoken(`${handshake('/stream')}early `, 'more', 'the last');
  expect(heard).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY\/3\.1\r\n\r\n/);
  expect(heard.split('\r\n\r\n')[1]).toMatch(/^early .*the last$/s);
});

test('who wants more than an answer gets the answer, and the connection ends', async () => {
  const heard = await spoken(handshake('/elsewhere'));
  expect(heard).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(heard).toMatch(/\r\nConnection: close\r\n/);
  expect(heard).toMatch(/\r\n\r\nno SPDY\/3\.1$/);
});

test('a connection becomes a WebSocket in the protocol chosen, and is closed in its way', async () => {
  const socket = new WebSocket(`wss://127.0.0.1:${server.port}/websocket`, ['one', 'two'], { ca });
  const heard: string[] = [];
  socket.on('message', (data: Buffer) => heard.push(data.toString()));
  socket.once('open', () => {
    socket.send(Buffer.from('first'));
    socket.send(Buffer.alloc(1_000_000, 'x'));
    socket.send(Buffer.from('last'));
  });
  const code = await new Promise((resolve) => socket.once('close', resolve));
  expect(socket.protocol).toBe('two');
  expect(heard.map((each) => each.length)).toEqual([5, 1_000_000, 4]);
  expect(code).toBe(1000);
});
