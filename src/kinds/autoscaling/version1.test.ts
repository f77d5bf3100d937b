import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { fromVersion1, toVersion1 } from './version1.ts';

const cpu = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
};
const queue = {
  type: 'External',
  external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '30' } },
};

const scaler = (metrics: unknown[], more: object = {}): KubeObject => ({
  metadata: { name: 'web', annotations: { mine: 'x' } },
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, maxReplicas: 3, metrics, ...more },
});

test('the share of CPU is a field, and the rest travels in annotations that come back as fields', () => {
  const behavior = { scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 30 }] } };
  const old = toVersion1(scaler([cpu, queue], { behavior }));
  expect(old.spec).toMatchObject({ targetCPUUtilizationPercentage: 50 });
  expect(old.metadata.annotations).toEqual({
    mine: 'x',
    'autoscaling.alpha.kubernetes.io/metrics':
      '[{"type":"External","external":{"metricName":"queue","targetAverageValue":"30"}}]',
    'autoscaling.alpha.kubernetes.io/behavior':
      '{"ScaleUp":null,"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":null,"Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":30}],"Tolerance":null}}',
  });
  const back = fromVersion1(old);
  expect(back.metadata.annotations).toEqual({ mine: 'x' });
  expect(back.spec).toEqual({ ...(scaler([queue, cpu]).spec as object), behavior });
});

test('annotations that say nothing readable are as good as none', () => {
  const old = toVersion1(scaler([cpu]));
  old.metadata.annotations = { 'autoscaling.alpha.kubernetes.io/metrics': '[broken' };
  expect(fromVersion1(old).spec).toMatchObject({ metrics: [cpu] });
});

test('annotations of another form, or that say nothing, change nothing', () => {
  const old = toVersion1(scaler([cpu]));
  for (const [name, text] of [
    ['metrics', '{}'],
    ['metrics', '["cpu"]'],
    ['behavior', '{"ScaleUp":null}'],
    ['behavior', '[]'],
  ]) {
    old.metadata.annotations = { [`autoscaling.alpha.kubernetes.io/${name}`]: text as string };
    expect(fromVersion1(old).spec).toEqual(scaler([cpu]).spec);
  }
});

test('an object is measured by a whole amount beside its average only where that is more than nothing', () => {
  const object = (targetValue: string) =>
    fromVersion1({
      ...toVersion1(scaler([cpu])),
      metadata: {
        name: 'web',
        annotations: {
          'autoscaling.alpha.kubernetes.io/metrics': JSON.stringify([
            {
              type: 'Object',
              object: { target: { kind: 'K', name: 'n' }, metricName: 'm', targetValue, averageValue: '2' },
            },
          ]),
        },
      },
    }).spec as { metrics: { object: { target: object } }[] };
  expect(object('0').metrics[0]?.object.target).toEqual({ type: 'AverageValue', averageValue: '2' });
  expect(object('5').metrics[0]?.object.target).toEqual({ type: 'AverageValue', averageValue: '2', value: '5' });
});
