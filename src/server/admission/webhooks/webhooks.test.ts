import { expect, test } from 'vitest';
import { bareServer } from '../../../../test/support/bare-server.ts';
import { base64, textOf, utf8 } from '../../../base/bytes.ts';
import type { ApiResponse } from '../../../api/request.ts';
import { ApiError, type Status } from '../../../api/status.ts';
import type { AdmissionPlugin } from '../plugin.ts';
import { type SimulatedHost, simulatedNetwork } from '../../outgoing/simulated-network.ts';

type Json = Record<string, any>;

/** A server whose webhooks are functions: each is named by the host of its URL. */
async function serving(hosts: Record<string, (request: Json) => Json | SimulatedHost>) {
  const asked: Json[] = [];
  const hostOf =
    (answer: (request: Json) => Json): SimulatedHost =>
    (outgoing) => {
      const review = JSON.parse(textOf(outgoing.body as Uint8Array)) as Json;
      asked.push({ ...review, url: outgoing.url });
      const response = { uid: review.request.uid, ...answer(review.request) };
      return { body: { apiVersion: review.apiVersion, kind: 'AdmissionReview', response } };
    };
  const annotated: Record<string, string> = {};
  const { transport, server } = await bareServer({
    namespaces: [],
    server: {
      outgoing: simulatedNetwork(
        Object.fromEntries(Object.entries(hosts).map(([name, answer]) => [`${name}:443`, hostOf(answer as never)])),
      ),
    },
  });
  // Stands before all others and reads along what they note.
  (server as { admission: readonly AdmissionPlugin[] }).admission = [
    {
      name: 'Reader',
      handles: () => true,
      mutate: (attributes) =>
        void Object.assign(attributes, { annotate: (key: string, value: string) => (annotated[key] = value) }),
    },
    ...server.admission,
  ];
  const user = { name: 'alice', groups: ['system:masters'], extra: { team: ['a'] } };
  async function send(method: string, path: string, body?: object, type = 'application/json'): Promise<ApiResponse> {
    const [plain = '', query = ''] = path.split('?');
    return transport.call({
      method,
      path: plain,
      query: new URLSearchParams(query),
      headers: { 'content-type': type, 'user-agent': 'test' },
      ...(body && { body: utf8(JSON.stringify(body)) }),
      user,
      inProcess: false,
      signal: new AbortController().signal,
    });
  }
  async function call(method: string, path: string, body?: object, type?: string): Promise<Json> {
    const answer = await send(method, path, body, type);
    const bytes = answer.body.type === 'bytes' ? answer.body.bytes : utf8('{}');
    const json = JSON.parse(textOf(bytes)) as Json;
    if (answer.status >= 400)
      throw Object.assign(new ApiError(answer.status, '', json.message as string), { status: json as Status });
    return json;
  }
  await call('POST', '/api/v1/namespaces', { metadata: { name: 'a', labels: { team: 'a' } } });
  return { call, send, asked, annotated };
}

const configMaps = { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['*'] };

const hook = (host: string, more: object = {}) => ({
  name: `${host}.example.com`,
  clientConfig: { url: `https://${host}/` },
  rules: [configMaps],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  ...more,
});

const registration = '/apis/admissionregistration.k8s.io/v1';
type Call = Awaited<ReturnType<typeof serving>>['call'];

async function register(call: Call, sort: 'mutating' | 'validating', name: string, webhooks: object[]) {
  await call('POST', `${registration}/${sort}webhookconfigurations`, { metadata: { name }, webhooks });
}

const patch = (...operations: object[]) => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: base64(utf8(JSON.stringify(operations))),
});
const setting = (key: string, value: string) => patch({ op: 'add', path: `/data/${key}`, value });

const path = '/api/v1/namespaces/a/configmaps';
const configMap = (data: object = { a: '1' }) => ({ metadata: { name: 'c' }, data });

