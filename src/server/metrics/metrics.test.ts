import { expect, test } from 'vitest';
import { bareServer } from '../../../test/support/bare-server.ts';
import { textOf } from '../../base/bytes.ts';
import { ConfigMap } from '../../kinds/core/config-map.ts';
import { Namespace } from '../../kinds/core/namespace.ts';

const user = { name: 'test', groups: ['system:masters'] };

async function serving() {
  const { transport, client, ask } = await bareServer({
    now: 0,
    namespaces: [],
    definitions: true,
    server: {
      healthChecks: [
        { name: 'ping', in: ['livez'], check: () => undefined },
        { name: 'etcd', in: ['readyz'], check: () => 'away' },
      ],
      processUse: () => ({ cpuSeconds: 1.5, residentBytes: 1e8, startedAt: 7, databaseBytes: 4096 }),
    },
  });
  const get = async (path: string) => {
    const request = { method: 'GET', path, query: new URLSearchParams(), headers: {}, user };
    const { body, headers } = await transport.call({
      ...request,
      inProcess: false,
      signal: new AbortController().signal,
    });
    return { headers, text: body.type === 'bytes' ? textOf(body.bytes) : '' };
  };
  return { client, get, ask };
}

test('requests, watches, admission and stored objects are counted', async () => {
  const { client, get } = await serving();
  await client.create(Namespace, { metadata: { name: 'a' }, spec: {} });
  await client.create(ConfigMap, { metadata: { name: 'x', namespace: 'a' } });
  await client.create(ConfigMap, { metadata: { name: 'x', namespace: 'a' } }).catch(() => {});
  await client.patch(ConfigMap, { name: 'x', namespace: 'a' }, { data: { b: 'c' } });
  const stop = (await client.watch(ConfigMap, { namespace: 'a' })).subscribe(
    () => {},
    () => {},
  );
  const { text, headers } = await get('/metrics');
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
  const maps = 'group="",resource="configmaps",scope="resource",subresource=""';
  const counted = (code: number, verb: string) =>
    `apiserver_request_total{code="${code}",component="apiserver",dry_run="",${maps},verb="${verb}",version="v1"} 1\n`;
  for (const [code, verb] of [
    [201, 'POST'],
    [409, 'POST'],
    [200, 'PATCH'],
  ] as const)
    expect(text).toContain(counted(code, verb));
  expect(text).toContain('apiserver_storage_objects{resource="configmaps"} 1\n');
  expect(text).toContain('apiserver_resource_objects{group="",resource="namespaces"} 1\n');
  expect(text).toMatch(
    /^apiserver_admission_controller_admission_duration_seconds_count\{name="NamespaceLifecycle",operation="CREATE",rejected="false",type="admit"\} \d+$/m,
  );
  const watching = (count: number) =>
    `apiserver_longrunning_requests{component="apiserver",group="",resource="configmaps",scope="namespace",subresource="",verb="WATCH",version="v1"} ${count}\n`;
  expect(text).toContain(watching(1));
  expect(text).toContain('process_cpu_seconds_total 1.5\n');
  expect(text).toContain('apiserver_storage_size_bytes{storage_cluster_id="etcd-0"} 4096\n');
  expect(text).toContain('apiserver_storage_events_received_total{group="",resource="configmaps"} 2\n');
  stop();
  expect((await get('/metrics')).text).toContain(watching(0));
});

test('labels are never made up by those who ask', async () => {
  const { get } = await serving();
  for (let at = 0; at < 5; at++) await get(`/nothing/${at}`);
  await get('/apis/none.example.com/v1/things');
  const { text } = await get('/metrics');
  expect(text).not.toContain('nothing');
  expect(text).not.toContain('none.example.com');
  expect(text).toContain('subresource="",verb="GET",version=""} 6\n');
});

test('/metrics/slis tells how the health checks are', async () => {
  const { get } = await serving();
  await get('/metrics/slis');
  const { text } = await get('/metrics/slis');
  expect(text).toContain('kubernetes_healthcheck{name="ping",type="livez"} 1\n');
  expect(text).toContain('kubernetes_healthcheck{name="etcd",type="readyz"} 0\n');
  expect(text).toContain('kubernetes_healthchecks_total{name="etcd",status="error",type="readyz"} 2\n');
  expect(text).not.toContain('apiserver_request_total');
});

