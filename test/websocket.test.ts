// Pages that watch: a client of WebSockets, over TLS, against a whole server.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { silentLog } from '../src/base/log.ts';
import { seconds } from '../src/base/clock.ts';
import { createAuthority } from '../src/edge/certificates.ts';
import { type HttpsServer, serveHttps } from '../src/edge/https-server.ts';
import { ConfigMap } from '../src/kinds/core/config-map.ts';
import { staticTokens } from '../src/server/authenticate.ts';
import { systemMasters } from '../src/server/authorize.ts';
import { bareServer } from './support/bare-server.ts';

let edge: Pick<Awaited<ReturnType<typeof createAuthority>>, 'certificate'>;
let keys: { readonly certificate: string; readonly key: string };

beforeAll(async () => {
  const authority = await createAuthority('test', Date.now());
  edge = authority;
  keys = await authority.issueServer(['localhost'], ['127.0.0.1']);
});

let server: HttpsServer;
afterAll(() => server.close());

test('a page watches: text for each event, and a close in order when its time is over', async () => {
  const { client, clock, transport } = await bareServer({
    server: { authenticators: [staticTokens('sesame,admin,1,"system:masters"')], authorizers: () => [systemMasters] },
  });
  server = await serveHttps({
    transport,
    log: silentLog,
    ...keys,
    clientCa: edge.certificate,
    host: '127.0.0.1',
    port: 0,
  });
  const token = Buffer.from('sesame').toString('base64url');
  const page = (headers: object) =>
    new WebSocket(
      `wss://127.0.0.1:${server.port}/api/v1/namespaces/default/configmaps?watch=true&timeoutSeconds=9`,
      [`base64url.bearer.authorization.k8s.io.${token}`, 'mine'],
      { ca: edge.certificate, ...headers },
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
