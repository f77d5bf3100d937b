import { expect, test } from 'vitest';
import type { Container, Pod, Volume } from '../kinds/generated/types/core-v1.ts';
import { environmentOf, expandReferences, mountFailures, type Sources } from './environment.ts';

const sources: Sources = {
  configMap: (name) => (name === 'settings' ? { metadata: { name }, data: { color: 'blue' } } : undefined),
  secret: (name) => (name === 'login' ? { metadata: { name }, data: { password: 'aHVzaCBow6k=' } } : undefined),
};

const pod = (container: Partial<Container>, volumes: Volume[] = []): Pod => ({
  metadata: { name: 'p', namespace: 'ns', labels: { app: 'web' } },
  spec: { nodeName: 'n1', volumes, containers: [{ name: 'c', ...container }] },
});

const environment = (container: Partial<Container>) =>
  environmentOf(pod(container), { name: 'c', ...container }, sources, { podIP: '10.244.0.2', hostIP: '172.18.0.2' });

test('variables come from literals, earlier variables, config maps, secrets and the pod', () => {
  const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });
  expect(
    environment({
      envFrom: [{ prefix: 'S_', configMapRef: { name: 'settings' } }],
      env: [
        { name: 'A', value: 'x' },
        { name: 'B', value: '$(A)-$(S_color)-$(C)-$$(A)' },
        { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
        { name: 'NOTHING', valueFrom: { configMapKeyRef: { name: 'none', key: 'k', optional: true } } },
        { name: 'APP', ...field("metadata.labels['app']") },
        { name: 'NODE', ...field('spec.nodeName') },
        { name: 'IP', ...field('status.podIP') },
      ],
    }),
  ).toEqual({
    values: {
      S_color: 'blue',
      A: 'x',
      B: 'x-blue-$(C)-$(A)',
      PASSWORD: 'hush hé',
      APP: 'web',
      NODE: 'n1',
      IP: '10.244.0.2',
    },
  });
});

test.each<[string, Partial<Container>, string]>([
  ['config map', { envFrom: [{ configMapRef: { name: 'none' } }] }, 'configmap "none" not found'],
  [
    'secret',
    { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'none', key: 'k' } } }] },
    'secret "none" not found',
  ],
  [
    'key of a config map',
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'k' } } }] },
    "couldn't find key k in ConfigMap ns/settings",
  ],
  [
    'key of a secret',
    { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'login', key: 'k' } } }] },
    "couldn't find key k in Secret ns/login",
  ],
])("a missing %s is an error in the kubelet's words", (_what, container, error) => {
  expect(environment(container)).toEqual({ error });
});

test('volumes need their sources and the keys they name, unless optional', () => {
  const failures = (volume: Omit<Volume, 'name'>) => mountFailures(pod({}, [{ name: 'v', ...volume }]), sources);
  expect(failures({ configMap: { name: 'settings', items: [{ key: 'color', path: 'c' }] } })).toEqual([]);
  expect(failures({ secret: { secretName: 'none', optional: true } })).toEqual([]);
  expect(failures({ secret: { secretName: 'none' } })).toEqual([
    'MountVolume.SetUp failed for volume "v" : secret "none" not found',
  ]);
  expect(
    failures({ projected: { sources: [{ configMap: { name: 'settings', items: [{ key: 'k', path: 'k' }] } }] } }),
  ).toEqual(['MountVolume.SetUp failed for volume "v" : references non-existent config key: k']);
});

test('references in commands stay where the name is unknown', () => {
  expect(expandReferences('$(A) $(B) $A', { A: 'x' })).toBe('x $(B) $A');
});
