// The documented algorithm, asked case by case: https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/.

import { expect, test } from 'vitest';
import { minutes, seconds } from '../../base/clock.ts';
import { formatTime } from '../../base/time.ts';
import type { HorizontalPodAutoscaler } from '../../kinds/autoscaling/horizontal-pod-autoscaler.ts';
import type { Pod } from '../../kinds/core/pod.ts';
import type { HPAScalingRules, MetricSpec } from '../../kinds/generated/types/autoscaling-v2.ts';
import type { History } from './history.ts';
import { afterWriting, type Autoscaling, courseOf, type Plan, planScaling } from './plan.ts';
import type { Reading } from './readings.ts';

const now = Date.UTC(2026, 0, 1, 12);

const cpu = (percent: number): MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percent } },
});

interface PodSample {
  readonly ready?: boolean;
  readonly phase?: 'Running' | 'Pending';
  /** Before now. */
  readonly startedAgo?: number;
  readonly changedAgo?: number;
  readonly requests?: Record<string, string>;
  readonly whole?: Record<string, string>;
}

function pod(name: string, sample: PodSample = {}): Pod {
  const { ready = true, phase = 'Running', startedAgo = minutes(60), changedAgo = minutes(59) } = sample;
  return {
    metadata: { name, namespace: 'ns', labels: { app: 'web' } },
    spec: {
      containers: [{ name: 'c', resources: { requests: sample.requests ?? { cpu: '1', memory: '100Mi' } } }],
      ...(sample.whole && { resources: { requests: sample.whole } }),
    },
    status: {
      phase,
      startTime: formatTime(now - startedAgo),
      conditions: [
        { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: formatTime(now - changedAgo) },
      ],
    },
  } as Pod;
}

const pods = (count: number, sample?: PodSample): Pod[] =>
  Array.from({ length: count }, (_, i) => pod(`p${i}`, sample));

/** In thousandths, each for one pod; undefined: nothing is known of it. */
const used = (...values: readonly (number | undefined)[]): Reading => ({
  pods: new Map(
    values.flatMap((value, i) => (value === undefined ? [] : [[`p${i}`, { value, at: now, window: seconds(10) }]])),
  ),
});

interface Sample {
  readonly replicas?: number;
  readonly metrics?: readonly MetricSpec[];
  readonly spec?: object;
  readonly pods?: readonly Pod[];
  readonly readings?: readonly Reading[];
  readonly history?: History;
  readonly gates?: readonly string[];
  readonly status?: object;
  readonly at?: number;
}

function view(sample: Sample): Autoscaling {
  const { replicas = 3, metrics = [cpu(50)], spec, history, status, at = now } = sample;
  const scaler = {
    metadata: { name: 'web', namespace: 'ns' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 20,
      metrics: [...metrics],
      ...spec,
    },
    ...(status && { status }),
  } as HorizontalPodAutoscaler;
  const gates = sample.gates ?? ['HPAConfigurableTolerance'];
  return {
    scaler,
    scale: { replicas, statusReplicas: replicas },
    history,
    now: at,
    enabled: (gate) => gates.includes(gate),
  };
}

const planned = (sample: Sample): Plan =>
  planScaling(view(sample), { pods: sample.pods ?? pods(sample.replicas ?? 3), readings: sample.readings ?? [] });

const condition = ({ status }: Pick<Plan, 'status'>, type: string) => {
  const { lastTransitionTime: _, ...rest } = status.conditions?.find((each) => each.type === type) ?? {
    type,
    status: 'Unknown' as const,
  };
  return rest as { type: string; status: string; reason?: string; message?: string };
};

test('twice the use asks for twice the replicas', () => {
  const plan = planned({ readings: [used(1000, 1000, 1000)] });
  expect(plan.rescale).toEqual({
    from: 3,
    to: 6,
    reason: 'cpu resource utilization (percentage of request) above target',
  });
  expect(condition(plan, 'ScalingActive')).toEqual({
    type: 'ScalingActive',
    status: 'True',
    reason: 'ValidMetricFound',
    message:
      'the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)',
  });
  expect(plan.status.currentMetrics).toEqual([
    { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 100, averageValue: '1' } } },
  ]);
});

test.each([
  [550, undefined],
  [560, 4],
  [450, undefined],
])('a tenth off the target is let be: %i of 500', (use, to) => {
  expect(planned({ readings: [used(use, use, use)] }).rescale?.to).toBe(to);
});

test('each direction may have its own tolerance', () => {
  const behavior = { scaleUp: { ...rules, tolerance: '0.5' }, scaleDown: rules };
  expect(planned({ spec: { behavior }, readings: [used(740, 740, 740)] }).rescale).toBeUndefined();
  expect(planned({ spec: { behavior }, readings: [used(740, 740, 740)], gates: [] }).rescale?.to).toBe(5);
});

test('a pod that just started does not count for the processor', () => {
  const all = [pod('p0'), pod('p1'), pod('p2', { startedAgo: seconds(20), changedAgo: seconds(5) })];
  const plan = planned({ pods: all, readings: [used(1000, 1000, 5000)] });
  expect(plan.rescale?.to).toBe(4);
});

