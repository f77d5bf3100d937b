import { expect, test } from 'vitest';
import type { Container, PodSpec } from '../generated/types/core-v1.ts';
import { applyPodSpecDefaults } from './defaults.ts';
import { validatePodSpec } from './validate.ts';

const container = (more: Partial<Container> = {}): Container => ({ name: 'c', image: 'x', ...more });

function issuesOf(more: Partial<PodSpec>): string[] {
  const spec: PodSpec = { containers: [container()], ...more };
  applyPodSpecDefaults(spec);
  return validatePodSpec(spec, 'spec').map((i) => `${i.field}: ${i.message}`);
}

test('the least pod spec is a good one', () => {
  expect(issuesOf({})).toEqual([]);
});

test('complaints come in the order of Kubernetes: volumes, containers, then the pod', () => {
  const issues = issuesOf({
    restartPolicy: 'Sometimes' as never,
    containers: [container({ image: '' })],
    volumes: [{ name: 'v', hostPath: { path: '' } }],
  });
  expect(issues.map((text) => text.split(':')[0])).toEqual([
    'spec.volumes[0].hostPath.path',
    'spec.containers[0].image',
    'spec.restartPolicy',
  ]);
});

test('names are unique among all containers', () => {
  expect(issuesOf({ initContainers: [container()] })).toEqual(['spec.initContainers[0].name: Duplicate value: "c"']);
});

test('init containers have probes only when they stay', () => {
  const probed = container({ name: 'i', readinessProbe: { exec: { command: ['x'] } } });
  expect(issuesOf({ initContainers: [probed] })).toHaveLength(1);
  expect(issuesOf({ initContainers: [{ ...probed, restartPolicy: 'Always' }] })).toEqual([]);
});

test('a probe does one thing', () => {
  const both = { exec: { command: ['x'] }, tcpSocket: { port: 1 } };
  expect(issuesOf({ containers: [container({ livenessProbe: both })] })).toEqual([
    'spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
  ]);
});

test('what cannot be overcommitted is requested as it is limited', () => {
  const resources = { limits: { 'example.com/gpu': '2' }, requests: { 'example.com/gpu': '1' } };
  expect(issuesOf({ containers: [container({ resources })] })).toEqual([
    'spec.containers[0].resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2',
  ]);
});

test('a whole security context is shown in the form the server holds it', () => {
  const securityContext = { privileged: true, allowPrivilegeEscalation: false };
  expect(issuesOf({ containers: [container({ securityContext })] })[0]).toContain(
    '{"Capabilities":null,"Privileged":true,"SELinuxOptions":null,',
  );
});

test('merged label keys may stand in the selector once', () => {
  const constraint = {
    maxSkew: 1,
    topologyKey: 'zone',
    whenUnsatisfiable: 'DoNotSchedule' as const,
    matchLabelKeys: ['x'],
  };
  const check = (matchLabels: Record<string, string>) => {
    const spec: PodSpec = {
      containers: [container()],
      topologySpreadConstraints: [
        {
          ...constraint,
          labelSelector: { matchLabels, matchExpressions: [{ key: 'x', operator: 'In', values: ['y'] }] },
        },
      ],
    };
    applyPodSpecDefaults(spec);
    return validatePodSpec(spec, 'spec', { name: 'p', labels: { x: 'y' } }).map((i) => i.field);
  };
  expect(check({ a: 'b' })).toEqual([]);
  expect(check({ x: 'y' })).toEqual(['spec.topologySpreadConstraints[0][0]']);
});

test('where only a wish depends on it, a value that is no label passes', () => {
  const preference = { matchExpressions: [{ key: 'a', operator: 'In' as const, values: ['b c'] }] };
  const wish = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference }] };
  const need = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [preference] } };
  expect(issuesOf({ affinity: { nodeAffinity: wish } })).toEqual([]);
  expect(issuesOf({ affinity: { nodeAffinity: need } })).toHaveLength(1);
});
