// Versions that are off by default: served when asked for, where their feature is on, as one and the same objects.

import { expect, test } from 'vitest';
import { bareServer } from './support/bare-server.ts';
import { enabledGates, type GateSettings } from '../src/api/feature-gates.ts';
import { discovered } from '../src/kinds/discovered.ts';
import { kinds } from '../src/kinds/index.ts';
import type { RuntimeConfig } from '../src/kinds/runtime-config.ts';
import { servedKinds } from '../src/kinds/served.ts';

const user = { name: 'test', groups: ['system:masters'] };
const all = { 'api/all': 'true' };

/** A server with such settings, asked as clients outside ask. */
async function serving(runtimeConfig: RuntimeConfig, featureGates: GateSettings) {
  const { clock, transport, server } = await bareServer({
    namespaces: ['ns'],
    server: { runtimeConfig, featureGates },
  });

  async function ask(method: string, path: string, body?: object, type = 'application/json') {
    const response = await transport.call({
      method,
      path,
      query: new URLSearchParams(),
      headers: { 'content-type': type },
      ...(body && { body: new TextEncoder().encode(JSON.stringify(body)) }),
      user,
      inProcess: false,
      signal: new AbortController().signal,
    });
    const bytes = response.body.type === 'bytes' ? response.body.bytes : new Uint8Array();
    const text = new TextDecoder().decode(bytes);
    const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : text;
    return { status: response.status, body: parsed as never, warnings: response.headers.warning };
  }
  return { clock, server, ask };
}

test('with everything asked for, every resource of every version is served, and by default none that is not stable', () => {
  const everything = servedKinds(kinds, () => true, enabledGates({ AllAlpha: true, AllBeta: true }));
  const served = new Set(
    everything.flatMap((kind) => kind.versions.map(({ version }) => `${kind.group}/${version}/${kind.plural}`)),
  );
  const known = discovered.flatMap(({ name, versions }) =>
    versions.flatMap(({ version, resources }) => resources.map((resource) => `${name}/${version}/${resource.name}`)),
  );
  expect([...served].sort()).toEqual(known.sort());
  const unasked = kinds.flatMap((kind) => kind.versions.map(({ version }) => version));
  expect(unasked.filter((version) => !/^v\d+$/.test(version))).toEqual([]);
});

test('a version that is not asked for is nobody’s path, and neither is a kind whose feature is off', async () => {
  const bare = await serving({}, {});
  expect((await bare.ask('GET', '/apis/resource.k8s.io/v1beta1/deviceclasses')).status).toBe(404);
  expect((await bare.ask('GET', '/apis/scheduling.k8s.io/v1alpha2')).status).toBe(404);
  const asked = await serving(all, {});
  expect((await asked.ask('GET', '/apis/resource.k8s.io/v1beta1/deviceclasses')).status).toBe(200);
  expect((await asked.ask('GET', '/apis/scheduling.k8s.io/v1alpha2/workloads')).status).toBe(404);
});

test('a stable version can be switched off while another of the kind stays', async () => {
  const { ask } = await serving({ 'resource.k8s.io/v1': 'false', 'resource.k8s.io/v1beta1': 'true' }, {});
  const created = await ask('POST', '/apis/resource.k8s.io/v1beta1/deviceclasses', { metadata: { name: 'gpu' } });
  expect(created.status).toBe(201);
  expect((await ask('GET', '/apis/resource.k8s.io/v1/deviceclasses/gpu')).status).toBe(404);
});

test('an object made in an older version is the same in a newer one, owned in the version it was written in', async () => {
  const { ask } = await serving(all, {});
  const path = (version: string) => `/apis/resource.k8s.io/${version}/namespaces/ns/resourceclaims`;
  const spec = { devices: { requests: [{ name: 'one', deviceClassName: 'gpu' }] } };
  const created = await ask('POST', path('v1beta1'), { metadata: { name: 'c' }, spec });
  expect(created).toMatchObject({
    status: 201,
    warnings: ['299 - "resource.k8s.io/v1beta1 ResourceClaim is deprecated in v1.35+, unavailable in v1.38+"'],
  });
  expect((await ask('GET', `${path('v1')}/c`)).body).toMatchObject({
    apiVersion: 'resource.k8s.io/v1',
    metadata: { managedFields: [{ apiVersion: 'resource.k8s.io/v1beta1' }] },
    spec: { devices: { requests: [{ name: 'one', exactly: { deviceClassName: 'gpu', count: 1 } }] } },
  });
});

