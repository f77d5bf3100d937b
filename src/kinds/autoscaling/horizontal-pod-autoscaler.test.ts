import { expect, test } from 'vitest';
import { HorizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts';

const context = { now: () => 0, random: undefined as never, enabled: () => false };

const scaler = (more: object): HorizontalPodAutoscaler => ({
  metadata: { name: 'web' },
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 3, ...more },
});

const { validate, validateUpdate } = HorizontalPodAutoscaler.behaviour;

const issuesOf = (more: object, before?: object): string[] =>
  (before ? validateUpdate?.(scaler(more), scaler(before), context) : validate?.(scaler(more), context))?.map(
    ({ field, message }) => `${field}: ${message}`,
  ) ?? [];

test('what is scaled names its group, unless it did not before or is a ReplicationController', () => {
  const target = (apiVersion: string, kind = 'Deployment') => ({ scaleTargetRef: { apiVersion, kind, name: 'web' } });
  const complaint = (text: string) => `spec.scaleTargetRef.apiVersion: Invalid value: ${text}`;
  expect(issuesOf(target(''))).toEqual([complaint('"": apiVersion must specify API group')]);
  expect(issuesOf(target('v1'))).toEqual([complaint('"v1": apiVersion must specify API group')]);
  expect(issuesOf(target('a/b/c'))).toEqual([complaint('"a/b/c": unexpected GroupVersion string: a/b/c')]);
  expect(issuesOf(target('v1', 'ReplicationController'))).toEqual([]);
  expect(issuesOf(target('v1'), target('v1'))).toEqual([]);
  expect(issuesOf(target('v2'), target('v1'))).toHaveLength(1);
});

test('an object that is measured has a version that can be read, unless one had none before', () => {
  const metrics = (apiVersion: string) => ({
    metrics: [
      {
        type: 'Object',
        object: {
          describedObject: { apiVersion, kind: 'K', name: 'n' },
          metric: { name: 'm' },
          target: { type: 'Value', value: '1' },
        },
      },
    ],
  });
  expect(issuesOf(metrics(''))).toEqual([]);
  expect(issuesOf(metrics('a/b/c'))).toEqual([
    'spec.metrics[0].object.describedObject.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
  ]);
  expect(issuesOf(metrics('a/b/c'), metrics('d/e/f'))).toEqual([]);
});

test('a container is measured under names that containers and resources can have', () => {
  const containerResource = {
    name: 'disk',
    container: 'Main',
    target: { type: 'AverageValue', averageValue: '1' },
  };
  expect(issuesOf({ metrics: [{ type: 'ContainerResource', containerResource }] })).toEqual([
    'spec.metrics[0].containerResource.name: Invalid value: "disk": must be a standard resource type or fully qualified',
    'spec.metrics[0].containerResource.name: Invalid value: "disk": must be a standard resource for containers',
    expect.stringContaining(
      'spec.metrics[0].containerResource.container: Invalid value: "Main": a lowercase RFC 1123 label',
    ),
  ]);
});

test('an average over pods that is nought is said once to be too small', () => {
  const pods = { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '0' } };
  expect(issuesOf({ metrics: [{ type: 'Pods', pods }] })).toEqual([
    'spec.metrics[0].pods.target.averageValue: Invalid value: "0": must be positive',
  ]);
});