test('a webhook is told all about a write, and its refusal is the answer', async () => {
  const { call, asked } = await serving({
    no: () => ({ allowed: false, status: { code: 409, reason: 'Conflict', message: 'not today' } }),
  });
  await register(call, 'validating', 'v', [hook('no')]);
  const refused = await call('POST', `${path}?fieldManager=me`, configMap()).catch((error: Json) => error);
  expect(refused).toMatchObject({
    message: 'admission webhook "no.example.com" denied the request: not today',
    status: { code: 409, reason: 'Conflict', status: 'Failure' },
  });
  expect(asked[0]).toMatchObject({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    url: 'https://no/?timeout=10s',
    request: {
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
      name: 'c',
      namespace: 'a',
      operation: 'CREATE',
      userInfo: { username: 'alice', groups: ['system:masters', 'system:authenticated'], extra: { team: ['a'] } },
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'a' }, data: { a: '1' } },
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'me' },
    },
  });
});

test('a refusal is one whatever code it gives, and says so without an explanation', async () => {
  const { call } = await serving({ no: () => ({ allowed: false, status: { code: 200, status: 'Success' } }) });
  await register(call, 'validating', 'v', [hook('no')]);
  const refused = (await call('POST', path, configMap()).catch((error: Json) => error)) as Json;
  expect(refused.status).toMatchObject({
    code: 400,
    status: 'Failure',
    message: 'admission webhook "no.example.com" denied the request without explanation',
  });
});

test("mutating webhooks change the object in the order of their configurations, and see each other's changes", async () => {
  const { call, asked } = await serving({
    first: () => setting('first', 'x'),
    second: ({ object }) => setting('second', `${object.data.first}y`),
  });
  await register(call, 'mutating', 'b', [hook('second')]);
  await register(call, 'mutating', 'a', [hook('first')]);
  const made = await call('POST', path, configMap());
  expect(made.data).toEqual({ a: '1', first: 'x', second: 'xy' });
  expect((await call('GET', `${path}/c`)).data).toEqual(made.data);
  expect(asked).toHaveLength(2);
});

test('the audit trail tells who changed an object, and who was overlooked', async () => {
  const { call, annotated } = await serving({ first: () => setting('first', 'x') });
  await register(call, 'mutating', 'm', [hook('first'), hook('gone.test', { failurePolicy: 'Ignore' })]);
  await call('POST', path, configMap());
  expect(annotated).toMatchObject({
    'mutation.webhook.admission.k8s.io/round_0_index_0': JSON.stringify({
      configuration: 'm',
      webhook: 'first.example.com',
      mutated: true,
    }),
    'failed-open.mutation.webhook.admission.k8s.io/round_0_index_1': 'gone.test.example.com',
  });
});

test('who wants to be asked again is, once, when somebody after them has changed the object', async () => {
  const { call, asked } = await serving({
    early: ({ object }) => (object.data.late ? setting('seen', object.data.late as string) : { allowed: true }),
    late: () => setting('late', 'x'),
  });
  await register(call, 'mutating', 'm', [
    hook('early', { reinvocationPolicy: 'IfNeeded' }),
    hook('late', { reinvocationPolicy: 'IfNeeded' }),
  ]);
  const made = await call('POST', path, configMap());
  expect(made.data).toEqual({ a: '1', late: 'x', seen: 'x' });
  expect(asked.map(({ url }) => url)).toEqual([
    'https://early/?timeout=10s',
    'https://late/?timeout=10s',
    'https://early/?timeout=10s',
    'https://late/?timeout=10s',
  ]);
});

test('updates and deletions tell the object as it was', async () => {
  const { call, asked } = await serving({ yes: () => ({ allowed: true }) });
  await call('POST', path, configMap());
  await register(call, 'validating', 'v', [hook('yes')]);
  await call('PUT', `${path}/c`, configMap({ a: '2' }));
  await call('DELETE', `${path}/c?gracePeriodSeconds=0`);
  expect(asked.map(({ request }) => [request.operation, request.object?.data, request.oldObject?.data])).toEqual([
    ['UPDATE', { a: '2' }, { a: '1' }],
    ['DELETE', undefined, { a: '2' }],
  ]);
  expect(asked[1]?.request).toMatchObject({
    object: null,
    name: 'c',
    options: { kind: 'DeleteOptions', gracePeriodSeconds: 0 },
  });
});

