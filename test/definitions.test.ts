// Definitions like those of well-known projects are served, and objects of their kinds come back as they were sent.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { expect, test } from 'vitest';
import { type Answer, bareServer, type BareServer } from './support/bare-server.ts';
import type { CustomResourceDefinition } from '../src/kinds/apiextensions/custom-resource-definition.ts';

const folder = fileURLToPath(new URL('definitions', import.meta.url));
const definitionPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

interface Sample {
  readonly apiVersion: string;
  readonly metadata: { readonly name: string };
  readonly spec: unknown;
  readonly status?: unknown;
}

const pairs = readdirSync(folder).map((file) => {
  const [definition, sample] = loadAll(readFileSync(`${folder}/${file}`, 'utf8'));
  return { file, definition: definition as CustomResourceDefinition, sample: sample as Sample };
});

/** A server that follows definitions, and a way to ask it as clients do: in JSON. */
const serving = () => bareServer({ definitions: true });

type Ask = BareServer['ask'];

async function established(ask: Ask, definition: CustomResourceDefinition): Promise<Record<string, string>> {
  expect(await ask('POST', definitionPath, definition)).toMatchObject({ status: 201 });
  for (let tries = 0; tries < 100; tries++) {
    const { body } = await ask('GET', `${definitionPath}/${definition.metadata.name}`);
    const conditions = (body as CustomResourceDefinition).status?.conditions ?? [];
    const states = Object.fromEntries(conditions.map(({ type, status }) => [type, status]));
    if (states.Established === 'True') return states;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`${definition.metadata.name} was never established`);
}

const collectionOf = ({ spec }: CustomResourceDefinition, { apiVersion }: Sample): string =>
  `/apis/${apiVersion}/namespaces/default/${spec.names.plural}`;

test.each(pairs)('$file: the kind is served, and a strict client gets back what it sent', async (pair) => {
  const { definition, sample } = pair;
  const { ask } = await serving();
  await established(ask, definition);
  const collection = collectionOf(definition, sample);
  const made = await ask('POST', `${collection}?fieldValidation=Strict`, sample);
  expect(made).toMatchObject({ status: 201, warnings: undefined });
  const { body } = await ask('GET', `${collection}/${sample.metadata.name}`);
  expect((body as Sample).spec).toEqual(sample.spec);
  expect((body as Sample).status).toEqual(sample.status);

  const applied = await ask('PATCH', `${collection}/${sample.metadata.name}?fieldManager=x&force=true`, sample, {
    'content-type': 'application/apply-patch+yaml',
  });
  expect(applied.status).toBe(200);
  expect((applied.body as Sample).spec).toEqual(sample.spec);
});

test('columns are found by their paths, in lists as well', async () => {
  const { definition, sample } = pairs.find(({ file }) => file === 'certificate.yaml') as (typeof pairs)[number];
  const { ask } = await serving();
  await established(ask, definition);
  const collection = collectionOf(definition, sample);
  await ask('POST', collection, sample);
  const conditions = [
    { type: 'Issuing', status: 'False' },
    { type: 'Ready', status: 'True' },
  ];
  await ask('PATCH', `${collection}/${sample.metadata.name}/status`, { status: { conditions } }, merge);
  const selected = `${collection}?fieldSelector=spec.issuerRef.name=letters`;
  const table = await ask('GET', selected, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
  expect((table.body as { rows: { cells: unknown[] }[] }).rows.map(({ cells }) => cells)).toEqual([
    ['web', 'True', 'web-tls', '0s'],
  ]);
});

test('a route written in an old version warns, is filled in, and is read in the new one', async () => {
  const { definition } = pairs.find(({ file }) => file === 'route.yaml') as (typeof pairs)[number];
  const { ask } = await serving();
  expect(await established(ask, definition)).toMatchObject({ KubernetesAPIApprovalPolicyConformant: 'True' });
  const made = await ask('POST', '/apis/gateway.example.k8s.io/v1beta1/namespaces/default/httproutes', {
    apiVersion: 'gateway.example.k8s.io/v1beta1',
    kind: 'HTTPRoute',
    metadata: { name: 'r' },
    spec: { parentRefs: [{ name: 'main' }], rules: [{ backendRefs: [{ name: 'a' }] }] },
  });
  expect(made.status).toBe(201);
  expect(made.warnings).toEqual(['299 - "gateway.example.k8s.io/v1beta1 HTTPRoute is old; use v1"']);
  const { body } = await ask('GET', '/apis/gateway.example.k8s.io/v1/namespaces/default/httproutes/r');
  expect((body as Sample).apiVersion).toBe('gateway.example.k8s.io/v1');
  expect((body as Sample).spec).toEqual({
    parentRefs: [{ group: 'gateway.example.k8s.io', kind: 'Gateway', name: 'main' }],
    rules: [
      {
        backendRefs: [{ group: '', kind: 'Service', name: 'a', weight: 1 }],
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
      },
    ],
  });
});

const widgets = (versions: readonly object[]): CustomResourceDefinition =>
  ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' }, versions },
  }) as never;

