import { expect, test } from 'vitest';
import { bareServer, type BareServer } from '../../../test/support/bare-server.ts';
import { base64, base64Url, textOf, utf8 } from '../../base/bytes.ts';
import { seconds } from '../../base/clock.ts';
import type { ApiResponse } from '../../api/request.ts';
import { ConfigMap } from '../../kinds/core/config-map.ts';
import { Node } from '../../kinds/core/node.ts';
import { Pod } from '../../kinds/core/pod.ts';
import { staticTokens } from '../authenticate.ts';
import { systemMasters } from '../authorize.ts';
import type { Kubelets } from '../kubelets.ts';

const admin = { name: 'admin', groups: ['system:masters'] };

const handshake = {
  connection: 'keep-alive, Upgrade',
  upgrade: 'WebSocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
  origin: 'http://localhost',
};

type Headers = Readonly<Record<string, string>>;

/** A page's request, and what its connection then hears. */
async function page({ transport }: BareServer, target: string, headers: Headers = handshake, user = true) {
  const [path = '', query = ''] = target.split('?');
  const response = await transport.call({
    method: 'GET',
    path,
    query: new URLSearchParams(query),
    headers,
    ...(user && { user: admin }),
    inProcess: false,
    signal: new AbortController().signal,
  });
  return { ...shown(response), ...heard(response) };
}

const shown = ({ status, headers, body }: ApiResponse) => ({
  status,
  headers,
  text: body.type === 'bytes' ? textOf(body.bytes) : undefined,
  websocket: body.type === 'upgrade' ? body.upgrade.websocket : undefined,
});

function heard({ body }: ApiResponse) {
  const messages: Uint8Array[] = [];
  let over = false;
  let leave = () => {};
  if (body.type === 'upgrade')
    void body.upgrade
      .serve({
        send: (bytes) => Promise.resolve(void messages.push(bytes)),
        receive: (_sink, end) => (leave = end),
      })
      .then(() => (over = true));
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  return { messages, leave: () => leave(), over: () => settled().then(() => over) };
}

const maps = '/api/v1/namespaces/default/configmaps';
const named = (name: string) => ({ metadata: { name, namespace: 'default' } });

test('a watch is a message for each event, and ends with its time', async () => {
  const server = await bareServer();
  await server.client.create(ConfigMap, named('a'));
  const { status, websocket, messages, over } = await page(server, `${maps}?watch=true&timeoutSeconds=5`);
  expect({ status, websocket }).toEqual({ status: 101, websocket: { protocol: '', frames: 'text' } });
  await server.client.create(ConfigMap, named('b'));
  const events = messages.map((each) => JSON.parse(textOf(each)) as { type: string; object: ConfigMap });
  expect(events.map(({ type, object }) => `${type} ${object.metadata.name}`)).toEqual(['ADDED a', 'ADDED b']);
  expect(textOf(messages[0] ?? utf8(''))).toMatch(/\}\n$/);
  expect(await over()).toBe(false);
  await server.clock.advance(seconds(5));
  expect(await over()).toBe(true);
});

test('a watch in protobuf is binary, without the lengths that a stream needs', async () => {
  const server = await bareServer();
  await server.client.create(ConfigMap, named('a'));
  const headers = { ...handshake, accept: 'application/vnd.kubernetes.protobuf;stream=watch' };
  const { websocket, messages } = await page(server, `${maps}?watch=1`, headers);
  expect(websocket?.frames).toBe('binary');
  // Field 1 of a WatchEvent: five letters.
  expect(textOf(messages[0]?.subarray(0, 7) ?? utf8(''))).toBe('\n\x05ADDED');
});

test('a client that leaves ends its watch', async () => {
  const server = await bareServer();
  const { messages, leave, over } = await page(server, `${maps}?watch=1`);
  leave();
  expect(await over()).toBe(true);
  await server.client.create(ConfigMap, named('a'));
  expect(messages).toEqual([]);
});

test('what is wrong with a watch is said before it is a WebSocket, in a Status', async () => {
  const server = await bareServer();
  const wrong = await page(server, `${maps}?watch=1&labelSelector=!!`);
  expect(wrong).toMatchObject({ status: 400, text: expect.stringContaining('"kind":"Status"') });
  const old = await page(server, `${maps}?watch=1&resourceVersion=99999`);
  expect([old.status, await old.over()]).toEqual([101, true]);
  expect(JSON.parse(textOf(old.messages[0] ?? utf8('')))).toMatchObject({ type: 'ERROR', object: { kind: 'Status' } });
});

