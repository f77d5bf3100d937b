// Webhooks and another API server as real processes on loopback, with kubectl as the client of it all.

import type { ServerResponse } from 'node:http';
import { request } from 'node:https';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestCluster, testCluster } from './support/cluster.ts';
import { httpsTarget } from './support/https-client.ts';
import { type Asked, type RemoteServer, remoteServer } from './support/remote-server.ts';

let cluster: TestCluster;
let remote: RemoteServer;

const kubectl = (args: string | readonly string[], input = ''): Promise<string> => cluster.kubectl(args, { input });
const apply = (...objects: object[]) =>
  kubectl('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));

beforeAll(async () => {
  remote = await remoteServer(['hook.default.svc', 'api.default.svc'], answer);
  cluster = await testCluster(['--bare']);
  await apply(
    // A service without pods, whose address is given by hand.
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'hook' }, spec: { ports: [{ port: 443 }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'hook-1', labels: { 'kubernetes.io/service-name': 'hook' } },
      addressType: 'FQDN',
      endpoints: [{ addresses: ['hook.localhost'] }],
      ports: [{ name: '', port: remote.port }],
    },
    // A service that is only a name.
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'api' },
      spec: { type: 'ExternalName', externalName: 'localhost' },
    },
  );
});

afterAll(async () => {
  await cluster.down();
  await remote.close().catch(() => {});
});

function answer(asked: Asked, response: ServerResponse): object | undefined {
  const [path = ''] = asked.path.split('?');
  if (path === '/validate') return review(asked, validated(asked.body.request));
  if (path === '/mutate') return review(asked, mutated());
  if (path === '/convert') return { ...asked.body, request: undefined, response: converted(asked.body.request) };
  return flowers(asked, response);
}

const review = ({ body }: Asked, response: object) => ({
  apiVersion: body.apiVersion,
  kind: body.kind,
  response: { uid: body.request.uid, ...response },
});

const validated = ({ object }: any) =>
  object.data?.bad ? { allowed: false, status: { message: 'bad is not good' } } : { allowed: true, warnings: ['seen'] };

const mutated = () => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify([{ op: 'add', path: '/metadata/labels', value: { touched: 'yes' } }])).toString(
    'base64',
  ),
});

/** v1 says in one word what v2 says in two. */
const converted = ({ uid, objects, desiredAPIVersion }: any) => ({
  uid,
  result: { status: 'Success' },
  convertedObjects: objects.map((object: any) => ({
    ...object,
    apiVersion: desiredAPIVersion,
    spec: desiredAPIVersion.endsWith('v1')
      ? { at: `${object.spec.host}:${object.spec.port}` }
      : { host: object.spec.at.split(':')[0], port: object.spec.at.split(':')[1] },
  })),
});

const flower = (name: string, resourceVersion = '1') => ({
  apiVersion: 'garden.test/v1',
  kind: 'Flower',
  metadata: { name, namespace: 'default', uid: name, resourceVersion, creationTimestamp: '2026-01-01T00:00:00Z' },
});

function flowers({ path, method }: Asked, response: ServerResponse): object | undefined {
  if (path === '/apis/garden.test/v1')
    return {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: 'garden.test/v1',
      resources: [
        {
          name: 'flowers',
          singularName: 'flower',
          namespaced: true,
          kind: 'Flower',
          shortNames: ['fl'],
          verbs: ['create', 'get', 'list', 'watch'],
        },
      ],
    };
  if (path === '/openapi/v3')
    return { paths: { 'apis/garden.test/v1': { serverRelativeURL: '/openapi/v3/apis/garden.test/v1?hash=1' } } };
  if (path === '/openapi/v3/apis/garden.test/v1?hash=1') return { openapi: '3.0.0', info: { title: 'Garden' } };
  if (path === '/openapi/v2') {
    const schema = { $ref: '#/definitions/Flower' };
    return {
      paths: { '/apis/garden.test/v1/flowers': { get: { schema } } },
      definitions: { Flower: { type: 'object' } },
    };
  }
  if (path.includes('watch=true')) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(`${JSON.stringify({ type: 'ADDED', object: flower('tulip', '2') })}\n`);
    setTimeout(() => response.end(`${JSON.stringify({ type: 'MODIFIED', object: flower('tulip', '3') })}\n`), 200);
    return undefined;
  }
  if (path.startsWith('/apis/garden.test/v1/namespaces/default/flowers')) {
    return method === 'POST'
      ? flower('new')
      : {
          kind: 'FlowerList',
          apiVersion: 'garden.test/v1',
          metadata: { resourceVersion: '2' },
          items: [flower('rose')],
        };
  }
  response.statusCode = 404;
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 404 };
}