const version = (name: string, properties: object, more: object = {}) => ({
  name,
  served: true,
  storage: name === 'v1',
  schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } },
  ...more,
});

const widget = (spec: object, apiVersion = 'example.com/v1', metadata: object = {}) => ({
  apiVersion,
  kind: 'Widget',
  metadata: { name: 'w', ...metadata },
  spec,
});

const placeOf = (name: string) => `/apis/example.com/${name}/namespaces/default/widgets`;
const merge = { 'content-type': 'application/merge-patch+json' };

/** Asks until the answer is as wished. */
async function until<T>(answer: () => Promise<T>, wished: (found: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await answer();
    if (wished(found)) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('waited in vain');
}

test('a definition stays until its objects are gone, and nothing new is made meanwhile', async () => {
  const { ask, clock } = await serving();
  await established(ask, widgets([version('v1', {})]));
  await ask('POST', placeOf('v1'), widget({}, 'example.com/v1', { finalizers: ['example.com/hold'] }));
  const definition = `${definitionPath}/widgets.example.com`;
  expect((await ask('DELETE', definition)).status).toBe(200);
  const reasonOf = ({ body }: Answer) =>
    (body as CustomResourceDefinition).status?.conditions?.find(({ type }) => type === 'Terminating')?.reason;
  await until(
    () => ask('GET', definition),
    (found) => reasonOf(found) === 'InstanceDeletionInProgress',
  );
  expect(await ask('POST', placeOf('v1'), widget({}, 'example.com/v1', { name: 'x' }))).toMatchObject({
    status: 405,
    body: { message: 'create not allowed while custom resource definition is terminating' },
  });
  await ask('PATCH', `${placeOf('v1')}/w`, { metadata: { finalizers: [] } }, merge);
  await clock.advance(5000);
  expect((await ask('GET', definition)).status).toBe(404);
  expect(await ask('GET', placeOf('v1'))).toMatchObject({ status: 404, body: '404 page not found\n' });
});

test('what lies in the store is read by the schema of today', async () => {
  const { ask } = await serving();
  await established(ask, widgets([version('v1', { a: { type: 'string' }, b: { type: 'integer' } })]));
  await ask('POST', placeOf('v1'), widget({ a: 'x', b: 1 }));
  const changed = version('v1', { b: { type: 'integer' }, c: { type: 'string', default: 'new' } });
  await ask('PATCH', `${definitionPath}/widgets.example.com`, { spec: { versions: [changed] } }, merge);
  const specOf = ({ body }: Answer) => (body as Sample).spec;
  const found = await until(
    () => ask('GET', `${placeOf('v1')}/w`),
    (each) => !('a' in (specOf(each) as object)),
  );
  expect(specOf(found)).toEqual({ b: 1, c: 'new' });
});

test('each version has its own rules and subresources, and an API service', async () => {
  const { ask } = await serving();
  const versions = [
    version('v1', { size: { type: 'integer' } }),
    version(
      'v2',
      { size: { type: 'integer', maximum: 5 }, count: { type: 'integer' } },
      { subresources: { status: {} } },
    ),
  ];
  await established(ask, widgets(versions));
  await ask('POST', placeOf('v1'), widget({ size: 9 }));
  const refused = await ask('PATCH', `${placeOf('v2')}/w`, { spec: { size: 8 } }, merge);
  expect(refused).toMatchObject({ status: 422 });
  expect((await ask('PATCH', `${placeOf('v1')}/w`, { spec: { size: 8 } }, merge)).status).toBe(200);
  expect((await ask('GET', `${placeOf('v1')}/w/status`)).status).toBe(404);
  expect((await ask('GET', `${placeOf('v2')}/w/status`)).status).toBe(200);
  for (const name of ['v1', 'v2']) {
    const service = `/apis/apiregistration.k8s.io/v1/apiservices/${name}.example.com`;
    await until(
      () => ask('GET', service),
      ({ status }) => status === 200,
    );
  }
});