test('it says which features are on, and what it counts', async () => {
  const { text } = await (await serving()).get('/metrics');
  expect(text).toContain('# HELP kubernetes_feature_enabled [BETA] This metric records');
  expect(text).toContain('kubernetes_feature_enabled{name="HPAScaleToZero",stage="ALPHA"} 0\n');
  expect(text).toContain('kubernetes_feature_enabled{name="APIServerIdentity",stage="BETA"} 1\n');
  expect(text).toMatch(/^kubernetes_feature_enabled\{name="[A-Za-z]+",stage=""\} 1$/m);
  expect(text).toContain('disabled_metrics_total 0\n');
  expect(text).toContain(
    '# HELP apiserver_storage_objects [STABLE] (Deprecated since 1.34.0) [DEPRECATED, consider using apiserver_resource_objects instead] ',
  );
  const registered = [...text.matchAll(/^registered_metrics_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  const told = text.match(/^# HELP \S+ \[(STABLE|BETA|ALPHA)\]/gm)?.length ?? 0;
  expect(registered.reduce((sum, each) => sum + each)).toBeGreaterThanOrEqual(told);
  expect(text).toContain('registered_metrics_total{deprecated_version="1.34.0",stability_level="STABLE"} 1\n');
});

test('a watch that tells of what there was is timed until it has', async () => {
  const { client, get } = await serving();
  await client.watch(ConfigMap, { namespace: 'a', allowBookmarks: true, sendInitialEvents: true }).then((source) =>
    source.subscribe(
      () => {},
      () => {},
    ),
  );
  expect((await get('/metrics')).text).toContain(
    'apiserver_watch_list_duration_seconds_count{group="",resource="configmaps",scope="namespace",version="v1"} 1\n',
  );
});

test('what policies find is counted, by what was done about it', async () => {
  const { client, get, ask } = await serving();
  await client.create(Namespace, { metadata: { name: 'a' }, spec: {} });
  const policy = async (name: string, expression: string, more: object, validationActions: string[]) => {
    const group = '/apis/admissionregistration.k8s.io/v1';
    const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }];
    const spec = { matchConstraints: { resourceRules }, validations: [{ expression }], ...more };
    await ask('POST', `${group}/validatingadmissionpolicies`, { metadata: { name }, spec });
    const bound = { policyName: name, validationActions };
    await ask('POST', `${group}/validatingadmissionpolicybindings`, { metadata: { name }, spec: bound });
  };
  await policy('lenient', 'object.data.none == "x"', { failurePolicy: 'Ignore' }, ['Deny']);
  await policy('strict', 'object.metadata.name != "x"', {}, ['Warn', 'Audit']);
  await client.create(ConfigMap, { metadata: { name: 'x', namespace: 'a' } });
  await client.create(ConfigMap, { metadata: { name: 'y', namespace: 'a' }, data: { none: 'x' } });
  const { text } = await get('/metrics');
  const checks = text
    .split('\n')
    .filter((line) => line.startsWith('apiserver_validating_admission_policy_check_total{'));
  const check = (name: string, action: string) =>
    `apiserver_validating_admission_policy_check_total{enforcement_action="${action}",error_type="invalid_error",policy="${name}",policy_binding="${name}"} 1`;
  expect(checks).toEqual([check('lenient', 'allow'), check('strict', 'warn'), check('strict', 'audit')]);
  expect(text).toContain(
    'apiserver_validating_admission_policy_check_duration_seconds_bucket{enforcement_action="allow",error_type="invalid_error",policy="lenient",policy_binding="lenient",le="5e-07"} 1\n',
  );
});

test('the rules of custom resources are timed, compiled once and run for every object', async () => {
  const { client, get, ask } = await serving();
  await client.create(Namespace, { metadata: { name: 'a' }, spec: {} });
  const rule = { rule: 'self.size > 0' };
  const properties = { size: { type: 'integer' } };
  const spec = { type: 'object', properties, 'x-kubernetes-validations': [rule] };
  const openAPIV3Schema = { type: 'object', properties: { spec } };
  await ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'hats.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'hats', kind: 'Hat' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  });
  for (const name of ['x', 'y']) {
    const hat = { apiVersion: 'example.com/v1', kind: 'Hat', metadata: { name }, spec: { size: 1 } };
    expect(await ask('POST', '/apis/example.com/v1/namespaces/a/hats', hat)).toMatchObject({ status: 201 });
  }
  const { text } = await get('/metrics');
  expect(text).toContain('apiserver_cel_compilation_duration_seconds_count 1\n');
  expect(text).toContain('apiserver_cel_evaluation_duration_seconds_count 2\n');
});