/** What comes back on a connection that has become something else. */
function echoed(path: string, text: string): Promise<string> {
  const { url, ...identity } = httpsTarget(cluster.kubeconfig, path);
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ...identity, headers: { connection: 'Upgrade', upgrade: 'echo' } });
    outgoing.once('error', reject);
    outgoing.once('response', ({ statusCode }) => reject(new Error(`no upgrade, but ${statusCode}`)));
    outgoing.once('upgrade', (_, socket) => {
      socket.once('data', (chunk: Buffer) => {
        resolve(chunk.toString('utf8'));
        socket.destroy();
      });
      socket.write(text);
    });
    outgoing.end();
  });
}

const hook = (path: string) => ({
  name: `${path}.example.test`,
  clientConfig: { caBundle: remote.caBundle, service: { namespace: 'default', name: 'hook', path: `/${path}` } },
  rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE', 'UPDATE'] }],
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
});

const configuration = (kind: string, webhooks: object[]) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  metadata: { name: 'test' },
  webhooks,
});

test('webhooks change, refuse and warn of what kubectl sends', async () => {
  await apply(
    configuration('MutatingWebhookConfiguration', [hook('mutate')]),
    configuration('ValidatingWebhookConfiguration', [hook('validate')]),
  );
  const made = await cluster.tryKubectl('create configmap good --from-literal=a=1');
  expect(made).toMatchObject({ code: 0, stderr: 'Warning: seen\n' });
  expect(await kubectl('get configmap good -o jsonpath={.metadata.labels.touched}')).toBe('yes');
  const refused = await cluster.tryKubectl('create configmap worse --from-literal=bad=1');
  expect(refused.stderr).toBe(
    'error: failed to create configmap: admission webhook "validate.example.test" denied the request: bad is not good\n',
  );
  const { body } = remote.asked.find(({ path }) => path.startsWith('/validate')) as Asked;
  expect(body.request).toMatchObject({
    operation: 'CREATE',
    userInfo: { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] },
    object: { metadata: { name: 'good', labels: { touched: 'yes' } } },
    options: { kind: 'CreateOptions', fieldManager: 'kubectl-create' },
  });
});

test("one whose certificate nobody vouches for is told so in Go's words", async () => {
  const stranger = await remoteServer(['hook.default.svc'], () => ({}));
  await stranger.close();
  const odd = { ...hook('validate'), clientConfig: { ...hook('validate').clientConfig, caBundle: stranger.caBundle } };
  await apply(configuration('ValidatingWebhookConfiguration', [odd]));
  const refused = await cluster.tryKubectl('create configmap other');
  expect(refused.stderr).toContain(
    'failed calling webhook "validate.example.test": failed to call webhook: Post "https://hook.default.svc:443/validate?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority',
  );
  await kubectl('delete validatingwebhookconfigurations,mutatingwebhookconfigurations test');
});

