import { deflateRaw, gzip, inflateRaw, ungzip } from 'pako';
import { expect, test } from 'vitest';
import { bareServer } from '../../../test/support/bare-server.ts';
import { bytePipe } from '../../base/byte-pipe.ts';
import { textOf, utf8 } from '../../base/bytes.ts';
import { seconds } from '../../base/clock.ts';
import { Endpoints } from '../../kinds/core/endpoints.ts';
import { Node } from '../../kinds/core/node.ts';
import { Pod } from '../../kinds/core/pod.ts';
import { Service } from '../../kinds/core/service.ts';
import { type Authorizer, systemMasters } from '../authorize.ts';
import type { Kubelets, ProxyAnswer, ProxyRequest } from '../kubelets.ts';

const admin = { name: 'admin', groups: ['system:masters'] };

/** A server with one pod on one node, and kubelets that answer with what they were asked. */
async function cluster(
  addresses: { type: string; address: string }[] = [{ type: 'InternalIP', address: '10.1.0.1' }],
  answer: () => Promise<ProxyAnswer> = () =>
    Promise.resolve({ status: 201, headers: { 'x-who': 'me' }, body: utf8('answer') }),
) {
  const asked: (readonly [string, number, ProxyRequest])[] = [];
  const mayGet: Authorizer = ({ user, verb }) => ({
    verdict: user.name === 'alice' && verb === 'get' ? 'allow' : 'no-opinion',
    reason: '',
  });
  const kubelets: Kubelets = {
    logs: () => ({
      subscribe(sink, end) {
        sink([utf8('line\n')]);
        end();
        return () => {};
      },
    }),
    command: () => async () => 0,
    dial: () => Promise.reject(new Error('nobody')),
    ask(address, port, request) {
      asked.push([address, port, request]);
      return answer();
    },
    askNode: () => Promise.reject(new Error('dial tcp n:10250: i/o timeout')),
    usage: () => [],
  };
  const { clock, transport, client } = await bareServer({
    now: 0,
    namespaces: ['a'],
    server: { authorizers: () => [systemMasters, mayGet], kubelets },
  });
  const metadata = { name: 'web', namespace: 'a' };
  await client.create(Node, { metadata: { name: 'n' }, spec: {}, status: { addresses } });
  const containers = [{ name: 'c', image: 'x', ports: [{ containerPort: 8080 }] }];
  const pod = await client.create(Pod, { metadata, spec: { nodeName: 'n', containers } });
  await client.updateStatus(Pod, {
    ...pod,
    status: { phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }] },
  });
  await client.create(Service, { metadata, spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] } });

  async function call(
    method: string,
    path: string,
    more: { headers?: Record<string, string>; user?: typeof admin } = {},
  ) {
    const [place = '', query = ''] = `/api/v1/${path}`.split('?');
    const { status, headers, body } = await transport.call({
      method,
      path: place,
      query: new URLSearchParams(query),
      headers: more.headers ?? {},
      user: more.user ?? admin,
      inProcess: false,
      signal: new AbortController().signal,
    });
    const text = body.type === 'bytes' ? textOf(body.bytes) : '';
    const message = text.startsWith('{') ? (JSON.parse(text) as { message?: string }).message : text;
    const bytes = body.type === 'bytes' ? body.bytes : new Uint8Array();
    return { status, headers, message, bytes, upgrade: body.type === 'upgrade' ? body.upgrade : undefined };
  }
  return { clock, client, call, asked, metadata };
}

const websocket = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-protocol': 'v5.channel.k8s.io,v4.channel.k8s.io',
};
const version4 = { ...websocket, 'sec-websocket-protocol': 'v4.channel.k8s.io' };
const spdy = {
  connection: 'Upgrade',
  upgrade: 'SPDY/3.1',
  'x-stream-protocol-version': 'v5.channel.k8s.io, v4.channel.k8s.io',
};
const exec = 'namespaces/a/pods/web/exec?command=ls&stdout=true';