test('selectors of namespaces and objects decide who is asked', async () => {
  const { call, asked } = await serving({
    one: () => ({ allowed: true }),
    two: () => ({ allowed: true }),
    three: () => ({ allowed: true }),
  });
  await register(call, 'validating', 'v', [
    hook('one', { namespaceSelector: { matchLabels: { team: 'a' } } }),
    hook('two', { namespaceSelector: { matchLabels: { team: 'b' } } }),
    hook('three', { objectSelector: { matchLabels: { checked: 'yes' } } }),
  ]);
  await call('POST', path, configMap());
  await call('POST', path, { metadata: { name: 'd', labels: { checked: 'yes' } } });
  expect(asked.map(({ url, request }) => [url.slice(8, -13), request.name])).toEqual([
    ['one', 'c'],
    ['one', 'd'],
    ['three', 'd'],
  ]);
});

test('a webhook gets the version its rules name, and its changes come back', async () => {
  const { call, asked } = await serving({
    old: ({ object }) => patch({ op: 'replace', path: '/spec/maxReplicas', value: object.spec.maxReplicas + 1 }),
  });
  const rules = [
    {
      apiGroups: ['autoscaling'],
      apiVersions: ['v1'],
      resources: ['horizontalpodautoscalers'],
      operations: ['CREATE'],
    },
  ];
  await register(call, 'mutating', 'm', [hook('old', { rules })]);
  const body = {
    metadata: { name: 'h' },
    spec: {
      maxReplicas: 3,
      scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' },
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
    },
  };
  const made = await call('POST', '/apis/autoscaling/v2/namespaces/a/horizontalpodautoscalers', body);
  expect(asked[0]?.request).toMatchObject({
    kind: { group: 'autoscaling', version: 'v1' },
    requestKind: { group: 'autoscaling', version: 'v2' },
    object: { apiVersion: 'autoscaling/v1', spec: { targetCPUUtilizationPercentage: 50 } },
  });
  expect(made.spec).toMatchObject({ maxReplicas: 4, metrics: [{ resource: { target: { averageUtilization: 50 } } }] });
});

test('whoever wants it exactly is not asked about another version', async () => {
  const { call, asked } = await serving({ old: () => ({ allowed: true }) });
  const rules = [
    {
      apiGroups: ['autoscaling'],
      apiVersions: ['v1'],
      resources: ['horizontalpodautoscalers'],
      operations: ['CREATE'],
    },
  ];
  await register(call, 'validating', 'v', [hook('old', { rules, matchPolicy: 'Exact' })]);
  await call('POST', '/apis/autoscaling/v2/namespaces/a/horizontalpodautoscalers', {
    metadata: { name: 'h' },
    spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } },
  });
  expect(asked).toEqual([]);
});