test('a custom resource is read and written in either version, through its webhook', async () => {
  const schema = (...names: string[]) => ({
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec: { type: 'object', properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) },
      },
    },
  });
  await apply({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'places.map.test' },
    spec: {
      group: 'map.test',
      scope: 'Namespaced',
      names: { plural: 'places', kind: 'Place' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: schema('at') },
        { name: 'v2', served: true, storage: false, schema: schema('host', 'port') },
      ],
      conversion: {
        strategy: 'Webhook',
        webhook: {
          conversionReviewVersions: ['v1'],
          clientConfig: {
            caBundle: remote.caBundle,
            service: { namespace: 'default', name: 'hook', path: '/convert' },
          },
        },
      },
    },
  });
  await kubectl('wait --for=condition=Established crd/places.map.test --timeout=10s');
  const place = (version: string, spec: object) => ({
    apiVersion: `map.test/${version}`,
    kind: 'Place',
    metadata: { name: 'p' },
    spec,
  });
  await apply(place('v2', { host: 'h', port: '1' }));
  expect(await kubectl('get places.v1.map.test p -o jsonpath={.spec}')).toBe('{"at":"h:1"}');
  const again = await kubectl('apply --server-side -f -', JSON.stringify(place('v2', { host: 'h', port: '1' })));
  expect(again).toContain('place.map.test/p serverside-applied');
  await kubectl(['patch', 'places.v1.map.test', 'p', '--type=merge', '-p', '{"spec":{"at":"h:2"}}']);
  expect(await kubectl('get places.v2.map.test p -o jsonpath={.spec.port}')).toBe('2');
}, 90_000);

test('another API server is found, listed, asked in the name of who asks, and told to be away when it is', async () => {
  await apply({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.garden.test' },
    spec: {
      group: 'garden.test',
      version: 'v1',
      groupPriorityMinimum: 100,
      versionPriority: 10,
      caBundle: remote.caBundle,
      service: { namespace: 'default', name: 'api', port: remote.port },
    },
  });
  await kubectl('wait --for=condition=Available apiservice/v1.garden.test --timeout=20s');
  expect(await kubectl('get apiservice v1.garden.test')).toMatch(/^v1.garden.test +default\/api +True /m);
  expect(await kubectl('api-resources --api-group=garden.test')).toMatch(
    /^flowers +fl +garden.test\/v1 +true +Flower$/m,
  );
  expect(await kubectl('get flowers -o name')).toBe('flower.garden.test/rose\n');
  const asked = remote.asked.findLast(({ path }) => path.includes('/flowers')) as Asked;
  expect(asked).toMatchObject({
    client: 'front-proxy-client',
    headers: { 'x-remote-user': 'kubernetes-admin', 'x-remote-group': 'system:masters, system:authenticated' },
  });
  expect(asked.headers.authorization).toBeUndefined();
  expect(await kubectl(['get', '--raw', '/apis/garden.test/v1/namespaces/default/flowers?watch=true'])).toBe(
    [flower('tulip', '2'), flower('tulip', '3')]
      .map((object, i) => `${JSON.stringify({ type: i === 0 ? 'ADDED' : 'MODIFIED', object })}\n`)
      .join(''),
  );
  expect(await echoed('/apis/garden.test/v1/namespaces/default/flowers/rose/talk', 'hello')).toBe('hello');
  const index = JSON.parse(await kubectl(['get', '--raw', '/openapi/v3']));
  expect(await kubectl(['get', '--raw', index.paths['apis/garden.test/v1'].serverRelativeURL])).toContain('Garden');
  const swagger = JSON.parse(await kubectl(['get', '--raw', '/openapi/v2']));
  expect(swagger.paths['/apis/garden.test/v1/flowers']).toBeDefined();
  expect(swagger.definitions.Flower).toEqual({ type: 'object' });
  await remote.close();
  const away = await cluster.tryKubectl(['get', '--raw', '/apis/garden.test/v1/namespaces/default/flowers']);
  expect(away.stderr).toContain('the server is currently unable to handle the request');
}, 90_000);

test('the config map that other API servers read says how to believe the front proxy', async () => {
  const read = await kubectl('get configmap extension-apiserver-authentication -n kube-system -o json');
  expect(JSON.parse(read).data).toMatchObject({
    'client-ca-file': expect.stringContaining('BEGIN CERTIFICATE'),
    'requestheader-client-ca-file': expect.stringContaining('BEGIN CERTIFICATE'),
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  });
});
