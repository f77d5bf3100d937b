// The autoscaler at work: a server, the controllers of a Deployment, and pods that use what the test says.

import { expect, onTestFinished, test } from 'vitest';
import { bareServer } from '../../test/support/bare-server.ts';
import { minutes, seconds } from '../base/clock.ts';
import { HorizontalPodAutoscaler } from '../kinds/autoscaling/horizontal-pod-autoscaler.ts';
import { CustomResourceDefinition } from '../kinds/apiextensions/custom-resource-definition.ts';
import { Deployment } from '../kinds/apps/deployment.ts';
import { Event } from '../kinds/core/event.ts';
import { Pod } from '../kinds/core/pod.ts';
import { APIService } from '../kinds/apiregistration/api-service.ts';
import { Service } from '../kinds/core/service.ts';
import { keepAvailability } from '../server/aggregation/keep-availability.ts';
import { simulatedNetwork } from '../server/outgoing/simulated-network.ts';
import type { MetricSpec } from '../kinds/generated/types/autoscaling-v2.ts';
import { startControllers } from '../reconcile/manager.ts';
import { formatTime } from '../base/time.ts';
import { deploymentController } from './deployment.ts';
import { horizontalPodAutoscalerController } from './horizontal-pod-autoscaler.ts';
import { replicaSetController } from './replicaset.ts';

interface Setting {
  /** Cores that each pod uses at a time since the beginning, of the one that it requests. */
  readonly use?: (age: number) => number;
  readonly measures?: boolean;
  /** What another API server answers, by path. */
  readonly remote?: Readonly<Record<string, object>>;
}

async function setUp({ use = () => 0, measures = true, remote = {} }: Setting = {}) {
  const pods = new Set<string>();
  const bare = await bareServer({
    definitions: true,
    server: {
      measures,
      outgoing: simulatedNetwork({
        'metrics:443': ({ url }) => {
          const body = remote[new URL(url).pathname];
          return body ? { body } : { status: 404, body: {} };
        },
      }),
      kubelets: {
        usage: () => [
          {
            node: 'n',
            own: { cpu: 0, memory: 0 },
            pods: [...pods].map((name) => ({
              namespace: 'default',
              name,
              containers: [{ name: 'c', cpu: use(bare.clock.now() - begun), memory: 1024 }],
            })),
          },
        ],
      } as never,
    },
  });
  const { client, clock, server } = bare;
  const begun = clock.now();
  const scaler = horizontalPodAutoscalerController({
    kinds: () => server.catalog.kinds(),
    enabled: (gate) => gate === 'HPAConfigurableTolerance',
  });
  const manager = await startControllers([deploymentController, replicaSetController, scaler], bare);
  onTestFinished(manager.stop);
  return {
    client,
    clock,
    server,
    ask: bare.ask,
    replicas: async () => (await client.get(Deployment, 'web', 'default')).spec.replicas,
    status: async (name = 'web') => (await client.get(HorizontalPodAutoscaler, name, 'default')).status,
    events: async () =>
      (await client.list(Event, { namespace: 'default' })).items
        .filter(({ involvedObject }) => involvedObject.kind === 'HorizontalPodAutoscaler')
        .map(({ reason, message, count }) => `${reason} x${count}: ${message}`),
    /** Every pod there is runs, and is measured, from a quarter of an hour ago on. */
    async runAll() {
      const at = formatTime(clock.now() - minutes(15));
      for (const pod of (await client.list(Pod, { namespace: 'default' })).items) {
        if (pods.has(pod.metadata.name ?? '')) continue;
        pods.add(pod.metadata.name ?? '');
        const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: at }];
        await client.updateStatus(Pod, {
          ...pod,
          status: { ...pod.status, phase: 'Running', startTime: at, conditions } as never,
        });
      }
    },
  };
}

const deployment = (replicas: number): Deployment =>
  ({
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '1' } } }] },
      },
    },
  }) as Deployment;

