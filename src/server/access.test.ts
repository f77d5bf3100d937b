import { afterEach, expect, test } from 'vitest';
import { hours } from '../base/clock.ts';
import type { KubeObject } from '../api/object.ts';
import { Node } from '../kinds/core/node.ts';
import { Pod } from '../kinds/core/pod.ts';
import { Secret } from '../kinds/core/secret.ts';
import { ServiceAccount } from '../kinds/core/service-account.ts';
import { ResourceSlice } from '../kinds/resource/resource-slice.ts';
import { ClusterRole } from '../kinds/rbac/cluster-role.ts';
import { ClusterRoleBinding } from '../kinds/rbac/cluster-role-binding.ts';
import { accessServer } from './access-samples.ts';

type Cluster = Awaited<ReturnType<typeof accessServer>>;

const closing: Cluster[] = [];

afterEach(async () => {
  for (const cluster of closing.splice(0)) await cluster.close();
});

async function started(...settings: Parameters<typeof accessServer>): Promise<Cluster> {
  const cluster = await accessServer(...settings);
  closing.push(cluster);
  return cluster;
}

const account = (name: string) => ({ metadata: { name, namespace: 'default' } });
const alice = { name: 'alice', groups: ['devs', 'system:authenticated'] };
const bob = { name: 'bob', groups: ['system:authenticated'] };

async function tokenFor({ client }: Cluster, name: string, spec: object = {}): Promise<string> {
  const request = await client.sub(ServiceAccount, { name, namespace: 'default' }, 'token', { spec });
  return (request.status as { token: string }).token;
}

/** Gives a user of some name a rule in the whole cluster. */
async function allow({ client }: Cluster, user: string, rule: NonNullable<ClusterRole['rules']>[number]) {
  await client.create(ClusterRole, { metadata: { name: `${user}-role` }, rules: [rule] });
  await client.create(ClusterRoleBinding, {
    metadata: { name: `${user}-binding` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `${user}-role` },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user }],
  });
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const configMaps = '/api/v1/namespaces/default/configmaps';

test('a token of a service account says who it is, until it expires or the account is another', async () => {
  const cluster = await started();
  await cluster.client.create(ServiceAccount, account('robot'));
  const token = await tokenFor(cluster, 'robot');
  const other = await tokenFor(cluster, 'robot', { audiences: ['elsewhere'] });
  const short = await tokenFor(cluster, 'robot', { expirationSeconds: 600 });

  const first = await cluster.ask('GET', configMaps, bearer(token));
  expect(first.message).toMatch(/User "system:serviceaccount:default:robot" cannot list/);
  expect((await cluster.ask('GET', configMaps, bearer(other))).code).toBe(401);

  await cluster.clock.advance(hours(0.5));
  expect((await cluster.ask('GET', configMaps, bearer(short))).code).toBe(401);
  expect((await cluster.ask('GET', configMaps, bearer(token))).code).toBe(403);

  await cluster.client.delete(ServiceAccount, { name: 'robot', namespace: 'default' });
  await cluster.client.create(ServiceAccount, account('robot'));
  expect((await cluster.ask('GET', configMaps, bearer(token))).code).toBe(401);
});

test('a token bound to a secret goes with it', async () => {
  const cluster = await started();
  await cluster.client.create(ServiceAccount, account('robot'));
  await cluster.client.create(Secret, { metadata: { name: 's', namespace: 'default' } } as KubeObject as Secret);
  const boundObjectRef = { kind: 'Secret', apiVersion: 'v1', name: 's' };
  const token = await tokenFor(cluster, 'robot', { boundObjectRef });
  expect((await cluster.ask('GET', configMaps, bearer(token))).code).toBe(403);

  await cluster.client.delete(Secret, { name: 's', namespace: 'default' });
  expect((await cluster.ask('GET', configMaps, bearer(token))).code).toBe(401);
});

test('impersonation needs the right to each part of the identity, and asks as that identity then', async () => {
  const cluster = await started();
  const headers = { 'impersonate-user': 'bob', 'impersonate-group': 'g' };
  await allow(cluster, 'alice', { apiGroups: [''], resources: ['users'], verbs: ['impersonate'] });

  const asUser = await cluster.ask('GET', configMaps, { as: alice, headers: { 'impersonate-user': 'bob' } });
  expect(asUser.message).toMatch(/User "bob" cannot list/);
  const withGroup = await cluster.ask('GET', configMaps, { as: alice, headers });
  expect(withGroup.message).toMatch(/groups "g" is forbidden: User "alice" cannot impersonate resource "groups"/);
  const stranger = await cluster.ask('GET', configMaps, { as: bob, headers: { 'impersonate-user': 'alice' } });
  expect(stranger.message).toMatch(/users "alice" is forbidden: User "bob" cannot impersonate/);
});

test('a role may only be written by those who hold its rules, or may escalate', async () => {
  const cluster = await started();
  const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
  const write = (name: string, verb: string) => ({
    as: alice,
    body: { metadata: { name }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: [verb] }] },
  });
  await allow(cluster, 'alice', {
    apiGroups: ['', 'rbac.authorization.k8s.io'],
    resources: ['clusterroles', 'pods'],
    verbs: ['create'],
  });
  expect((await cluster.ask('POST', roles, write('own', 'create'))).code).toBe(201);
  const more = await cluster.ask('POST', roles, write('more', 'delete'));
  expect(more.code).toBe(403);
  expect(more.message).toMatch(/not currently held:\n\{APIGroups:\[""\], Resources:\["pods"\], Verbs:\["delete"\]\}$/);
});

