import { expect, test } from 'vitest';
import { schemaOf } from '../kinds/schemas.ts';
import { requireKind } from './known-kinds.ts';

const expected = (group: string, version: string, kind: string) => ({
  group,
  version,
  kind,
  schema: schemaOf(group ? `${group}/${version}` : version, kind),
});

const pod = expected('', 'v1', 'Pod');

test('a body may leave out what it is, in whole or in part', () => {
  for (const body of [
    {},
    { kind: 'Pod' },
    { apiVersion: 'v1' },
    { apiVersion: null, kind: '' },
    { apiVersion: 'v1', kind: 'Pod' },
  ])
    expect(() => requireKind(body, pod)).not.toThrow();
});

test.each([
  [
    { apiVersion: 'v2' },
    'Pod in version "v2" cannot be handled as a Pod: no kind "Pod" is registered for version "v2" in scheme',
  ],
  [
    { apiVersion: 'v1', kind: 'Service' },
    'Service in version "v1" cannot be handled as a Pod: converting (v1.Service) to (core.Pod): unknown conversion',
  ],
  [
    { apiVersion: 'v1', kind: 'Secret', data: { a: '1' } },
    'Secret in version "v1" cannot be handled as a Pod: illegal base64 data at input byte 0',
  ],
])('%j is no pod', (body, message) => {
  expect(() => requireKind(body, pod)).toThrow(message);
});

test('another version of the same kind is read, and refused for its version alone', () => {
  const scaler = expected('autoscaling', 'v2', 'HorizontalPodAutoscaler');
  expect(() => requireKind({ apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler' }, scaler)).toThrow(
    'the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)',
  );
  const deployment = expected('apps', 'v1', 'Deployment');
  expect(() => requireKind({ apiVersion: 'extensions/v1beta1', kind: 'Deployment' }, deployment)).toThrow(
    'the API version in the data (extensions/v1beta1)',
  );
});
