import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { namedSchema, schemaOf } from '../kinds/schemas.ts';
import { decode } from './decode.ts';

const pod = (spec: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec });
const read = (apiVersion: string, kind: string, value: unknown) => decode(schemaOf(apiVersion, kind), value);

test('what is left out is written as Go writes it', () => {
  expect(JSON.stringify(read('v1', 'Pod', { spec: {} }).object)).toBe(
    '{"metadata":{},"spec":{"containers":null},"status":{}}',
  );
  expect(read('v1', 'Event', { metadata: { name: 'e' } }).object).toMatchObject({
    eventTime: null,
    firstTimestamp: null,
  });
  expect(read('rbac.authorization.k8s.io/v1', 'Role', { rules: null }).object).toMatchObject({ rules: null });
});

test('null stands for nothing, or for the zero value inside maps', () => {
  const { object } = read('v1', 'ConfigMap', {
    metadata: { name: 'a', labels: null, creationTimestamp: null },
    data: { b: null, a: '1' },
    immutable: null,
  });
  expect(JSON.stringify(object)).toBe('{"metadata":{"name":"a"},"data":{"a":"1","b":""}}');
});

test('unknown fields are left out and named in the order of the document', () => {
  const value = pod({ colour: 1, containers: [{ shape: 1, name: 'c', ports: [{ wrong: 1, containerPort: 80 }] }] });
  const { object, unknown } = read('v1', 'Pod', { ...value, Kind: 'x' });
  expect(unknown).toEqual([
    'unknown field "spec.colour"',
    'unknown field "spec.containers[0].shape"',
    'unknown field "spec.containers[0].ports[0].wrong"',
    'unknown field "Kind"',
  ]);
  expect(object.spec).toEqual({ containers: [{ name: 'c', ports: [{ containerPort: 80 }], resources: {} }] });
});

test.each([
  ['v1', 'ConfigMap', { data: 'x' }, 'string into Go struct field ConfigMap.data of type map[string]string'],
  ['v1', 'ConfigMap', { data: { a: 1 } }, 'number into Go struct field ConfigMap.data of type string'],
  [
    'v1',
    'Pod',
    { metadata: { labels: { a: 1 } } },
    'number into Go struct field ObjectMeta.metadata.labels of type string',
  ],
  [
    'v1',
    'Pod',
    { metadata: { creationTimestamp: 1 } },
    'number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
  ],
  ['apps/v1', 'Deployment', { spec: 'x' }, 'string into Go struct field Deployment.spec of type v1.DeploymentSpec'],
  [
    'apps/v1',
    'Deployment',
    { spec: { replicas: 1.5 } },
    'number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    'apps/v1',
    'Deployment',
    { spec: { replicas: 2147483648 } },
    'number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    'apps/v1',
    'Deployment',
    { spec: { strategy: { rollingUpdate: { maxSurge: true } } } },
    'bool into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge of type int32',
  ],
  [
    'v1',
    'ResourceQuota',
    { spec: { hard: [] } },
    'array into Go struct field ResourceQuotaSpec.spec.hard of type v1.ResourceList',
  ],
  [
    'v1',
    'ResourceQuota',
    { spec: { scopes: 'x' } },
    'string into Go struct field ResourceQuotaSpec.spec.scopes of type []v1.ResourceQuotaScope',
  ],
  [
    'v1',
    'Pod',
    pod({ containers: [{ livenessProbe: { grpc: { port: 'x' } } }] }),
    'string into Go struct field GRPCAction.spec.containers.livenessProbe.ProbeHandler.grpc.port of type int32',
  ],
])('%s %s: a value of the wrong type is refused with its place', (apiVersion, kind, value, message) => {
  expect(() => read(apiVersion, kind, value)).toThrow(`json: cannot unmarshal ${message}`);
});

test.each([
  [
    { metadata: { creationTimestamp: 'yesterday' } },
    'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
  ],
  [
    { eventTime: '2020-01-01T00:00:00Z' },
    'parsing time "2020-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  ],
  [{ eventTime: '2024-01-01T00:00:00.123456789Z' }, 'cannot parse "789Z" as "Z07:00"'],
  [
    { metadata: { creationTimestamp: '2024-13-01T00:00:00Z' } },
    'parsing time "2024-13-01T00:00:00Z": month out of range',
  ],
  [
    { metadata: { creationTimestamp: '2023-02-29T00:00:00Z' } },
    'parsing time "2023-02-29T00:00:00Z": day out of range',
  ],
])('a time that is none is refused with the place where it stops being one', (value, message) => {
  expect(() => read('v1', 'Event', value)).toThrow(message);
});

test.each([
  ['not base64!', 3],
  ['2', 0],
  ['abcde', 4],
  ['ab=c', 3],
  ['ab==x', 4],
])('bytes that are no base64 (%j) are refused at byte %d', (text, at) => {
  expect(() => read('v1', 'Secret', { data: { a: text } })).toThrow(`illegal base64 data at input byte ${at}`);
});

test('texts with a grammar get the one form they are written in', () => {
  const { object } = read('v1', 'Event', {
    metadata: { creationTimestamp: '2020-01-01T02:00:00.5+02:00' },
    eventTime: '2024-01-01T02:00:00.500000+02:00',
  });
  expect(object).toMatchObject({
    metadata: { creationTimestamp: '2020-01-01T00:00:00Z' },
    eventTime: '2024-01-01T00:00:00.500000Z',
  });
  const quantities = { cpu: 0.25, memory: '1.5Gi', pods: null, storage: '1024Ki' };
  expect(read('v1', 'ResourceQuota', { spec: { hard: quantities } }).object.spec).toEqual({
    hard: { cpu: '250m', memory: '1536Mi', pods: '0', storage: '1Mi' },
  });
  expect(() => read('v1', 'ResourceQuota', { spec: { hard: { cpu: true } } })).toThrow('quantities must match');
});

test('a JSON schema takes either form where it may', () => {
  const schema = namedSchema('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps');
  const value = {
    items: { type: 'string' },
    additionalProperties: false,
    dependencies: { a: ['b'] },
    allOf: [{ items: [{}] }],
  };
  expect(decode(schema, value).object).toEqual(value);
  expect(() => decode(schema, { additionalProperties: 'x' })).toThrow('boolean or JSON schema expected');
});

test('a field named __proto__ stays a field', () => {
  const { object } = read('v1', 'ConfigMap', { data: JSON.parse('{"__proto__":"x"}') as object });
  expect(Object.keys(object.data as object)).toEqual(['__proto__']);
});

const fixtures = '../shared/data/kubernetes-1.36/fixtures';

test.skipIf(!existsSync(fixtures))(
  'every published object is written as it was read (needs the published fixtures)',
  () => {
    const files = readdirSync(fixtures).filter((f) => f.endsWith('.json') && !f.includes('after_roundtrip'));
    const differing = files.filter((file) => {
      const text = JSON.parse(readFileSync(`${fixtures}/${file}`, 'utf8')) as { apiVersion: string; kind: string };
      const schema = servedSchema(text.apiVersion, text.kind);
      return schema && JSON.stringify(decode(schema, text).object) !== JSON.stringify(text);
    });
    expect(differing).toEqual([]);
  },
);

function servedSchema(apiVersion: string, kind: string) {
  try {
    return schemaOf(apiVersion, kind);
  } catch {
    return undefined;
  }
}
