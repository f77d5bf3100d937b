import { expect, test } from 'vitest';
import type { Container, PodSpec, Volume } from '../generated/types/core-v1.ts';
import { podSpecWarnings } from './warnings.ts';

const warningsOf = (spec: Partial<PodSpec>, annotations: Record<string, string> = {}, field = '') =>
  podSpecWarnings({ field, meta: { annotations }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } });

const ports = (...given: NonNullable<Container['ports']>): Partial<PodSpec> => ({
  containers: [{ name: 'c', image: 'i', ports: given.map((port) => ({ protocol: 'TCP', ...port })) }],
});

test('ports that get into each other’s way are told, each pair once', () => {
  const [a, b] = ['spec.containers[0].ports[0]', 'spec.containers[0].ports[1]'];
  expect(warningsOf(ports({ containerPort: 80 }, { containerPort: 80 }))).toEqual([
    `${b}: duplicate port definition with ${a}`,
  ]);
  expect(warningsOf(ports({ containerPort: 80, hostPort: 8 }, { containerPort: 80 }))).toEqual([
    `${b}: overlapping port definition with ${a}`,
  ]);
  expect(
    warningsOf(ports({ containerPort: 80, hostPort: 8, hostIP: '10.0.0.1' }, { containerPort: 80, hostPort: 8 })),
  ).toEqual([`${b}: dangerously ambiguous port definition with ${a}`]);
  expect(warningsOf(ports({ containerPort: 80, hostIP: '10.0.0.1' }))).toEqual([
    `${a}: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:10.0.0.1}`,
  ]);
  expect(warningsOf(ports({ containerPort: 80, name: 'web' }, { containerPort: 81, name: 'web' }))[0]).toMatch(
    /duplicate port name "web" with spec\.containers\[0\]\.ports\[0\], services and probes/,
  );
});

test('files of a volume that cannot all be there are told', () => {
  const volume = (rest: Partial<Volume>): Volume => ({ name: 'v', ...rest });
  const items = [
    { key: 'a', path: 'x/' },
    { key: 'b', path: 'x/y' },
  ];
  expect(warningsOf({ volumes: [volume({ configMap: { name: 'm', items } })] })).toEqual([
    'volume "v" (ConfigMap "m"): overlapping paths: "x/y" with "x"',
  ]);
  const sources = [{ secret: { name: 's', items } }, { serviceAccountToken: { path: 'x/y/z' } }, {}];
  expect(warningsOf({ volumes: [volume({ projected: { sources } })] })).toEqual([
    'volume "v" (Projected) has no sources provided',
    'volume "v" (Projected): overlapping paths: "x/y" (Secret "s") with "x" (Secret "s")',
    'volume "v" (Projected): overlapping paths: "x/y/z" (ServiceAccountToken) with "x" (Secret "s")',
    'volume "v" (Projected): overlapping paths: "x/y/z" (ServiceAccountToken) with "x/y" (Secret "s")',
  ]);
});

test('templates are told of AppArmor annotations, pods elsewhere', () => {
  const key = 'container.apparmor.security.beta.kubernetes.io/c';
  expect(warningsOf({}, { [key]: 'unconfined' })).toEqual([]);
  expect(warningsOf({}, { [key]: 'unconfined' }, 'spec.template')).toEqual([
    `spec.template.metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
  ]);
  const securityContext = { appArmorProfile: { type: 'Unconfined' as const } };
  expect(warningsOf({ securityContext }, { [key]: 'unconfined' }, 'spec.template')).toEqual([]);
});

test('a variable may be made of what it was before', () => {
  const env = (...values: string[]) => ({
    containers: [{ name: 'c', image: 'i', env: values.map((value) => ({ name: 'A', value })) }],
  });
  expect(warningsOf(env('1', '$(A)2'))).toEqual([]);
  expect(warningsOf(env('1', '2'))).toHaveLength(1);
  expect(warningsOf(env('1', '$(A)'))).toHaveLength(1);
});
