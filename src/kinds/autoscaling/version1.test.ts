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