test.each([
  ['above', 900, 4],
  ['below', 100, undefined],
])('a pod of which nothing is known slows the way %s', (_, use, to) => {
  expect(planned({ readings: [used(use, use, undefined)] }).rescale?.to).toBe(to);
});

test('without any measured pod nothing is done, and it is said', () => {
  const plan = planned({ pods: pods(3, { phase: 'Pending' }), readings: [used(900, 900, 900)] });
  expect(plan.rescale).toBeUndefined();
  expect(plan.events.map(({ reason, message }) => [reason, message])).toEqual([
    [
      'FailedGetResourceMetric',
      'failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)',
    ],
    [
      'FailedComputeMetricsReplicas',
      'invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)',
    ],
  ]);
  expect(condition(plan, 'ScalingActive')).toEqual({
    type: 'ScalingActive',
    status: 'False',
    reason: 'FailedGetResourceMetric',
    message:
      'the HPA was unable to compute the replica count: failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)',
  });
  expect(plan.status.currentMetrics).toEqual([{ type: '' }]);
});

test('a request that is missing is named', () => {
  const plan = planned({ pods: pods(3, { requests: {} }), readings: [used(900, 900, 900)] });
  expect(plan.events[0]?.message).toBe(
    'failed to get cpu utilization: missing request for cpu in container c of Pod p0',
  );
});

test('what the pod asks for as a whole counts before its containers', () => {
  const plan = planned({ pods: pods(3, { whole: { cpu: '2' } }), readings: [used(1000, 1000, 1000)] });
  expect(plan.rescale).toBeUndefined();
});

test('the metric that asks for most decides, and one that is unknown forbids only to go down', () => {
  const external: MetricSpec = {
    type: 'External',
    external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '10' } },
  };
  const unknown = {
    fault: 'unable to get external metric ns/queue/nil: no metrics returned from external metrics API',
  };
  const metrics = [cpu(50), external];
  const up = planned({ metrics, readings: [used(1000, 1000, 1000), { values: [65_000] }] });
  expect(up.rescale).toEqual({ from: 3, to: 6, reason: 'external metric queue(nil) above target' });
  expect(planned({ metrics, readings: [used(1000, 1000, 1000), unknown] }).rescale?.to).toBe(6);
  const down = planned({ metrics, readings: [used(100, 100, 100), unknown] });
  expect(down.rescale).toBeUndefined();
  expect(down.events.map(({ reason }) => reason)).toEqual(['FailedGetExternalMetric', 'FailedComputeMetricsReplicas']);
});

test('at once at most twice as many, or four', () => {
  const many = planned({ readings: [used(5000, 5000, 5000)] });
  expect(many.rescale?.to).toBe(6);
  expect(condition(many, 'ScalingLimited')).toEqual({
    type: 'ScalingLimited',
    status: 'True',
    reason: 'ScaleUpLimit',
    message: 'the desired replica count is increasing faster than the maximum scale rate',
  });
  expect(planned({ replicas: 1, readings: [used(5000)] }).rescale?.to).toBe(4);
});

test('the way down waits for the highest recommendation of the last five minutes', () => {
  const history = { recommendations: [{ replicas: 3, at: now - minutes(4) }], ups: [], downs: [] };
  const readings = [used(100, 100, 100)];
  const waiting = planned({ readings, history });
  expect(waiting.rescale).toBeUndefined();
  expect(condition(waiting, 'AbleToScale')).toEqual({
    type: 'AbleToScale',
    status: 'True',
    reason: 'ScaleDownStabilized',
    message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
  });
  const later = planned({ readings, history: waiting.history, at: now + minutes(2) });
  expect(later.rescale).toEqual({ from: 3, to: 1, reason: 'All metrics below target' });
});

const rules: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};

test('policies limit how far a period goes, counting what was done in it', () => {
  const behavior = {
    scaleUp: { ...rules, policies: [{ type: 'Pods' as const, value: 2, periodSeconds: 60 }] },
    scaleDown: rules,
  };
  const sample: Sample = { spec: { behavior }, readings: [used(1000, 1000, 1000)] };
  const first = planned(sample);
  expect(first.rescale?.to).toBe(5);
  const { history } = afterWriting(view(sample), first, first.rescale ?? { from: 0, to: 0, reason: '' }, undefined);
  const six = { ...sample, replicas: 5, pods: pods(5), readings: [used(1000, 1000, 1000, 1000, 1000)], history };
  expect(planned({ ...six, at: now + seconds(15) }).rescale).toBeUndefined();
  expect(planned({ ...six, at: now + seconds(61) }).rescale?.to).toBe(7);
});

