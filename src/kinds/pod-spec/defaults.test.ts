import { expect, test } from 'vitest';
import type { PodSpec } from '../generated/types/core-v1.ts';
import { applyPodOnlyDefaults, applyPodSpecDefaults, applyPodTemplateDefaults } from './defaults.ts';
import { pullPolicyOf } from './images.ts';

const spec = (more: Partial<PodSpec> = {}): PodSpec => ({ containers: [{ name: 'c', image: 'nginx' }], ...more });

test('the least pod spec gets what Kubernetes means by it', () => {
  const given = spec();
  applyPodSpecDefaults(given);
  expect(given).toEqual({
    containers: [
      {
        name: 'c',
        image: 'nginx',
        imagePullPolicy: 'Always',
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ],
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  });
});

test.each([
  ['nginx', 'Always'],
  ['nginx:latest', 'Always'],
  ['nginx:1.25', 'IfNotPresent'],
  ['localhost:5000/a/b', 'Always'],
  ['localhost:5000/a/b:v1', 'IfNotPresent'],
  [`nginx@sha256:${'0'.repeat(64)}`, 'IfNotPresent'],
  [`nginx:latest@sha256:${'0'.repeat(64)}`, 'Always'],
  ['UPPER/Case:::x', 'IfNotPresent'],
])('the image %s is pulled %s', (image, policy) => {
  expect(pullPolicyOf(image)).toBe(policy);
});

test('a volume of no kind is an empty directory', () => {
  const given = spec({ volumes: [{ name: 'v' }] });
  applyPodSpecDefaults(given);
  expect(given.volumes).toEqual([{ name: 'v', emptyDir: {} }]);
});

test('amounts finer than thousandths are rounded up', () => {
  const given = spec({ containers: [{ name: 'c', resources: { requests: { cpu: '100u', memory: '1Gi' } } }] });
  applyPodSpecDefaults(given);
  expect(given.containers[0]?.resources?.requests).toEqual({ cpu: '1m', memory: '1Gi' });
});

test('a limit without a request asks for as much, in pods only', () => {
  const limited = () => spec({ containers: [{ name: 'c', resources: { limits: { cpu: '1' } } }] });
  const [pod, template] = [limited(), { spec: limited() }];
  applyPodOnlyDefaults(pod);
  applyPodTemplateDefaults(template);
  expect(pod.containers[0]?.resources?.requests).toEqual({ cpu: '1' });
  expect(template.spec.containers[0]?.resources?.requests).toBeUndefined();
});

test('a pod limited as a whole asks for what its containers ask for together', () => {
  const given = spec({
    containers: [
      { name: 'a', resources: { requests: { cpu: '1' } } },
      { name: 'b', resources: { requests: { cpu: '500m' } } },
    ],
    resources: { limits: { cpu: '2', memory: '1Gi' } },
  });
  applyPodOnlyDefaults(given);
  expect(given.resources?.requests).toEqual({ cpu: '1500m', memory: '1Gi' });
});
