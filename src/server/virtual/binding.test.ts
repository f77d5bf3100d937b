import { afterEach, expect, test } from 'vitest';
import { accessServer, type Answer } from '../access-samples.ts';

type Cluster = Awaited<ReturnType<typeof accessServer>>;

const closing: Cluster[] = [];

afterEach(async () => {
  for (const cluster of closing.splice(0)) await cluster.close();
});

const pods = '/api/v1/namespaces/default/pods';
const bindings = '/api/v1/namespaces/default/bindings';
const registration = '/apis/admissionregistration.k8s.io/v1';
const rights = '/apis/rbac.authorization.k8s.io/v1';
const target = { kind: 'Node', name: 'n' };
const about = (metadata: object) => ({ metadata, target });

async function started() {
  const cluster = await accessServer();
  closing.push(cluster);
  const post = (path: string, body: object, as = cluster.admin): Promise<Answer> =>
    cluster.ask('POST', path, { as, body });
  async function made(path: string, body: object): Promise<void> {
    expect(await post(path, body)).toMatchObject({ code: 201 });
  }
  await made('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
  await made(pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  return { ...cluster, post, made };
}

test('a binding posted to its namespace is admitted as bindings, not as a part of the pod', async () => {
  const { post, made, ask, admin } = await started();
  const refusing = async (name: string, resources: string[]) => {
    await made(`${registration}/validatingadmissionpolicies`, {
      metadata: { name },
      spec: {
        matchConstraints: {
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources }],
        },
        matchConditions: [{ name: 'named', expression: "request.name == 'p' && request.kind.kind == 'Binding'" }],
        validations: [
          {
            expression: 'false',
            messageExpression:
              "request.resource.resource + (has(request.subResource) ? '/' + request.subResource : '')",
          },
        ],
      },
    });
    const spec = { policyName: name, validationActions: ['Deny'] };
    await made(`${registration}/validatingadmissionpolicybindings`, { metadata: { name }, spec });
  };
  const denied = (resource: string, name: string, why: string) =>
    `${resource} "p" is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: ${why}`;

  await refusing('part', ['pods/binding']);
  expect((await post(`${pods}/p/binding`, about({ name: 'p' }))).message).toBe(denied('pods', 'part', 'pods/binding'));
  expect(await post(`${bindings}?dryRun=All`, about({ name: 'p' }))).toMatchObject({ code: 201 });
  await refusing('whole', ['bindings']);
  expect((await post(bindings, about({ name: 'p' }))).message).toBe(denied('bindings', 'whole', 'bindings'));
  expect((await ask('GET', `${pods}/p`, { as: admin })).body).not.toHaveProperty('spec.nodeName');
});

test('who may create bindings need not be allowed to bind by the path of the pod', async () => {
  const { post, made } = await started();
  const grant = async (name: string, resources: string[]) => {
    await made(`${rights}/clusterroles`, {
      metadata: { name },
      rules: [{ apiGroups: [''], resources, verbs: ['create'] }],
    });
    await made(`${rights}/clusterrolebindings`, {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name }],
    });
  };
  await grant('old', ['bindings']);
  await grant('new', ['pods/binding']);
  const may = async (path: string, name: string) =>
    (await post(`${path}?dryRun=All`, about({ name: 'p' }), { name, groups: [] })).code;
  expect(await may(bindings, 'old')).toBe(201);
  expect(await may(bindings, 'new')).toBe(403);
  expect(await may(`${pods}/p/binding`, 'old')).toBe(403);
  expect(await may(`${pods}/p/binding`, 'new')).toBe(201);
});

test('a uid is a condition on the path of the pod only, a resourceVersion on both; somebody must be named', async () => {
  const { post, ask, admin } = await started();
  const pod = (await ask('GET', `${pods}/p`, { as: admin })).body as unknown as { metadata: Record<string, string> };
  const { uid, resourceVersion } = pod.metadata;
  const refused = (why: string) =>
    `Operation cannot be fulfilled on pods "p": StorageError: invalid object, Code: 4, Key: /registry/pods/default/p, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ${why}`;
  expect((await post(`${pods}/p/binding`, about({ name: 'p', uid: 'x' }))).message).toBe(
    refused(`UID in precondition: x, UID in object meta: ${uid}`),
  );
  expect((await post(bindings, about({ name: 'p', resourceVersion: '1' }))).message).toBe(
    refused(`ResourceVersion in precondition: 1, ResourceVersion in object meta: ${resourceVersion}`),
  );
  expect(await post(bindings, about({}))).toMatchObject({ code: 400, message: 'Name parameter required.' });
  expect(await post(bindings, about({ name: 'p', uid: 'x' }))).toMatchObject({ code: 201 });
  expect((await ask('GET', `${pods}/p`, { as: admin })).body).toMatchObject({ spec: { nodeName: 'n' } });
});