test.each([
  ['Disabled', undefined],
  ['Min', 8],
  ['Max', 5],
] as const)('selectPolicy %s chooses among the policies of the way down', (selectPolicy, to) => {
  const policies = [
    { type: 'Percent' as const, value: 50, periodSeconds: 60 },
    { type: 'Pods' as const, value: 2, periodSeconds: 60 },
  ];
  const behavior = { scaleUp: rules, scaleDown: { ...rules, selectPolicy, policies } };
  const readings = [used(...Array.from({ length: 10 }, () => 50))];
  expect(planned({ replicas: 10, spec: { behavior }, readings }).rescale?.to).toBe(to);
});

test('a stabilisation window on the way up waits for the lowest recommendation in it', () => {
  const behavior = { scaleUp: { ...rules, stabilizationWindowSeconds: 60 }, scaleDown: rules };
  const history = { recommendations: [{ replicas: 3, at: now - seconds(30) }], ups: [], downs: [] };
  const plan = planned({ spec: { behavior }, readings: [used(1000, 1000, 1000)], history });
  expect(plan.rescale).toBeUndefined();
  expect(condition(plan, 'AbleToScale').reason).toBe('ScaleUpStabilized');
});

test.each([
  [0, { is: 'disabled' }],
  [1, { is: 'bounded', to: 2, reason: 'Current number of replicas below Spec.MinReplicas' }],
  [21, { is: 'bounded', to: 20, reason: 'Current number of replicas above Spec.MaxReplicas' }],
  [5, { is: 'measured' }],
])('with %i replicas of 2 to 20', (replicas, course) => {
  expect(courseOf(view({ replicas, spec: { minReplicas: 2 } }))).toEqual(course);
});

test('only what this autoscaler took to zero comes back by itself', () => {
  const metrics: MetricSpec[] = [
    { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'Value', value: '10' } } },
  ];
  const history = { recommendations: [{ replicas: 1, at: now - minutes(6) }], ups: [], downs: [] };
  const gates = ['HPAScaleToZero'];
  const sample: Sample = { replicas: 1, metrics, spec: { minReplicas: 0 }, gates, pods: pods(1), history };
  const down = planned({ ...sample, readings: [{ values: [0] }] });
  expect(down.rescale?.to).toBe(0);
  const { status } = afterWriting(view(sample), down, down.rescale ?? { from: 0, to: 1, reason: '' }, undefined);
  expect(condition({ status }, 'ScaledToZero').status).toBe('True');
  const asleep = { ...sample, replicas: 0, pods: [], readings: [{ values: [25_000] }] };
  expect(courseOf(view(asleep))).toEqual({ is: 'disabled' });
  expect(planned({ ...asleep, status }).rescale?.to).toBe(3);
});

test('a refused write is said, and counted nowhere', () => {
  const sample: Sample = { readings: [used(1000, 1000, 1000)] };
  const plan = planned(sample);
  const after = afterWriting(view(sample), plan, plan.rescale ?? { from: 0, to: 0, reason: '' }, 'no such luck');
  expect(after.events).toEqual([
    {
      type: 'Warning',
      reason: 'FailedRescale',
      message:
        'New size: 6; reason: cpu resource utilization (percentage of request) above target; error: no such luck',
    },
  ]);
  expect(condition(after, 'AbleToScale')).toMatchObject({ status: 'False', reason: 'FailedUpdateScale' });
  expect(after.status.lastScaleTime).toBeUndefined();
});

test.each([
  [
    'Object with a value',
    {
      type: 'Object',
      object: {
        metric: { name: 'rps' },
        describedObject: { kind: 'Service', name: 'web' },
        target: { type: 'Value', value: '10' },
      },
    },
    { values: [20_000] },
    6,
    'Service metric rps above target',
    { value: '20' },
  ],
  [
    'Object with an average',
    {
      type: 'Object',
      object: {
        metric: { name: 'rps', selector: { matchLabels: { a: 'b' } } },
        describedObject: { kind: 'Service', name: 'web' },
        target: { type: 'AverageValue', averageValue: '10' },
      },
    },
    { values: [50_000] },
    5,
    'external metric rps(&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}) above target',
    { averageValue: '16667m' },
  ],
  [
    'External with a value',
    { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'Value', value: '30' } } },
    { values: [20_000, 25_000] },
    5,
    'external metric queue(nil) above target',
    { value: '45' },
  ],
  [
    'Pods',
    { type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '1' } } },
    used(2000, 1500, 1000),
    5,
    'pods metric rps above target',
    { averageValue: '1500m' },
  ],
  [
    'ContainerResource',
    {
      type: 'ContainerResource',
      containerResource: { name: 'cpu', container: 'c', target: { type: 'Utilization', averageUtilization: 50 } },
    },
    used(800, 800, 800),
    5,
    'cpu container resource utilization (percentage of request) above target',
    { averageUtilization: 80, averageValue: '800m' },
  ],
] as const)('%s', (_, spec, reading, to, reason, current) => {
  const plan = planned({ metrics: [spec as unknown as MetricSpec], readings: [reading] });
  expect(plan.rescale).toEqual({ from: 3, to, reason });
  const [status] = plan.status.currentMetrics;
  expect(Object.values(status ?? {}).find((each) => typeof each === 'object')).toMatchObject({ current });
});