test.each<[string, Headers, number, string]>([
  ['without an origin', { origin: '' }, 403, ''],
  ['from nowhere', { origin: 'null' }, 403, ''],
  ['without a key', { 'sec-websocket-key': '' }, 400, 'mismatch challenge/response'],
  ['of another version', { 'sec-websocket-version': '8' }, 400, 'missing or bad WebSocket Version'],
  ['in several protocols', { 'sec-websocket-protocol': 'a, b' }, 400, ''],
])('a handshake %s is refused as Go does', async (_what, headers, status, text) => {
  const server = await bareServer();
  expect(await page(server, `${maps}?watch=1`, { ...handshake, ...headers })).toMatchObject({ status, text });
});

test('one protocol is as good as any other', async () => {
  const { status, websocket } = await page(await bareServer(), `${maps}?watch=1`, {
    ...handshake,
    'sec-websocket-protocol': 'mine',
  });
  expect({ status, websocket }).toEqual({ status: 101, websocket: { protocol: 'mine', frames: 'text' } });
});

test('a list is a list, whatever its client wants of the connection', async () => {
  expect(await page(await bareServer(), maps)).toMatchObject({ status: 200, text: expect.stringMatching(/^\{/) });
});

test('a page names its token as a protocol, besides the one it speaks', async () => {
  const server = await bareServer({
    server: { authenticators: [staticTokens('sesame,admin,1,"system:masters"')], authorizers: () => [systemMasters] },
  });
  const protocols = async (...offered: string[]) => {
    const headers = { ...handshake, 'sec-websocket-protocol': offered.join(', ') };
    const { status, websocket } = await page(server, `${maps}?watch=1`, headers, false);
    return [status, websocket?.protocol];
  };
  const token = (text: string) => `base64url.bearer.authorization.k8s.io.${base64Url(utf8(text))}`;
  expect(await protocols(token('sesame'), 'mine')).toEqual([101, 'mine']);
  expect(await protocols(token('sesame'))).toEqual([401, undefined]);
  expect(await protocols(token('wrong'), 'mine')).toEqual([401, undefined]);
  expect(await protocols(token('sesame'), token('sesame'), 'mine')).toEqual([401, undefined]);
  expect(await protocols('base64url.bearer.authorization.k8s.io.%', 'mine')).toEqual([401, undefined]);
  expect(await protocols('mine')).toEqual([403, undefined]);
});

/** A server with a pod whose log has 5000 bytes, and goes on while it is followed. */
async function logging() {
  let say = (_text: string) => {};
  const kubelets = {
    logs: (_namespace: string, _pod: string, { follow = false }) => ({
      subscribe(sink: (chunks: readonly Uint8Array[]) => void, end: () => void) {
        sink([utf8('x'.repeat(5000))]);
        say = (text) => sink([utf8(text)]);
        if (!follow) end();
        return () => {};
      },
    }),
  } as unknown as Kubelets;
  const server = await bareServer({ server: { kubelets } });
  const addresses = [{ type: 'InternalIP', address: '10.1.0.1' }];
  await server.client.create(Node, { metadata: { name: 'n' }, spec: {}, status: { addresses } });
  const containers = [{ name: 'c', image: 'x' }];
  await server.client.create(Pod, { ...named('web'), spec: { nodeName: 'n', containers } });
  const log = (query: string, headers: Headers = {}) =>
    page(server, `/api/v1/namespaces/default/pods/web/log?${query}`, { ...handshake, origin: '', ...headers });
  return { log, say: (text: string) => say(text) };
}

test('a log begins with an empty message and comes in pieces, to pages from anywhere', async () => {
  const { log, say } = await logging();
  const whole = await log('');
  expect(whole.websocket).toEqual({ protocol: '', frames: 'binary' });
  expect(whole.messages.map(({ length }) => length)).toEqual([0, 2048, 2048, 904]);
  expect(await whole.over()).toBe(true);
  const followed = await log('follow=true', { 'sec-websocket-protocol': 'other, base64.binary.k8s.io' });
  expect(followed.websocket).toEqual({ protocol: 'base64.binary.k8s.io', frames: 'text' });
  say('more');
  expect(await followed.over()).toBe(false);
  expect(textOf(followed.messages.at(-1) ?? utf8(''))).toBe(base64(utf8('more')));
});

test('a log in a protocol that nobody speaks is refused', async () => {
  const { log } = await logging();
  expect(await log('', { 'sec-websocket-protocol': 'other, constructor' })).toMatchObject({ status: 403, text: '' });
  expect(await log('container=z', {})).toMatchObject({ status: 400, text: expect.stringContaining('"Status"') });
});