test('a connection becomes what its client asked for, in a protocol both speak', async () => {
  const { call } = await cluster();
  expect(await call('GET', exec, { headers: websocket })).toMatchObject({
    status: 101,
    upgrade: { websocket: { protocol: 'v5.channel.k8s.io', frames: 'binary' } },
  });
  const { status, headers, upgrade } = await call('POST', exec, { headers: spdy });
  expect({ status, headers, websocket: upgrade?.websocket }).toEqual({
    status: 101,
    headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' },
    websocket: undefined,
  });
  const tunnel = { ...websocket, 'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io' };
  expect(await call('GET', 'namespaces/a/pods/web/portforward', { headers: tunnel })).toMatchObject({ status: 101 });
});

test.each([
  ['POST', exec, {}, 400, 'Upgrade request required'],
  ['GET', 'namespaces/a/pods/web/portforward', {}, 400, 'Upgrade request required'],
  ['GET', 'namespaces/a/pods/none/exec', websocket, 404, 'pods "none" not found'],
  ['GET', 'namespaces/a/pods/web/exec?container=z', websocket, 400, 'container z is not valid for pod web'],
  [
    'GET',
    'namespaces/a/pods/web/exec?command=ls',
    version4,
    400,
    'you must specify at least 1 of stdin, stdout, stderr',
  ],
  ['GET', 'namespaces/a/pods/web/portforward', version4, 400, 'query parameter "ports" is required'],
])('%s %s is refused', async (method, path, headers, status, message) => {
  expect(await (await cluster()).call(method, path, { headers })).toMatchObject({ status, message });
});

test('over version 5 what a node refuses is told once the connection stands', async () => {
  const { call, clock } = await cluster();
  const { upgrade } = await call('GET', 'namespaces/a/pods/web/exec?command=ls', { headers: websocket });
  const messages: Uint8Array[] = [];
  const served = upgrade?.serve({ send: (bytes) => Promise.resolve(void messages.push(bytes)), receive: () => {} });
  await clock.advance(seconds(1));
  await served;
  expect(messages.at(-1)?.[0]).toBe(3);
  expect(JSON.parse(textOf(messages.at(-1)?.subarray(1) ?? new Uint8Array()))).toMatchObject({
    status: 'Failure',
    message:
      'Internal error occurred: unable to upgrade connection: you must specify at least 1 of stdin, stdout, stderr',
  });
});

test('a handshake by GET needs leave to create as well', async () => {
  const { call } = await cluster();
  const user = { name: 'alice', groups: [] };
  expect(await call('GET', exec, { headers: websocket, user })).toMatchObject({
    status: 403,
    message: 'pods "web" is forbidden: ',
  });
});

test('a node that does not say where it is cannot be asked', async () => {
  const { call } = await cluster([]);
  const unknown = { status: 500, message: 'no preferred addresses found; known addresses: []' };
  expect(await call('POST', exec, { headers: spdy })).toMatchObject(unknown);
  expect(await call('GET', 'namespaces/a/pods/web/log')).toMatchObject(unknown);
  expect(await call('GET', 'nodes/n/proxy/healthz')).toMatchObject(unknown);
});

test('a proxy hands on method, path, query, headers and body, but nothing of the client itself', async () => {
  const { call, asked } = await cluster();
  const headers = { accept: 'text/html', authorization: 'Bearer secret', host: 'x' };
  expect(await call('PUT', 'namespaces/a/pods/web/proxy/a/b%20c?d=e', { headers })).toMatchObject({
    status: 201,
    headers: { 'x-who': 'me' },
    message: 'answer',
  });
  expect(asked[0]).toMatchObject([
    '10.0.0.1',
    8080,
    { method: 'PUT', path: '/a/b%20c?d=e', headers: { accept: 'text/html' } },
  ]);
  expect(asked[0]?.[2].headers).not.toHaveProperty('authorization');
  for (const method of ['HEAD', 'OPTIONS', 'DELETE'])
    expect(await call(method, 'namespaces/a/pods/web:81/proxy/')).toMatchObject({ status: 201 });
  expect(asked.at(-1)?.[1]).toBe(81);
});

test('the root of what is behind a proxy ends in a slash', async () => {
  const { call } = await cluster();
  expect(await call('GET', 'namespaces/a/pods/web/proxy?a=b')).toMatchObject({
    status: 301,
    headers: { location: '/api/v1/namespaces/a/pods/web/proxy/?a=b' },
  });
});

