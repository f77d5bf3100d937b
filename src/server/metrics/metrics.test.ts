import { expect, test } from 'vitest';
import { bareServer } from '../../../test/support/bare-server.ts';
import { textOf } from '../../base/bytes.ts';
import { ConfigMap } from '../../kinds/core/config-map.ts';
import { Namespace } from '../../kinds/core/namespace.ts';

const user = { name: 'test', groups: ['system:masters'] };

async function serving() {
  const { transport, client } = await bareServer({
    now: 0,
    namespaces: [],
    server: {
      healthChecks: [
        { name: 'ping', in: ['livez'], check: () => undefined },
        { name: 'etcd', in: ['readyz'], check: () => 'away' },
      ],
      processUse: () => ({ cpuSeconds: 1.5, residentBytes: 1e8, startedAt: 7 }),
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
  return { client, get };
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