test('binding a role nobody has made is told as that', async () => {
  const cluster = await started();
  await allow(cluster, 'alice', { apiGroups: ['*'], resources: ['clusterrolebindings'], verbs: ['create'] });
  const answer = await cluster.ask('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    as: alice,
    body: {
      metadata: { name: 'b' },
      roleRef: { kind: 'ClusterRole', name: 'none', apiGroup: 'rbac.authorization.k8s.io' },
    },
  });
  expect(answer.code).toBe(404);
});

test('an apply that creates needs the right to create', async () => {
  const cluster = await started();
  await allow(cluster, 'alice', { apiGroups: [''], resources: ['configmaps'], verbs: ['patch'] });
  const answer = await cluster.ask('PATCH', `${configMaps}/c?fieldManager=m`, {
    as: alice,
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } },
  });
  expect(answer.message).toMatch(/cannot create resource "configmaps"/);
});

test('a node reads the secrets of its pods, and no others', async () => {
  const cluster = await started();
  const { client } = cluster;
  const node = (name: string) => ({ name: `system:node:${name}`, groups: ['system:nodes'] });
  await client.create(ServiceAccount, account('default'));
  await client.create(Node, { metadata: { name: 'n' } } as KubeObject as Node);
  for (const name of ['used', 'other'])
    await client.create(Secret, { metadata: { name, namespace: 'default' } } as KubeObject as Secret);
  await client.create(Pod, {
    metadata: { name: 'p', namespace: 'default' },
    spec: {
      nodeName: 'n',
      containers: [
        { name: 'c', image: 'x', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'used', key: 'k' } } }] },
      ],
    },
  } as KubeObject as Pod);
  const read = async (who: string, secret: string) =>
    (await cluster.ask('GET', `/api/v1/namespaces/default/secrets/${secret}`, { as: node(who) })).code;

  expect([await read('n', 'used'), await read('n', 'other'), await read('m', 'used')]).toEqual([200, 403, 403]);
  const everywhere = await cluster.ask('GET', '/api/v1/pods', { as: node('n') });
  expect(everywhere.code).toBe(403);
  const own = await cluster.ask('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dn', { as: node('n') });
  expect(own.code).toBe(200);
});

test('a node is told what it may not do with claims, accounts, slices and what bears its name', async () => {
  const { ask, client } = await started();
  const as = { name: 'system:node:n', groups: ['system:nodes'] };
  const slice = (name: string, nodeName: string) => ({
    metadata: { name },
    spec: { driver: 'd.example.com', nodeName, pool: { name, generation: 1, resourceSliceCount: 1 }, devices: [] },
  });
  for (const node of ['n', 'm']) await client.create(ResourceSlice, slice(node, node));
  const refusal = async (method: string, path: string) => {
    const { message } = await ask(method, path, { as, body: {} });
    return / cannot .*?: (.*)$/.exec(message)?.[1];
  };
  const core = '/api/v1/namespaces/default';
  const slices = '/apis/resource.k8s.io/v1/resourceslices';
  const unrelated = "no relationship found between node 'n' and this object";
  expect(await refusal('GET', `${core}/persistentvolumeclaims/c/status`)).toContain(
    'can only get/update/patch this type',
  );
  expect(await refusal('POST', `${core}/serviceaccounts/s/token`)).toContain(unrelated);
  expect(await refusal('PUT', `${core}/serviceaccounts/s`)).toContain('can only create tokens for individual');
  expect(await refusal('GET', `${slices}/n`)).toBeUndefined();
  expect(await refusal('GET', `${slices}/m`)).toContain(unrelated);
  expect(await refusal('DELETE', `${slices}/m`)).toContain(unrelated);
  expect(await refusal('GET', slices)).toContain('with nodeName field selector');
  expect(await refusal('GET', `${core}/pods?fieldSelector=metadata.name%3Dp`)).toContain(unrelated);
  expect(await refusal('GET', '/apis/storage.k8s.io/v1/csinodes')).toContain('a CSINode');
});

test('a node asks for certificates for its pods and watches its own requests, where there are any', async () => {
  const runtimeConfig = { 'certificates.k8s.io/v1beta1': 'true' };
  const { ask } = await started({ PodCertificateRequest: true, ClusterTrustBundle: true }, runtimeConfig);
  const as = { name: 'system:node:n', groups: ['system:nodes'] };
  const requests = '/apis/certificates.k8s.io/v1beta1/podcertificaterequests';
  const own = '/apis/certificates.k8s.io/v1beta1/namespaces/default/podcertificaterequests';
  const codes = [
    ['GET', '/apis/certificates.k8s.io/v1beta1/clustertrustbundles'],
    ['GET', `${requests}?fieldSelector=spec.nodeName%3Dn`],
    ['GET', `${requests}?fieldSelector=spec.nodeName%3Dm`],
    ['GET', `${own}/r`],
    ['POST', own],
  ].map(async ([method = '', path = '']) => (await ask(method, path, { as, body: {} })).code);
  expect(await Promise.all(codes)).toEqual([200, 200, 403, 403, 422]);
});

test('a review answers as the authorizers would', async () => {
  const cluster = await started();
  await allow(cluster, 'alice', { apiGroups: [''], resources: ['pods'], verbs: ['get'] });
  const review = async (user: string) => {
    const resourceAttributes = { namespace: 'default', verb: 'get', resource: 'pods' };
    const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
    return (await cluster.ask('POST', path, { as: cluster.admin, body: { spec: { user, resourceAttributes } } })).body
      .status;
  };
  expect(await review('alice')).toEqual({
    allowed: true,
    reason: 'RBAC: allowed by ClusterRoleBinding "alice-binding" of ClusterRole "alice-role" to User "alice"',
  });
  expect(await review('bob')).toEqual({ allowed: false });
});
