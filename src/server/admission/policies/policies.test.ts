import { afterEach, expect, test } from 'vitest';
import { accessServer, type Answer } from '../../access-samples.ts';

type Cluster = Awaited<ReturnType<typeof accessServer>>;

const closing: Cluster[] = [];

afterEach(async () => {
  for (const cluster of closing.splice(0)) await cluster.close();
});

const group = '/apis/admissionregistration.k8s.io/v1';
const configMaps = '/api/v1/namespaces/default/configmaps';
const onConfigMaps = {
  resourceRules: [
    { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
  ],
};

async function started() {
  const cluster = await accessServer();
  closing.push(cluster);
  const { admin, ask } = cluster;

  async function post(path: string, body: object, as = admin): Promise<Answer> {
    return ask('POST', path, { as, body });
  }

  async function made(path: string, body: object): Promise<void> {
    expect(await post(path, body)).toMatchObject({ code: 201 });
  }

  /** A validating policy and a binding of the same name. */
  async function validating(name: string, spec: object, binding: object = {}): Promise<void> {
    await made(`${group}/validatingadmissionpolicies`, {
      metadata: { name },
      spec: { matchConstraints: onConfigMaps, ...spec },
    });
    const bound = { policyName: name, validationActions: ['Deny'], ...binding };
    await made(`${group}/validatingadmissionpolicybindings`, { metadata: { name }, spec: bound });
  }

  /** A mutating policy and a binding of the same name. */
  async function mutating(name: string, spec: object, binding: object = {}): Promise<void> {
    const whole = { matchConstraints: onConfigMaps, reinvocationPolicy: 'Never', ...spec };
    await made(`${group}/mutatingadmissionpolicies`, { metadata: { name }, spec: whole });
    await made(`${group}/mutatingadmissionpolicybindings`, {
      metadata: { name },
      spec: { policyName: name, ...binding },
    });
  }

  return { ...cluster, post, validating, mutating, made };
}

const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
const jsonPatch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });
const map = (name: string, data: object = {}, labels: object = {}) => ({ metadata: { name, labels }, data });
const denied = (name: string, why: string) =>
  `configmaps "c" is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: ${why}`;

test('variables are computed when asked for, once, and their failure is told with their name', async () => {
  const { post, validating } = await started();
  await validating('p', {
    variables: [
      { name: 'size', expression: 'object.data.size()' },
      { name: 'twice', expression: 'variables.size * 2' },
      { name: 'never', expression: '1 / 0' },
    ],
    validations: [
      { expression: 'variables.twice < 4', messageExpression: "'twice is ' + string(variables.twice)" },
      { expression: '!has(object.data.boom) || variables.never == 1' },
    ],
  });
  expect((await post(configMaps, map('c', { a: '1' }))).code).toBe(201);
  const failing = (await post(configMaps, map('c', { a: '1', b: '2' }))).message;
  expect(failing).toBe(denied('p', 'twice is 4'));
  expect((await post(configMaps, map('c', { boom: '' }))).message).toBe(
    denied(
      'p',
      `expression '!has(object.data.boom) || variables.never == 1' resulted in error: composited variable "never" fails to evaluate: division by zero`,
    ),
  );
});

test('expressions ask the real authorizer, for whoever asks and for service accounts', async () => {
  const { ask, validating, made } = await started();
  await made('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: 'writer' },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'breakglass'] }],
  });
  const bind = (name: string, verbs: string) =>
    made('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: verbs },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name }],
    });
  await made('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: 'creator' },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['create'] }],
  });
  await bind('alice', 'writer');
  await bind('bob', 'creator');
  await validating('p', {
    validations: [
      { expression: "authorizer.requestResource.check('breakglass').allowed()", message: 'no glass to break' },
      {
        expression:
          "!authorizer.serviceAccount('default', 'robot').group('').resource('configmaps').check('create').allowed()",
      },
    ],
  });
  const as = (name: string) =>
    ask('POST', configMaps, { as: { name, groups: ['system:authenticated'] }, body: map('c') });
  expect((await as('bob')).message).toBe(denied('p', 'no glass to break'));
  expect((await as('alice')).code).toBe(201);
});

test('warnings and records let the request pass', async () => {
  const { post, validating } = await started();
  await validating(
    'p',
    { validations: [{ expression: "object.metadata.name != 'c'", message: 'not c' }] },
    { validationActions: ['Warn', 'Audit'] },
  );
  const { code, warnings } = await post(configMaps, map('c'));
  expect(code).toBe(201);
  expect(warnings).toEqual([`299 - "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p': not c"`]);
});