test('a service is proxied to its pods alone', async () => {
  const { call, client, asked, metadata } = await cluster();
  const proxied = async (name: string) => {
    const { status, message } = await call('GET', `namespaces/a/services/${name}/proxy/`);
    return `${status} ${message}`;
  };
  expect(await proxied('web:http')).toBe('404 services "web" not found');
  expect(await proxied('web:9')).toBe('503 no service port 9 found for service "web"');
  expect(await proxied('ftp:web:80')).toBe('400 invalid service request "ftp:web:80"');
  const ports = [{ name: 'http', port: 8080 }];
  const put = (addresses: object[]) =>
    client.update(Endpoints, { metadata, subsets: addresses.length > 0 ? [{ addresses, ports }] : [] } as Endpoints);
  await put([]);
  expect(await proxied('http:web:80')).toBe('503 no endpoints available for service "web"');
  await put([{ ip: '10.9.9.9' }]);
  expect(await proxied('http:web:80')).toBe('503 no endpoints available for service "http:web:80"');
  await put([{ ip: '10.9.9.9' }, { ip: '10.0.0.1', targetRef: { kind: 'Pod', name: 'web', namespace: 'a' } }]);
  expect(await proxied('http:web:80')).toBe('201 answer');
  expect(asked[0]?.slice(0, 2)).toEqual(['10.0.0.1', 8080]);
});

test.each(['', '127.0.0.1', '169.254.169.254', 'fe80::1', '::1'])(
  'the address %j of a pod is not proxied to',
  async (podIP) => {
    const { call, client, metadata } = await cluster();
    const pod = await client.get(Pod, 'web', 'a');
    const podIPs = podIP ? [{ ip: podIP }] : [];
    await client.updateStatus(Pod, {
      ...pod,
      metadata: { ...pod.metadata, ...metadata },
      status: { ...pod.status, podIP, podIPs },
    });
    expect(await call('GET', 'namespaces/a/pods/web/proxy/')).toMatchObject({
      status: 400,
      message: 'address not allowed',
    });
  },
);

test('a node that does not answer cannot be reached', async () => {
  const { call } = await cluster();
  expect(await call('GET', 'nodes/n/proxy/healthz')).toMatchObject({
    status: 503,
    message: 'error trying to reach service: dial tcp n:10250: i/o timeout',
  });
});

const answering = (answer: Partial<ProxyAnswer>) =>
  cluster(undefined, () => Promise.resolve({ status: 200, headers: {}, body: new Uint8Array(), ...answer }));

test('behind a proxy a connection becomes what both ends agree on', async () => {
  const [there, back] = [bytePipe(), bytePipe()];
  const headers = { connection: 'Upgrade', upgrade: 'chat', 'sec-websocket-accept': 'x' };
  const { call, asked } = await answering({ status: 101, headers, connection: { input: back, output: there } });
  const mine = { ...websocket, upgrade: 'chat', authorization: 'Bearer secret', host: 'api' };
  const answer = await call('GET', 'namespaces/a/pods/web/proxy/talk?a=b', { headers: mine });
  expect(answer).toMatchObject({ status: 101, headers });
  // The query is lost, as upstream.
  expect(asked[0]).toMatchObject([
    '10.0.0.1',
    8080,
    { method: 'GET', path: '/talk', headers: { connection: 'Upgrade', upgrade: 'chat', host: 'api' } },
  ]);
  expect(asked[0]?.[2].headers).not.toHaveProperty('authorization');

  const heard: string[] = [];
  let say = (_text: string) => {};
  const served = answer.upgrade?.serve({
    send: (bytes) => Promise.resolve(void heard.push(textOf(bytes))),
    receive: (sink) => (say = (text) => void sink(utf8(text))),
  });
  say('hello');
  expect(textOf((await there.read()) ?? new Uint8Array())).toBe('hello');
  await back.write(utf8('you too'));
  back.end();
  await served;
  expect(heard).toEqual(['you too']);
  expect(there.isClosed()).toBe(true);
});

