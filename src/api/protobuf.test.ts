import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64 } from '../base/bytes.ts';
import { namedSchema, schemaOf } from '../kinds/schemas.ts';
import { decode } from './decode.ts';
import { decodeProtobuf, encodeProtobuf } from './protobuf.ts';
import { ProtobufReader, ProtobufWriter } from './protobuf-wire.ts';
import type { ObjectSchema } from './schema.ts';

const again = (schema: ObjectSchema, object: { apiVersion: string; kind: string }) =>
  decode(
    schema,
    decodeProtobuf(encodeProtobuf(schema, object, object), () => schema),
  ).object;

test('an object has the envelope and the fields that Kubernetes sends', () => {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'proto', labels: { app: 'x' } },
    data: { a: '1' },
  };
  const schema = schemaOf('v1', 'ConfigMap');
  const sent = 'azhzAAoPCgJ2MRIJQ29uZmlnTWFwEhsKEQoFcHJvdG9aCAoDYXBwEgF4EgYKAWESATEaACIA';
  const bytes = Uint8Array.from(atob(sent), (c) => c.charCodeAt(0));
  expect(
    decode(
      schema,
      decodeProtobuf(bytes, () => schema),
    ).object,
  ).toEqual(object);
  expect(base64(encodeProtobuf(schema, object, object)).startsWith('azhzAAoPCgJ2MRIJQ29uZmlnTWFw')).toBe(true);
  expect(again(schema, object)).toEqual(object);
});

test('what has forms of its own comes back as it was', () => {
  const spec = {
    group: 'example.com',
    names: { plural: 'ws', kind: 'W' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            default: { a: [1, null] },
            maximum: 1.5,
            items: { type: 'string' },
            additionalProperties: false,
            properties: {
              x: { items: [{}], additionalProperties: { type: 'integer' }, dependencies: { a: ['b'], c: {} } },
            },
          },
        },
      },
    ],
  };
  const crd = {
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1',
    metadata: { name: 'ws' },
    spec,
  };
  expect(again(schemaOf('apiextensions.k8s.io/v1', 'CustomResourceDefinition'), crd)).toMatchObject(crd);
});

test('lists and statuses have their forms, too', () => {
  const list = {
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '5' },
    items: [{ metadata: { name: 'a' } }],
  };
  expect(again(schemaOf('v1', 'PodList'), list)).toMatchObject(list);
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    code: 404,
    details: { name: 'x' },
  };
  expect(again(namedSchema('io.k8s.apimachinery.pkg.apis.meta.v1.Status'), status)).toEqual(status);
});

test('anything else is refused, cut off or not', () => {
  const schema = schemaOf('v1', 'Pod');
  expect(() => decodeProtobuf(new Uint8Array([1, 2, 3]), () => schema)).toThrow(
    'does not appear to be a protobuf message',
  );
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } };
  const whole = encodeProtobuf(schema, object, object);
  expect(() => decodeProtobuf(whole.subarray(0, 20), () => schema)).toThrow('unexpected EOF');
});

test('whole numbers of 53 bits come back, whatever their sign', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const writer = new ProtobufWriter();
      writer.varint(value);
      return Object.is(new ProtobufReader(writer.finish()).varint(), value);
    }),
  );
});

const fixtures = '../shared/data/kubernetes-1.36/fixtures';

test.skipIf(!existsSync(fixtures))(
  'published objects are the same bytes in both directions (needs the published fixtures)',
  () => {
    const differing = readdirSync(fixtures)
      .filter((file) => file.endsWith('.json') && !file.includes('after_roundtrip'))
      .filter((file) => {
        const object = JSON.parse(readFileSync(`${fixtures}/${file}`, 'utf8')) as { apiVersion: string; kind: string };
        const schema = servedSchema(object.apiVersion, object.kind);
        if (!schema) return false;
        const bytes = readFileSync(`${fixtures}/${file.replace(/json$/, 'pb')}`);
        const read = decode(
          schema,
          decodeProtobuf(bytes, () => schema),
        ).object;
        return !bytes.equals(encodeProtobuf(schema, object, object)) || JSON.stringify(read) !== JSON.stringify(object);
      });
    expect(differing).toEqual([]);
  },
);

function servedSchema(apiVersion: string, kind: string): ObjectSchema | undefined {
  try {
    return schemaOf(apiVersion, kind);
  } catch {
    return undefined;
  }
}