test('parameters are named or selected, in the namespace of the request unless another is given', async () => {
  const { post, made, validating } = await started();
  const rules = { paramKind: { apiVersion: 'v1', kind: 'Secret' } };
  const limit = 'object.data.size() <= int(params.metadata.annotations.limit)';
  const secret = (name: string, limitText: string, labels: object = {}) =>
    made('/api/v1/namespaces/default/secrets', { metadata: { name, labels, annotations: { limit: limitText } } });
  await secret('wide', '3', { of: 'p' });
  await secret('narrow', '1', { of: 'p' });
  await validating(
    'p',
    { ...rules, validations: [{ expression: limit, messageExpression: "'limit of ' + params.metadata.name" }] },
    { paramRef: { selector: { matchLabels: { of: 'p' } }, parameterNotFoundAction: 'Deny' } },
  );
  expect((await post(configMaps, map('c', { a: '', b: '' }))).message).toBe(denied('p', 'limit of narrow'));
  expect((await post(configMaps, map('c', { a: '' }))).code).toBe(201);
  await validating(
    'q',
    { ...rules, validations: [{ expression: 'false' }] },
    { paramRef: { name: 'none', parameterNotFoundAction: 'Allow' } },
  );
  expect((await post(configMaps, map('d', { a: '' }))).code).toBe(201);
});

test('parameters in a namespace are nothing for what lies in none', async () => {
  const { post, validating } = await started();
  const matchConstraints = {
    resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['persistentvolumes'] }],
  };
  await validating(
    'p',
    { matchConstraints, paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'true' }] },
    { paramRef: { name: 'x', parameterNotFoundAction: 'Allow' } },
  );
  const volume = {
    metadata: { name: 'v' },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } },
  };
  expect((await post('/api/v1/persistentvolumes', volume)).message).toContain(
    'failed to configure binding: cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
  );
});

test('a rule about another version of the same objects holds too, and sees that version', async () => {
  const { post, validating } = await started();
  const rule = {
    apiGroups: ['autoscaling'],
    apiVersions: ['v1'],
    operations: ['CREATE'],
    resources: ['horizontalpodautoscalers'],
  };
  await validating('p', {
    matchConstraints: { matchPolicy: 'Equivalent', resourceRules: [rule] },
    validations: [
      {
        expression: 'object.spec.targetCPUUtilizationPercentage < 50',
        messageExpression: "request.requestKind.version + ' seen as ' + request.kind.version + ' ' + object.apiVersion",
      },
    ],
  });
  await validating('q', {
    matchConstraints: { matchPolicy: 'Exact', resourceRules: [rule] },
    validations: [{ expression: 'false' }],
  });
  const target = { type: 'Utilization', averageUtilization: 80 };
  const scaler = {
    metadata: { name: 'c' },
    spec: {
      maxReplicas: 2,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
    },
  };
  const path = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';
  expect((await post(path, scaler)).message).toContain('v2 seen as v1 autoscaling/v1');
});

