import { expect, test } from 'vitest';
import type { Kind } from '../../api/kind.ts';
import { kinds } from '../../kinds/index.ts';
import type { Json } from './definitions.ts';
import { documentHash, openApiIndex, type OpenApiInput, openApiV2, openApiV3 } from './documents.ts';

const widgetSchema: Json = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        port: { 'x-kubernetes-int-or-string': true },
        colour: { type: 'string', nullable: true },
        object: { type: 'object', 'x-kubernetes-embedded-resource': true },
      },
    },
  },
};

const widget: Kind = {
  group: 'example.com',
  version: 'v1',
  kind: 'Widget',
  listKind: 'WidgetList',
  plural: 'widgets',
  singular: 'widget',
  scope: 'Namespaced',
  shortNames: [],
  categories: [],
  verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  versions: [{ version: 'v1', schema: { type: 'object', fields: new Map(), atomic: false, open: true } }],
  behaviour: {},
  custom: true,
};

const input: OpenApiInput = {
  kinds: [...kinds, widget],
  describe: (type, field) => (field.endsWith(' values') ? '' : `${type.slice(type.lastIndexOf('.') + 1)}/${field}`),
  version: 'v1.36.1',
  customSchema: () => widgetSchema,
};

const v3 = (group: string, version: string) =>
  openApiV3(group, version, input) as { paths: Record<string, Json>; components: { schemas: Record<string, Json> } };

test('a field in version 3 has its text, default, enum and marks', () => {
  const { schemas } = v3('apps', 'v1').components;
  expect(schemas['io.k8s.api.apps.v1.DeploymentSpec']?.properties).toMatchObject({
    replicas: { description: 'DeploymentSpec/replicas', type: 'integer', format: 'int32' },
    strategy: {
      allOf: [{ $ref: '#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy' }],
      default: {},
      'x-kubernetes-patch-strategy': 'retainKeys',
    },
  });
  expect(schemas['io.k8s.api.core.v1.Container']?.properties).toMatchObject({
    name: { default: '', type: 'string' },
    imagePullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] },
    ports: {
      'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
      'x-kubernetes-patch-merge-key': 'containerPort',
    },
  });
});

test('every reference of every document leads to a definition', () => {
  const documents: Json[] = [openApiV2(input)];
  const served = new Set(input.kinds.flatMap((kind) => kind.versions.map(({ version }) => `${kind.group}/${version}`)));
  for (const [group = '', version = ''] of [...served].map((each) => each.split('/')))
    documents.push(v3(group, version));
  for (const document of documents) {
    const text = JSON.stringify(document);
    const names = new Set(
      [...text.matchAll(/"\$ref":"#\/(?:definitions|components\/schemas|parameters)\/([^"]+)"/g)].map((m) => m[1]),
    );
    const { definitions, parameters, components } = document as Record<string, Json | undefined>;
    const known = { ...definitions, ...parameters, ...(components?.schemas as Json | undefined) };
    expect([...names].filter((name) => !(name !== undefined && name in known))).toEqual([]);
  }
});

test('operations have unique ids', () => {
  const { paths } = openApiV2(input) as { paths: Record<string, Record<string, { operationId?: string }>> };
  const ids = Object.values(paths).flatMap((path) => Object.values(path).flatMap((o) => o.operationId ?? []));
  expect(ids.length).toBeGreaterThan(700);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toContain('connectCoreV1GetNamespacedPodExec');
});

test('a custom kind is published with what every object has', () => {
  const document = v3('example.com', 'v1');
  expect(document.components.schemas['com.example.v1.Widget']).toMatchObject({
    properties: {
      metadata: { allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }] },
      spec: {
        properties: {
          port: { anyOf: [{ type: 'integer' }, { type: 'string' }] },
          colour: { type: 'string', nullable: true },
          object: { required: ['kind', 'apiVersion'] },
        },
      },
    },
    'x-kubernetes-group-version-kind': [{ group: 'example.com', kind: 'Widget', version: 'v1' }],
  });
  expect(Object.keys(document.paths)).toContain('/apis/example.com/v1/namespaces/{namespace}/widgets/{name}/status');
  const { definitions } = openApiV2(input) as { definitions: Record<string, { properties: { spec: Json } }> };
  expect(definitions['com.example.v1.Widget']?.properties.spec).toEqual({
    type: 'object',
    properties: {
      port: { 'x-kubernetes-int-or-string': true },
      colour: {},
      object: expect.objectContaining({ required: ['kind', 'apiVersion'] }) as unknown,
    },
  });
});

test('the index names a document for each group version, with a hash that follows its content', () => {
  const { paths } = openApiIndex(input) as { paths: Record<string, { serverRelativeURL: string }> };
  const hash = documentHash('example.com', 'v1', input);
  expect(paths['apis/example.com/v1']?.serverRelativeURL).toBe(`/openapi/v3/apis/example.com/v1?hash=${hash}`);
  expect(Object.keys(paths)).toContain('api/v1');
  const changed = { ...input, customSchema: () => ({ type: 'object' }) };
  expect(documentHash('example.com', 'v1', changed)).not.toBe(hash);
  expect(documentHash('apps', 'v1', changed)).toBe(documentHash('apps', 'v1', input));
});

test('version 2 leaves out what its clients stumble over', () => {
  const told = (properties: Json, rest: Json = {}) => {
    const schema = { type: 'object', properties: { spec: { type: 'object', properties, ...rest } } };
    const { definitions } = openApiV2({ ...input, customSchema: () => schema }) as {
      definitions: Record<string, { properties: { spec: Json } }>;
    };
    return definitions['com.example.v1.Widget']?.properties.spec;
  };
  const open = 'x-kubernetes-preserve-unknown-fields';
  expect(
    told(
      {
        a: { type: 'string', nullable: true, description: 'maybe' },
        b: { type: 'object', properties: { x: { type: 'string' } }, [open]: true },
        c: { type: 'array', items: { type: 'string' }, [open]: true },
        d: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }], default: 1 },
        e: { type: 'object', 'x-kubernetes-embedded-resource': true, [open]: true },
        f: { type: 'boolean', default: false },
      },
      { required: ['a', 'f'], oneOf: [{ required: ['a'] }] },
    ),
  ).toEqual({
    type: 'object',
    required: ['f'],
    properties: {
      a: { description: 'maybe' },
      b: { [open]: true },
      c: { [open]: true },
      d: { 'x-kubernetes-int-or-string': true, default: 1 },
      e: { 'x-kubernetes-embedded-resource': true, [open]: true },
      f: { type: 'boolean', default: false },
    },
  });
  const { definitions } = openApiV2({ ...input, customSchema: () => ({ type: 'object', [open]: true }) }) as {
    definitions: Record<string, Json>;
  };
  expect(definitions['com.example.v1.Widget']).toEqual({
    type: 'object',
    'x-kubernetes-group-version-kind': [{ group: 'example.com', kind: 'Widget', version: 'v1' }],
  });
});