test('who leaves ends the connection of the other', async () => {
  const [there, back] = [bytePipe(), bytePipe()];
  const { call } = await answering({ status: 101, connection: { input: back, output: there } });
  const { upgrade } = await call('GET', 'namespaces/a/services/web:80/proxy/', { headers: websocket });
  expect(upgrade).toBeUndefined();
  const pod = await call('GET', 'namespaces/a/pods/web/proxy/', { headers: websocket });
  await pod.upgrade?.serve({ send: () => Promise.resolve(), receive: (_sink, end) => end() });
  expect([there.isClosed(), back.isClosed()]).toEqual([true, true]);
});

test.each<[Partial<ProxyAnswer>, number, string]>([
  [{ status: 200 }, 500, 'invalid upgrade response: status code 200'],
  [{ status: 302 }, 500, 'invalid upgrade response: status code 302'],
  [{ status: 418, body: utf8('no') }, 418, 'no'],
])('who only answers %j does not become anything', async (answer, status, message) => {
  const { call } = await answering(answer);
  expect(await call('GET', 'namespaces/a/pods/web/proxy/', { headers: websocket })).toMatchObject({ status, message });
});

test('who is not there cannot be dialled', async () => {
  const { call } = await cluster(undefined, () => Promise.reject(new Error('dial tcp 10.0.0.1:8080: i/o timeout')));
  const asked = async (headers: Record<string, string>) =>
    (await call('GET', 'namespaces/a/pods/web/proxy/', { headers })) as object;
  expect(await asked(websocket)).toMatchObject({
    status: 500,
    message: 'error dialing backend: dial tcp 10.0.0.1:8080: i/o timeout',
  });
  expect(await asked({})).toMatchObject({
    status: 503,
    message: 'error trying to reach service: dial tcp 10.0.0.1:8080: i/o timeout',
  });
});

test('pages behind a proxy link through it, whatever they are packed in', async () => {
  const page = utf8('<A HREF=/x>x</A>');
  const prefix = '/api/v1/namespaces/a/pods/http:web:8080/proxy';
  for (const [encoding, pack, unpack] of packings) {
    const headers = { 'content-type': 'text/html; charset=utf-8', 'content-encoding': encoding, 'content-length': '9' };
    const { bytes, headers: passed } = await (await answering({ headers, body: pack(page) })).call(
      'GET',
      'namespaces/a/pods/http:web:8080/proxy/',
    );
    expect(textOf(unpack(bytes))).toBe(`<a href="${prefix}/x">x</A>`);
    expect(passed).toEqual({ 'content-type': 'text/html; charset=utf-8', 'content-encoding': encoding });
  }
});

const same = (bytes: Uint8Array) => bytes;
const packings = [
  ['', same, same],
  ['gzip', gzip, ungzip],
  ['deflate', deflateRaw, inflateRaw],
] as const;

test('a page that is not packed as it says is an error; what nobody can read passes', async () => {
  const asked = async (encoding: string) => {
    const headers = { 'content-type': 'text/html', 'content-encoding': encoding };
    const { status, message } = await (await answering({ headers, body: utf8('<a href=/x>') })).call(
      'GET',
      'namespaces/a/pods/web/proxy/',
    );
    return [status, message];
  };
  expect(await asked('gzip')).toEqual([500, 'errorf making gzip reader: gzip: invalid header']);
  expect(await asked('br')).toEqual([200, '<a href=/x>']);
});

test('redirects behind a proxy lead through it, and whose pages may read is not for the backend to say', async () => {
  const moved = async (location: string, headers = {}) =>
    (await (
      await answering({ status: 302, headers: { location, ...headers } })
    ).call('GET', 'namespaces/a/pods/web/proxy/', { headers: { host: 'api:6443' } })) as object;
  const through = '/api/v1/namespaces/a/pods/web/proxy';
  expect(await moved('/login?next=%2F', { 'access-control-allow-origin': '*', 'x-own': '1' })).toMatchObject({
    status: 302,
    headers: { location: `${through}/login?next=%2F`, 'x-own': '1' },
  });
  expect(await moved('/', { 'access-control-allow-origin': '*' })).not.toHaveProperty(
    'headers.access-control-allow-origin',
  );
  expect(await moved('http://10.0.0.1:8080/a/')).toMatchObject({ headers: { location: `${through}/a/` } });
  expect(await moved('%zz')).toMatchObject({
    status: 500,
    message: expect.stringContaining('error trying to parse Location header'),
  });
});