test('what is excluded or exempt is never looked at', async () => {
  const { post, validating } = await started();
  await validating('p', {
    matchConstraints: {
      resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*', '*/*'].slice(0, 1) }],
      excludeResourceRules: [{ apiGroups: [''], apiVersions: ['*'], operations: ['*'], resources: ['secrets'] }],
    },
    validations: [{ expression: 'false', message: 'no' }],
  });
  expect((await post(configMaps, map('c'))).code).toBe(422);
  expect((await post('/api/v1/namespaces/default/secrets', { metadata: { name: 's' } })).code).toBe(201);
  const review = { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } };
  expect((await post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review)).code).toBe(201);
  const webhooks = { metadata: { name: 'w' }, webhooks: [] };
  expect((await post(`${group}/validatingwebhookconfigurations`, webhooks)).code).toBe(201);
});

test('expressions that cost too much are failures', async () => {
  const { post, validating } = await started();
  const many = '[0,1,2,3,4,5,6,7,8,9]';
  const loops = (depth: number): string => (depth === 0 ? 'true' : `${many}.all(x${depth}, ${loops(depth - 1)})`);
  await validating('p', { validations: [{ expression: loops(6) }] });
  expect((await post(configMaps, map('c'))).message).toBe(
    denied('p', `expression '${loops(6)}' resulted in error: operation cancelled: actual cost limit exceeded`),
  );
});

test('all expressions of a policy share one budget', async () => {
  const { post, validating } = await started();
  const many = '[0,1,2,3,4,5,6,7,8,9]';
  const loops = (depth: number): string => (depth === 0 ? 'true' : `${many}.all(x${depth}, ${loops(depth - 1)})`);
  await validating('p', { validations: Array.from({ length: 40 }, () => ({ expression: loops(5) })) });
  expect((await post(configMaps, map('c'))).message).toBe(
    denied('p', 'validation failed due to running out of cost budget, no further validation rules will be run'),
  );
});

test('a generated name is not known to those who change the object, and is to those who judge it', async () => {
  const { post, validating, mutating } = await started();
  await mutating('m', {
    mutations: [apply("Object{metadata: Object.metadata{labels: {'named': string(has(object.metadata.name))}}}")],
  });
  await validating('v', {
    validations: [
      {
        expression: 'has(request.name)',
        messageExpression: "object.metadata.labels.named + ' ' + string(object.metadata.name.startsWith('gen-'))",
      },
    ],
  });
  const { message } = await post(configMaps, { metadata: { generateName: 'gen-' } });
  expect(message).toMatch(/^configmaps "gen-\w{5}" is forbidden: .* denied request: false true$/);
});

test('an applied configuration is merged by the schema of the kind', async () => {
  const { post, mutating, made } = await started();
  await made('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
  const onPods = {
    resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
  };
  const container = "Object.spec.containers{name: 'b', imagePullPolicy: 'Never'}";
  await mutating('m', {
    matchConstraints: onPods,
    mutations: [apply(`Object{spec: Object.spec{containers: [${container}], terminationGracePeriodSeconds: 5}}`)],
  });
  const containers = [
    { name: 'a', image: 'x' },
    { name: 'b', image: 'y', command: ['run'] },
  ];
  const { body } = await post('/api/v1/namespaces/default/pods', { metadata: { name: 'p' }, spec: { containers } });
  expect(body).toMatchObject({
    spec: {
      terminationGracePeriodSeconds: 5,
      containers: [
        { name: 'a', image: 'x', imagePullPolicy: 'Always' },
        { name: 'b', image: 'y', command: ['run'], imagePullPolicy: 'Never' },
      ],
    },
  });
});

test.each([
  [
    "Object{spec: Object.spec{containers: [Object.spec.containers{name: 'a', command: ['x']}]}}",
    'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.containers[0].command',
  ],
  [
    "Object{spec: Object.spec{colour: 'red'}}",
    'error applying patch: failed to convert patch object to typed object: .spec.colour: field not declared in schema',
  ],
  [
    'Object{spec: Object.metadata{}}',
    'type mismatch: unexpected type name "Object.metadata", expected "Object.spec", which matches field name path from root Object type',
  ],
])('%s cannot be applied to a pod', async (expression, why) => {
  const { post, mutating, made } = await started();
  await made('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
  const onPods = {
    resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
  };
  await mutating('m', { matchConstraints: onPods, mutations: [apply(expression)] });
  const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'x' }] } };
  const { code, message, body } = await post('/api/v1/namespaces/default/pods', pod);
  expect([code, body.reason]).toEqual([403, 'Invalid']);
  expect(message).toBe(`policy 'm' with binding 'm' denied request: ${why}`);
});

test('policies that wish it see what others made of the object after them, once', async () => {
  const { post, mutating } = await started();
  const count = (key: string) =>
    jsonPatch(
      `[JSONPatch{op: 'add', path: '/data/${key}', value: 'data' in object && '${key}' in object.data ? object.data.${key} + 'x' : 'x'}]`,
    );
  await mutating('a-returns', { reinvocationPolicy: 'IfNeeded', mutations: [count('a')] });
  await mutating('b-stays', { mutations: [count('b')] });
  const { body } = await post(configMaps, map('c', { z: '' }));
  expect(body.data).toEqual({ a: 'xx', b: 'x', z: '' });
});

test('a policy that may fail is passed over, mutation by mutation', async () => {
  const { post, mutating } = await started();
  await mutating('m', {
    failurePolicy: 'Ignore',
    mutations: [
      jsonPatch("[JSONPatch{op: 'remove', path: '/data/none'}]"),
      jsonPatch("[JSONPatch{op: 'add', path: '/data/some', value: 'x'}]"),
    ],
  });
  expect((await post(configMaps, map('c', { a: '' }))).body.data).toEqual({ a: '', some: 'x' });
});

test('an object moved to another namespace is refused', async () => {
  const { post, mutating } = await started();
  await mutating('m', {
    mutations: [jsonPatch("[JSONPatch{op: 'replace', path: '/metadata/namespace', value: 'other'}]")],
  });
  expect(await post(configMaps, map('c'))).toMatchObject({
    code: 400,
    message: 'the namespace of the provided object does not match the namespace sent on the request',
  });
});