const scaler = (target: object, metrics: readonly MetricSpec[] = [], name = 'web'): HorizontalPodAutoscaler => ({
  metadata: { name, namespace: 'default' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', ...target },
    maxReplicas: 10,
    metrics: [...metrics],
  },
});

test('follows the use of the processor up and, five minutes later, down', async () => {
  const world = await setUp({ use: (age) => (age < minutes(2) ? 1.6 : 0.1) });
  await world.client.create(Deployment, deployment(2));
  await world.clock.settle();
  await world.runAll();
  await world.client.create(HorizontalPodAutoscaler, scaler({}));
  await world.clock.advance(seconds(14));
  expect(await world.replicas()).toBe(2);
  await world.clock.advance(seconds(2));
  expect(await world.replicas()).toBe(4);
  expect(await world.status()).toMatchObject({
    currentReplicas: 2,
    desiredReplicas: 4,
    currentMetrics: [
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 160, averageValue: '1600m' } } },
    ],
    conditions: [
      {
        type: 'AbleToScale',
        status: 'True',
        reason: 'SucceededRescale',
        message: 'the HPA controller was able to update the target scale to 4',
      },
      { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound' },
      { type: 'ScalingLimited', status: 'False', reason: 'DesiredWithinRange' },
    ],
  });
  await world.runAll();
  await world.clock.advance(minutes(3));
  await world.runAll();
  const most = await world.replicas();
  await world.clock.advance(minutes(3));
  expect(await world.replicas()).toBe(most);
  await world.clock.advance(minutes(6));
  expect(await world.replicas()).toBe(1);
  expect(await world.events()).toContain('SuccessfulRescale x1: New size: 1; reason: All metrics below target');
});

test('says in the words of the client which metrics API is not there', async () => {
  const world = await setUp({ measures: false });
  await world.client.create(Deployment, deployment(1));
  await world.clock.settle();
  await world.runAll();
  const metrics: MetricSpec[] = [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
    { type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '1' } } },
    {
      type: 'Object',
      object: {
        metric: { name: 'hits' },
        describedObject: { kind: 'Service', name: 'web' },
        target: { type: 'Value', value: '1' },
      },
    },
    { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'Value', value: '1' } } },
  ];
  await world.client.create(HorizontalPodAutoscaler, scaler({}, metrics));
  await world.clock.advance(seconds(16));
  expect((await world.events()).sort()).toEqual([
    'FailedComputeMetricsReplicas x1: invalid metrics (4 invalid out of 4), first error is: failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)',
    'FailedGetExternalMetric x1: unable to get external metric default/queue/nil: unable to fetch metrics from external metrics API: the server could not find the requested resource (get queue.external.metrics.k8s.io)',
    'FailedGetObjectMetric x1: unable to get metric hits: Service on default web/unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered',
    'FailedGetPodsMetric x1: unable to get metric rps: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered',
    'FailedGetResourceMetric x1: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)',
  ]);
});