test('one that cannot be reached fails the request, or is overlooked, as it says itself', async () => {
  const { call } = await serving({});
  await register(call, 'validating', 'v', [hook('gone.test')]);
  const refused = (await call('POST', path, configMap()).catch((error: Json) => error)) as Json;
  const why =
    'failed calling webhook "gone.test.example.com": failed to call webhook: Post "https://gone.test/?timeout=10s": dial tcp gone.test:443: connect: connection refused';
  expect(refused.status).toEqual({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${why}`,
    reason: 'InternalError',
    details: { causes: [{ message: why }] },
    code: 500,
  });
  await call(
    'PATCH',
    `${registration}/validatingwebhookconfigurations/v`,
    [{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }],
    'application/json-patch+json',
  );
  await call('POST', path, configMap());
});

test('a service is found by its name, or said not to be there', async () => {
  const { call } = await serving({});
  const client = { service: { namespace: 'a', name: 'svc', path: '/check' } };
  await register(call, 'validating', 'v', [hook('x', { clientConfig: client })]);
  const message = async () =>
    ((await call('POST', path, configMap()).catch((error: Json) => error)) as Json).status.message as string;
  const post =
    'Internal error occurred: failed calling webhook "x.example.com": failed to call webhook: Post "https://svc.a.svc:443/check?timeout=10s": ';
  expect(await message()).toBe(`${post}service "svc" not found`);
  await call('POST', '/api/v1/namespaces/a/services', { metadata: { name: 'svc' }, spec: { ports: [{ port: 443 }] } });
  expect(await message()).toBe(`${post}no endpoints available for service "svc"`);
});

test('an answer that is none is not believed', async () => {
  const odd = { unsure: () => ({ uid: 'another', allowed: true }), typeless: () => ({ allowed: true, patch: 'W10=' }) };
  const { call } = await serving(odd);
  const message = async (host: string) => {
    await register(call, 'mutating', host, [hook(host)]);
    const refused = (await call('POST', path, configMap()).catch((error: Json) => error)) as Json;
    await call('DELETE', `${registration}/mutatingwebhookconfigurations/${host}`);
    return refused.status.message as string;
  };
  expect(await message('unsure')).toMatch(
    /received invalid webhook response: expected response.uid="[^"]+", got "another"$/,
  );
  expect(await message('typeless')).toMatch(/: webhook returned response.patch but not response.patchType$/);
});

test('a dry run is told', async () => {
  const { call, asked } = await serving({ none: () => ({ allowed: true }) });
  await register(call, 'validating', 'v', [hook('none', { sideEffects: 'NoneOnDryRun' })]);
  await call('POST', `${path}?dryRun=All`, configMap());
  expect(asked[0]?.request).toMatchObject({ dryRun: true, options: { dryRun: ['All'] } });
});

test('warnings reach the client, and a made-up name is not told before it is made', async () => {
  const { send, call, asked } = await serving({ warns: () => ({ allowed: true, warnings: ['mind the gap'] }) });
  await register(call, 'mutating', 'm', [hook('warns')]);
  const answer = await send('POST', path, { metadata: { generateName: 'c-' } });
  expect(answer.headers.warning).toEqual(['299 - "mind the gap"']);
  expect(asked[0]?.request.name).toBeUndefined();
  expect(asked[0]?.request.object.metadata).toMatchObject({ generateName: 'c-' });
  expect(asked[0]?.request.object.metadata.name).toBeUndefined();
});

test('webhooks are not asked about webhooks', async () => {
  const { call, asked } = await serving({ no: () => ({ allowed: false }) });
  const rules = [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], operations: ['*'] }];
  await register(call, 'validating', 'v', [hook('no', { rules })]);
  await call('DELETE', `${registration}/validatingwebhookconfigurations/v`);
  expect(asked).toEqual([]);
});

test('match conditions decide who is asked; one that fails is the failure of the webhook', async () => {
  const { call, asked } = await serving({ yes: () => ({ allowed: true }) });
  const when = (expression: string) => [{ name: 'when', expression }];
  await register(call, 'validating', 'v', [
    hook('yes', {
      matchConditions: when('object.metadata.name.startsWith("c") && request.userInfo.username == "alice"'),
    }),
  ]);
  await call('POST', path, configMap());
  await call('POST', path, { metadata: { name: 'd' } });
  expect(asked.map(({ request }) => request.name)).toEqual(['c']);
  await register(call, 'validating', 'w', [hook('yes', { matchConditions: when('object.data.none == "x"') })]);
  const refused = (await call('POST', path, { metadata: { name: 'e' }, data: {} }).catch(
    (error: Json) => error,
  )) as Json;
  expect(refused.status).toMatchObject({ code: 403, reason: 'Forbidden' });
  expect(refused.message).toContain('configmaps "e" is forbidden: expression');
});

test('a patch that does not apply fails the request', async () => {
  const { call } = await serving({ odd: () => patch({ op: 'remove', path: '/data/none' }) });
  await register(call, 'mutating', 'm', [hook('odd')]);
  const refused = (await call('POST', path, configMap()).catch((error: Json) => error)) as Json;
  expect(refused.status).toMatchObject({
    code: 500,
    message:
      "Internal error occurred: error in remove for path: '/data/none': Unable to remove nonexistent key: none: missing value",
  });
});

test('a change of scale is told as a Scale', async () => {
  const { call, asked } = await serving({ caps: () => patch({ op: 'replace', path: '/spec/replicas', value: 2 }) });
  const container = { name: 'c', image: 'x' };
  const template = { metadata: { labels: { app: 'd' } }, spec: { containers: [container] } };
  await call('POST', '/apis/apps/v1/namespaces/a/deployments', {
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: { app: 'd' } }, template },
  });
  const rules = [
    { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments/scale'], operations: ['UPDATE'] },
  ];
  await register(call, 'mutating', 'm', [hook('caps', { rules })]);
  const scaled = await call(
    'PATCH',
    '/apis/apps/v1/namespaces/a/deployments/d/scale',
    { spec: { replicas: 5 } },
    'application/merge-patch+json',
  );
  expect(asked[0]?.request).toMatchObject({
    kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
    resource: { group: 'apps', version: 'v1', resource: 'deployments' },
    subResource: 'scale',
    object: { kind: 'Scale', spec: { replicas: 5 } },
    oldObject: { kind: 'Scale', spec: { replicas: 1 } },
  });
  expect(scaled.spec).toEqual({ replicas: 2 });
});

test('what comes of asking is counted: a denial, a patch, failures overlooked and not, a patch that does not apply', async () => {
  const { call, send } = await serving({
    no: () => ({ allowed: false, status: { code: 409 } }),
    yes: () => setting('b', '2'),
    odd: () => patch({ op: 'remove', path: '/data/none' }),
  });
  const attempt = async (sort: 'validating' | 'mutating', host: string, more: object = {}) => {
    await register(call, sort, host, [hook(host, more)]);
    await call('POST', path, configMap()).catch(() => {});
    await call('DELETE', `${registration}/${sort}webhookconfigurations/${host}`);
    await call('DELETE', `${path}/c`).catch(() => {});
  };
  await attempt('validating', 'no');
  await attempt('mutating', 'yes');
  await attempt('mutating', 'gone', { failurePolicy: 'Ignore' });
  await attempt('validating', 'gone');
  await attempt('mutating', 'odd');
  const { body } = await send('GET', '/metrics');
  const lines = textOf((body as { bytes: Uint8Array }).bytes).split('\n');
  const counted = (name: string) => {
    const whole = `apiserver_admission_webhook_${name}`;
    return lines.filter((line) => line.startsWith(`${whole}{`)).map((line) => line.slice(whole.length));
  };
  expect(counted('request_total')).toEqual([
    '{code="409",name="no.example.com",operation="CREATE",rejected="true",type="validating"} 1',
    '{code="200",name="yes.example.com",operation="CREATE",rejected="false",type="admit"} 1',
    '{code="503",name="gone.example.com",operation="CREATE",rejected="false",type="admit"} 1',
    '{code="503",name="gone.example.com",operation="CREATE",rejected="true",type="validating"} 1',
    '{code="0",name="odd.example.com",operation="CREATE",rejected="true",type="admit"} 1',
  ]);
  expect(counted('rejection_count')).toEqual([
    '{error_type="no_error",name="no.example.com",operation="CREATE",rejection_code="409",type="validating"} 1',
    '{error_type="calling_webhook_error",name="gone.example.com",operation="CREATE",rejection_code="503",type="validating"} 1',
    '{error_type="apiserver_internal_error",name="odd.example.com",operation="CREATE",rejection_code="0",type="admit"} 1',
  ]);
  expect(counted('fail_open_count')).toEqual(['{name="gone.example.com",type="admit"} 1']);
  expect(counted('admission_duration_seconds_count')).toHaveLength(5);
});
