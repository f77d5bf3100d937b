// Objects that another API server keeps, a real process on loopback, as the controllers of a cluster treat them.

import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestCluster, testCluster } from './support/cluster.ts';
import { type Asked, type RemoteServer, remoteServer } from './support/remote-server.ts';

interface Flower {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
}

let cluster: TestCluster;
let remote: RemoteServer;
const garden = new Map<string, Flower>();
const watching = new Set<ServerResponse>();

const kubectl = (args: string | readonly string[], input = ''): Promise<string> => cluster.kubectl(args, { input });
const apply = (...objects: object[]) =>
  kubectl('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));

const groupVersion = 'garden.test/v1';
const resource = {
  name: 'flowers',
  singularName: 'flower',
  namespaced: true,
  kind: 'Flower',
  verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'watch'],
};

const swagger = {
  swagger: '2.0',
  info: { title: 'Garden', version: 'v1' },
  paths: {
    '/apis/garden.test/v1/namespaces/{namespace}/flowers': {
      get: {
        produces: ['application/json'],
        responses: { 200: { description: 'OK', schema: { $ref: '#/definitions/test.garden.v1.Flower' } } },
        'x-kubernetes-group-version-kind': { group: 'garden.test', version: 'v1', kind: 'Flower' },
      },
    },
  },
  definitions: {
    'test.garden.v1.Flower': {
      description: 'Flower smells sweet.',
      type: 'object',
      properties: { leaf: { description: 'What it breathes with.', $ref: '#/definitions/test.garden.v1.Leaf' } },
      'x-kubernetes-group-version-kind': [{ group: 'garden.test', version: 'v1', kind: 'Flower' }],
    },
    'test.garden.v1.Leaf': { type: 'object', properties: { width: { description: 'In metres.', type: 'number' } } },
  },
};

/** Keeps flowers, and tells who watches of each that goes. */
function answer({ method, path }: Asked, response: ServerResponse): object | undefined {
  const [place = '', query = ''] = path.split('?');
  if (place === `/apis/${groupVersion}`)
    return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: [resource] };
  if (place === '/openapi/v2') return swagger;
  const [, namespace, name] =
    /^\/apis\/garden\.test\/v1(?:\/namespaces\/([^/]+))?\/flowers(?:\/([^/]+))?$/.exec(place) ?? [];
  if (!place.includes('/flowers')) return refused(response, 404, 'NotFound');
  if (query.includes('watch=true')) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    watching.add(response);
    return undefined;
  }
  const meant = [...garden.values()].filter(
    ({ metadata }) => (!namespace || metadata.namespace === namespace) && (!name || metadata.name === name),
  );
  if (method === 'DELETE') meant.forEach(remove);
  if (!name) return { kind: 'FlowerList', apiVersion: groupVersion, metadata: { resourceVersion: '1' }, items: meant };
  return meant[0] ?? refused(response, 404, 'NotFound');
}

function refused(response: ServerResponse, code: number, reason: string): object {
  response.statusCode = code;
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, message: reason, code };
}

function remove(flower: Flower): void {
  garden.delete(flower.metadata.uid);
  for (const each of watching) each.write(`${JSON.stringify({ type: 'DELETED', object: flower })}\n`);
}

function plant(namespace: string, name: string, ownerReferences: object[] = []): void {
  const uid = `${namespace}-${name}`;
  const metadata = { name, namespace, uid, resourceVersion: '1', ownerReferences };
  const flower = { apiVersion: groupVersion, kind: 'Flower', metadata };
  garden.set(uid, flower);
  for (const each of watching) each.write(`${JSON.stringify({ type: 'ADDED', object: flower })}\n`);
}

const service = { type: 'ExternalName', externalName: 'localhost' };
const theService = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'api' }, spec: service };

beforeAll(async () => {
  remote = await remoteServer(['api.default.svc'], answer);
  cluster = await testCluster(['--controllers-only']);
  const { caBundle, port } = remote;
  await apply(theService, {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.garden.test' },
    spec: {
      group: 'garden.test',
      version: 'v1',
      groupPriorityMinimum: 100,
      versionPriority: 10,
      caBundle,
      service: { namespace: 'default', name: 'api', port },
    },
  });
  await kubectl('wait --for=condition=Available apiservice/v1.garden.test --timeout=20s');
}, 60_000);

afterAll(async () => {
  await cluster.down();
  await remote.close();
});

test('what another server keeps is collected when its owner goes, and owns what is here', async () => {
  await kubectl('create configmap owner');
  const owner = JSON.parse(await kubectl('get configmap owner -o json')) as Flower;
  const by = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid };
  plant('default', 'owned', [by]);
  plant('default', 'free');
  await apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'petal',
      ownerReferences: [{ apiVersion: groupVersion, kind: 'Flower', name: 'free', uid: 'default-free' }],
    },
  });
  await kubectl('delete configmap owner');
  await expect.poll(() => [...garden.keys()], { timeout: 20_000 }).toEqual(['default-free']);
  expect(await kubectl('get configmap petal -o name')).toBe('configmap/petal\n');
  await kubectl('delete flower free');
  await kubectl('wait --for=delete configmap/petal --timeout=20s');
}, 60_000);

test('a server that has OpenAPI of version 2 only is explained like any other', async () => {
  const explained = await kubectl('explain flowers.leaf');
  expect(explained).toMatch(/^FIELD: leaf <Leaf>$/m);
  expect(explained).toContain('What it breathes with.');
  expect(explained).toMatch(/^ {2}width\s+<number>\n {4}In metres\.$/m);
}, 30_000);

test('a namespace takes along what another server keeps in it', async () => {
  await kubectl('create namespace a');
  plant('a', 'rose');
  plant('default', 'rose');
  await kubectl('delete namespace a --timeout=30s');
  expect([...garden.keys()]).toEqual(['default-rose']);
  expect(remote.asked.findLast(({ method }) => method === 'DELETE')).toMatchObject({
    path: '/apis/garden.test/v1/namespaces/a/flowers',
    body: { kind: 'DeleteOptions', propagationPolicy: 'Background' },
    headers: { 'x-remote-user': expect.stringContaining('system:') },
  });
}, 60_000);

test('while the other server is away the namespace says so, and stays', async () => {
  await kubectl('create namespace b');
  plant('b', 'rose');
  await kubectl('delete service api');
  await kubectl('wait --for=condition=Available=false apiservice/v1.garden.test --timeout=20s');
  await kubectl('delete namespace b --wait=false');
  await kubectl('wait --for=condition=NamespaceDeletionDiscoveryFailure namespace/b --timeout=30s');
  const { status } = JSON.parse(await kubectl('get namespace b -o json'));
  expect(status.conditions[0]).toMatchObject({
    reason: 'DiscoveryFailed',
    message:
      'Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: garden.test/v1: stale GroupVersion discovery: garden.test/v1',
  });
  expect(garden.has('b-rose')).toBe(true);
  await apply(theService);
  await kubectl('wait --for=delete namespace/b --timeout=40s');
  expect(garden.has('b-rose')).toBe(false);
}, 120_000);