test('other metrics are asked of the API server that has them', async () => {
  const value = (of: object, amount: string) => ({
    describedObject: of,
    metric: { name: 'm' },
    timestamp: '2026-01-01T00:00:00Z',
    value: amount,
  });
  const custom = '/apis/custom.metrics.k8s.io/v1beta2';
  const remote: Record<string, object> = {
    [custom]: { kind: 'APIResourceList', groupVersion: 'custom.metrics.k8s.io/v1beta2', resources: [] },
  };
  const world = await setUp({ remote });
  const { client, clock } = world;
  onTestFinished(await keepAvailability(world.server, client));
  await client.create(Service, {
    metadata: { name: 'adapter', namespace: 'default' },
    spec: { type: 'ExternalName', externalName: 'metrics' },
  });
  await client.create(APIService, {
    metadata: { name: 'v1beta2.custom.metrics.k8s.io' },
    spec: {
      group: 'custom.metrics.k8s.io',
      version: 'v1beta2',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { name: 'adapter', namespace: 'default' },
    },
  });
  await client.create(Deployment, deployment(2));
  await clock.settle();
  await world.runAll();
  const pods = (await client.list(Pod, { namespace: 'default' })).items.map(({ metadata }) => ({
    name: metadata.name,
  }));
  const place = `${custom}/namespaces/default`;
  remote[`${place}/pods/*/rps`] = { items: pods.map((pod) => value(pod, '3')) };
  remote[`${place}/services/web/hits`] = { items: [value({ name: 'web' }, '8')] };
  const metrics: MetricSpec[] = [
    { type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '2' } } },
    {
      type: 'Object',
      object: {
        metric: { name: 'hits' },
        describedObject: { kind: 'Service', name: 'web' },
        target: { type: 'AverageValue', averageValue: '2' },
      },
    },
  ];
  await client.create(HorizontalPodAutoscaler, scaler({}, metrics));
  await clock.advance(seconds(16));
  expect((await world.status())?.currentMetrics).toMatchObject([
    { pods: { metric: { name: 'rps' }, current: { averageValue: '3' } } },
    { object: { metric: { name: 'hits' }, current: { averageValue: '4' } } },
  ]);
  expect(await world.replicas()).toBe(4);
});

test('what has no scale, is not there or is of no kind is told', async () => {
  const world = await setUp();
  await world.client.create(HorizontalPodAutoscaler, scaler({}, [], 'gone'));
  await world.client.create(HorizontalPodAutoscaler, scaler({ kind: 'Wish' }, [], 'unknown'));
  await world.clock.advance(seconds(16));
  const able = async (name: string) => (await world.status(name))?.conditions?.[0]?.message;
  const unable = "the HPA controller was unable to get the target's current scale: ";
  expect(await able('gone')).toBe(`${unable}deployments.apps "web" not found`);
  expect(await able('unknown')).toBe(`${unable}no matches for kind "Wish" in group "apps"`);
});

test('two autoscalers of the same pods stand in each other’s way', async () => {
  const world = await setUp({ use: () => 1 });
  await world.client.create(Deployment, deployment(1));
  await world.clock.settle();
  await world.runAll();
  await world.client.create(HorizontalPodAutoscaler, scaler({}, [], 'a'));
  await world.client.create(HorizontalPodAutoscaler, scaler({}, [], 'b'));
  await world.clock.advance(seconds(31));
  expect((await world.status('b'))?.conditions?.find(({ type }) => type === 'ScalingActive')).toMatchObject({
    status: 'False',
    reason: 'AmbiguousSelector',
    message: 'pods by selector app=web are controlled by multiple HPAs: [{a default} {b default}]',
  });
});

test('a custom resource with a scale is scaled as well', async () => {
  const world = await setUp();
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
  await world.client.create(CustomResourceDefinition, {
    metadata: { name: 'fleets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'fleets', singular: 'fleet', kind: 'Fleet', listKind: 'FleetList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          subresources: { status: {}, scale: { ...scale, labelSelectorPath: '.status.selector' } },
        },
      ],
    },
  } as CustomResourceDefinition);
  await world.clock.settle();
  const path = '/apis/example.com/v1/namespaces/default/fleets';
  const fleet = { apiVersion: 'example.com/v1', kind: 'Fleet', metadata: { name: 'f' }, spec: { replicas: 12 } };
  await world.ask('POST', path, fleet);
  await world.client.create(
    HorizontalPodAutoscaler,
    scaler({ apiVersion: 'example.com/v1', kind: 'Fleet', name: 'f' }),
  );
  await world.clock.advance(seconds(16));
  expect(await world.client.read(`${path}/f`)).toMatchObject({ spec: { replicas: 10 } });
  expect(await world.events()).toEqual([
    'SuccessfulRescale x1: New size: 10; reason: Current number of replicas above Spec.MaxReplicas',
  ]);
});