test('the time of a taint is that of its effect', async () => {
  const { ask, clock } = await serving(all, { DRADeviceTaintRules: true });
  const path = '/apis/resource.k8s.io/v1beta2/devicetaintrules';
  const patch = (spec: object) => ask('PATCH', `${path}/r`, { spec }, 'application/merge-patch+json');
  const taint = (timeAdded: string) => ({ body: { spec: { taint: { timeAdded } } } });
  const made = await ask('POST', path, { metadata: { name: 'r' }, spec: { taint: { key: 'k', effect: 'None' } } });
  expect(made).toMatchObject(taint('2026-01-01T00:00:00Z'));
  await clock.advance(60_000);
  expect(await patch({ taint: { value: 'v' } })).toMatchObject(taint('2026-01-01T00:00:00Z'));
  expect(await patch({ taint: { effect: 'NoExecute' } })).toMatchObject(taint('2026-01-01T00:01:00Z'));
  expect(await patch({ taint: { effect: 'None', timeAdded: '2025-01-01T00:00:00Z' } })).toMatchObject(
    taint('2025-01-01T00:00:00Z'),
  );
});

const group = (spec: object) => ({ metadata: { name: 'g' }, spec: { schedulingPolicy: { basic: {} }, ...spec } });
const groups = '/apis/scheduling.k8s.io/v1alpha2/namespaces/ns/podgroups';

test('a field is dropped while its feature is off, and kept and checked while it is on', async () => {
  const off = await serving(all, { GenericWorkload: true });
  const made = await off.ask('POST', groups, group({ priority: 5, disruptionMode: 'All' }));
  expect(made).toMatchObject({ status: 201, body: { spec: { disruptionMode: 'Pod' } } });
  expect((made.body as { spec: object }).spec).not.toHaveProperty('priority');
  const on = await serving(all, { GenericWorkload: true, GangScheduling: true, WorkloadAwarePreemption: true });
  expect(await on.ask('POST', groups, group({ disruptionMode: 'All' }))).toMatchObject({ status: 422 });
  expect(await on.ask('POST', groups, group({ disruptionMode: 'PodGroup', priority: 5 }))).toMatchObject({
    status: 201,
    body: { spec: { disruptionMode: 'PodGroup', priority: 5 } },
  });
  expect(await on.ask('PATCH', `${groups}/g`, { spec: { priority: 6 } }, 'application/merge-patch+json')).toMatchObject(
    {
      status: 422,
      body: { message: expect.stringContaining('spec.priority: Invalid value: null: field is immutable') },
    },
  );
});

test('a pod group is made of a template there is, and a job whose pods start together keeps their number', async () => {
  const on = await serving(all, { GenericWorkload: true, GangScheduling: true });
  const from = (workloadName: string, podGroupTemplateName: string) =>
    group({ podGroupTemplateRef: { workload: { workloadName, podGroupTemplateName } } });
  const rejected = (why: string) => ({
    status: 403,
    body: { message: `podgroups.scheduling.k8s.io "g" is forbidden: PodGroup rejected: ${why}` },
  });
  expect(await on.ask('POST', groups, from('w', 't'))).toMatchObject(rejected('Workload "w" not found'));
  const podGroupTemplates = [{ name: 't', schedulingPolicy: { basic: {} } }];
  const workload = { metadata: { name: 'w' }, spec: { podGroupTemplates } };
  await on.ask('POST', '/apis/scheduling.k8s.io/v1alpha2/namespaces/ns/workloads', workload);
  expect(await on.ask('POST', groups, from('w', 'u'))).toMatchObject(
    rejected('PodGroupTemplate "u" not found in Workload "w"'),
  );
  expect(await on.ask('POST', groups, from('w', 't'))).toMatchObject({ status: 201 });

  const gang = { metadata: { name: 'gang' }, spec: { schedulingPolicy: { gang: { minCount: 2 } } } };
  expect(await on.ask('POST', groups, gang)).toMatchObject({ status: 201 });
  const jobs = '/apis/batch/v1/namespaces/ns/jobs';
  const jobOf = async (podGroupName: string) => {
    const spec = { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }], schedulingGroup: { podGroupName } };
    await on.ask('POST', jobs, { metadata: { name: podGroupName }, spec: { template: { spec } } });
    return on.ask('PATCH', `${jobs}/${podGroupName}`, { spec: { parallelism: 2 } }, 'application/merge-patch+json');
  };
  expect(await jobOf('gang')).toMatchObject({
    status: 403,
    body: {
      message:
        'jobs.batch "gang" is forbidden: cannot change parallelism for a Job referencing gang-scheduled PodGroup "gang"',
    },
  });
  expect(await jobOf('g')).toMatchObject({ status: 200 });
});

