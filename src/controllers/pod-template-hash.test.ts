import { expect, test } from 'vitest';
import { namedSchema } from '../kinds/schemas.ts';
import type { PodTemplateSpec } from '../kinds/generated/types/core-v1.ts';
import { goDump } from './go-dump.ts';
import { podTemplateHash } from './pod-template-hash.ts';

const template: PodTemplateSpec = {
  metadata: { labels: { app: 'web', v: '1' } },
  spec: {
    containers: [
      {
        name: 'c',
        image: 'registry.example/app:1',
        imagePullPolicy: 'IfNotPresent',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'nobody',
  },
};

test('a template has the hash that Kubernetes gives it, and another one after a collision', () => {
  expect(podTemplateHash(template, undefined)).toBe('67cf64454d');
  expect(podTemplateHash(template, 1)).toBe('78d95d59c');
});

const dumped = (type: string, value: object): string => goDump(namedSchema(`io.k8s.api.core.v1.${type}`), value);

test('fields that JSON flattens are dumped inside the struct that Go embeds', () => {
  expect(dumped('ConfigMapEnvSource', { name: 'settings', optional: false })).toBe(
    '(v1.ConfigMapEnvSource){LocalObjectReference:(v1.LocalObjectReference){Name:(string)settings} Optional:(*bool)false}',
  );
});

test('a quantity is dumped as the whole number and power of ten it is kept as', () => {
  const amount = (value: number, scale: number) =>
    `{i:(resource.int64Amount){value:(int64)${value} scale:(resource.Scale)${scale}} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>}`;
  expect(dumped('ResourceRequirements', { requests: { memory: '64Mi', cpu: '250m' } })).toBe(
    `(v1.ResourceRequirements){Limits:(v1.ResourceList)<nil> Requests:(v1.ResourceList)map[cpu:${amount(250, -3)} s:(string)250m ` +
      `Format:(resource.Format)DecimalSI} memory:${amount(67_108_864, 0)} s:(string) Format:(resource.Format)BinarySI}] Claims:([]v1.ResourceClaim)<nil>}`,
  );
});

test('a port is dumped as a number or as a name', () => {
  expect(dumped('TCPSocketAction', { port: 80 })).toContain(
    'Port:(intstr.IntOrString){Type:(intstr.Type)0 IntVal:(int32)80 StrVal:(string)}',
  );
  expect(dumped('TCPSocketAction', { port: 'http' })).toContain(
    '{Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string)http}',
  );
});