test('pods keep their group and their stop signals where those features are on', async () => {
  const container = { name: 'c', image: 'i', lifecycle: { stopSignal: 'SIGUSR1' } };
  const spec = { containers: [container], schedulingGroup: { podGroupName: 'g' }, os: { name: 'linux' } };
  const pod = (more: object) => ({ metadata: { name: 'p' }, spec: { ...spec, ...more } });
  const off = await serving({}, {});
  const bare = await off.ask('POST', '/api/v1/namespaces/ns/pods', pod({}));
  expect(JSON.stringify((bare.body as { spec: object }).spec)).not.toMatch(/stopSignal|schedulingGroup/);
  const on = await serving({}, { GenericWorkload: true, ContainerStopSignals: true });
  const refused = await on.ask('POST', '/api/v1/namespaces/ns/pods', pod({ os: { name: 'windows' } }));
  expect(refused).toMatchObject({ status: 422, body: { message: expect.stringContaining('"SIGKILL", "SIGTERM"') } });
  const kept = await on.ask('POST', '/api/v1/namespaces/ns/pods', pod({}));
  expect(kept.body).toMatchObject({ spec: { schedulingGroup: { podGroupName: 'g' }, containers: [container] } });
});

test('a bound that is 0, and nodes a volume moves to, are allowed where those features are on', async () => {
  const metrics = [{ type: 'External', external: { metric: { name: 'm' }, target: { type: 'Value', value: '1' } } }];
  const scaler = {
    metadata: { name: 's' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      minReplicas: 0,
      maxReplicas: 3,
      metrics,
    },
  };
  const scalers = '/apis/autoscaling/v2/namespaces/ns/horizontalpodautoscalers';
  const affinity = (node: string) => {
    const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }];
    return { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } };
  };
  const volume = {
    metadata: { name: 'v' },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], local: { path: '/d' }, ...affinity('a') },
  };
  const codes = async (gates: GateSettings) => {
    const { ask } = await serving({}, gates);
    await ask('POST', '/api/v1/persistentvolumes', volume);
    const moved = { spec: affinity('b') };
    return [
      (await ask('POST', scalers, scaler)).status,
      (await ask('PATCH', '/api/v1/persistentvolumes/v', moved, 'application/merge-patch+json')).status,
    ];
  };
  expect(await codes({})).toEqual([422, 422]);
  expect(await codes({ HPAScaleToZero: true, MutablePVNodeAffinity: true })).toEqual([201, 200]);
});

test('devices have lists for attributes where that feature is on', async () => {
  const path = '/apis/resource.k8s.io/v1/resourceslices';
  const spec = {
    driver: 'gpu.example.com',
    pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
    allNodes: true,
    devices: [{ name: 'd', attributes: { links: { strings: ['a', 'b'] } } }],
  };
  const off = await serving({}, {});
  expect(await off.ask('POST', path, { metadata: { name: 's' }, spec })).toMatchObject({ status: 422 });
  const on = await serving({}, { DRAListTypeAttributes: true });
  expect(await on.ask('POST', path, { metadata: { name: 's' }, spec })).toMatchObject({ status: 201, body: { spec } });
});
