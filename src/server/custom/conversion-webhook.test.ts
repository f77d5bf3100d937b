import { expect, test } from 'vitest';
import { converted, type Json, path, place, serving } from '../../../test/support/places.ts';
import { textOf, utf8 } from '../../base/bytes.ts';

test('an object written in one version is read in the other, and stored in the one that is stored', async () => {
  const { call, server } = await serving();
  const made = await call('POST', path('v2'), place('v2', 'p', { host: 'h', port: '1' }));
  expect(made).toMatchObject({ apiVersion: 'example.com/v2', spec: { host: 'h', port: '1' } });
  expect(await call('GET', path('v1', 'p'))).toMatchObject({ apiVersion: 'example.com/v1', spec: { at: 'h:1' } });
  const entries = (await server.store.list({ prefix: '/registry/example.com/places/' })).entries;
  expect(JSON.parse(textOf(entries[0]?.value as Uint8Array))).toMatchObject({
    apiVersion: 'example.com/v1',
    spec: { at: 'h:1' },
  });
});

test('a change in either version counts for both, and a change back to the same is none', async () => {
  const { call } = await serving();
  await call('POST', path('v1'), place('v1', 'p', { at: 'h:1' }));
  const patch = { 'content-type': 'application/merge-patch+json' };
  const changed = await call('PATCH', path('v2', 'p'), { spec: { port: '2' } }, patch);
  expect(changed).toMatchObject({ spec: { host: 'h', port: '2' }, metadata: { generation: 2 } });
  expect((await call('GET', path('v1', 'p'))).spec).toEqual({ at: 'h:2' });
  const again = await call('PATCH', path('v2', 'p'), { spec: { port: '2' } }, patch);
  expect(again.metadata.resourceVersion).toBe(changed.metadata.resourceVersion);
});

test('a list is converted in one question, and each object once', async () => {
  const { call, asked } = await serving();
  for (const name of ['a', 'b', 'c']) await call('POST', path('v1'), place('v1', name, { at: `${name}:1` }));
  const list = await call('GET', path('v2'));
  expect((list.items as Json[]).map(({ apiVersion, spec }) => [apiVersion, spec.host])).toEqual([
    ['example.com/v2', 'a'],
    ['example.com/v2', 'b'],
    ['example.com/v2', 'c'],
  ]);
  expect(asked.map(({ objects, desiredAPIVersion }) => [objects.length, desiredAPIVersion])).toEqual([
    [3, 'example.com/v2'],
  ]);
  await call('GET', path('v2'));
  expect(asked).toHaveLength(1);
});

test('watches speak their own version, in order', async () => {
  const { call, watching } = await serving();
  await call('POST', path('v1'), place('v1', 'p', { at: 'h:1' }));
  const { lines, settle } = await watching(`${path('v2')}?watch=true`);
  await call('PUT', path('v1', 'p'), { ...(await call('GET', path('v1', 'p'))), spec: { at: 'h:2' } });
  await call('DELETE', path('v1', 'p'));
  await settle();
  expect(lines.map(({ type, object }) => [type, object.apiVersion, object.spec])).toEqual([
    ['ADDED', 'example.com/v2', { host: 'h', port: '1' }],
    ['MODIFIED', 'example.com/v2', { host: 'h', port: '2' }],
    ['DELETED', 'example.com/v2', { host: 'h', port: '2' }],
  ]);
});

test('apply in two versions keeps both managers, each with the fields of its version', async () => {
  const { call } = await serving();
  const apply = (version: string, manager: string, spec: object, force = '') =>
    call('PATCH', `${path(version, 'p')}?fieldManager=${manager}${force}`, place(version, 'p', spec), {
      'content-type': 'application/apply-patch+yaml',
    });
  await apply('v2', 'two', { host: 'h', port: '1' });
  const both = await apply('v1', 'one', { at: 'h:1' });
  expect(
    (both.metadata.managedFields as Json[]).map(({ manager, apiVersion }) => `${manager} ${apiVersion}`).sort(),
  ).toEqual(['one example.com/v1', 'two example.com/v2']);
  const conflict = await apply('v1', 'one', { at: 'h:9' });
  expect(conflict).toMatchObject({
    code: 409,
    message: 'Apply failed with 1 conflict: conflict with "two": .spec.port',
  });
});

test('what a webhook may not do is not believed', async () => {
  const { call, answerWith } = await serving();
  const { uid } = (await call('POST', path('v1'), place('v1', 'p', { at: 'h:1' }))).metadata;
  const message = async (change: (object: Json) => Json) => {
    answerWith((request) => ({
      convertedObjects: (request.objects as Json[]).map((each) =>
        change(converted(each, request.desiredAPIVersion as string)),
      ),
      result: { status: 'Success' },
    }));
    return (await call('GET', path('v2', 'p'))).message as string;
  };
  const about = 'conversion webhook for example.com/v1, Kind=Place';
  expect(await message((object) => ({ ...object, apiVersion: 'example.com/v3' }))).toBe(
    `${about} returned invalid object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v3)`,
  );
  expect(await message((object) => ({ ...object, metadata: { ...object.metadata, name: 'q' } }))).toBe(
    `${about} returned invalid object: must have the same name: p != q`,
  );
  expect(await message((object) => ({ ...object, metadata: { ...object.metadata, labels: { a: 1 } } }))).toBe(
    `${about} returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object`,
  );
  expect(await message((object) => ({ ...object, kind: 'Plaice' }))).toBe(
    `${about} returned invalid object at index 0: invalid kind (expected Place, received Plaice)`,
  );
  expect(await message(() => ({ apiVersion: 'example.com/v2' }))).toBe(
    `Object 'Kind' is missing in '{"apiVersion":"example.com/v2"}'`,
  );
  for (const [field, word, was] of [
    ['namespace', 'namespace', 'a'],
    ['uid', 'UID', uid],
  ])
    expect(await message((object) => ({ ...object, metadata: { ...object.metadata, [field as string]: 'x' } }))).toBe(
      `${about} returned invalid object: must have the same ${word}: ${was} != x`,
    );
  expect(await message(({ metadata, ...object }) => ({ ...object, metadata: { ...metadata, annotations: [] } }))).toBe(
    `${about} returned invalid metadata: invalid metadata.annotations of type []interface {} in converted object`,
  );
  expect(
    await message((object) => ({ ...object, metadata: { ...object.metadata, labels: { 'a b': 'c' } } })),
  ).toContain(`${about} returned invalid metadata: metadata.labels: Invalid value: "a b": `);
  answerWith(() => ({ convertedObjects: [], result: { status: 'Success' } }));
  expect((await call('GET', path('v2', 'p'))).message).toBe(`${about} returned 0 objects, expected 1`);
  answerWith(() => ({ result: { status: 'Failed', message: 'no idea' } }));
  expect(await call('GET', path('v2', 'p'))).toMatchObject({ code: 500, message: `${about} failed: no idea` });
  // A list is refused for the first object of it that is not right, in the same words.
  await call('POST', path('v1'), place('v1', 'q', { at: 'h:1' }));
  await message((object) => (object.metadata.name === 'q' ? { ...object, metadata: null } : object));
  expect((await call('GET', path('v2'))).message).toBe(
    `${about} returned invalid object: must have the same name: q != `,
  );
});

test('labels may be converted, the rest of metadata stays what it was', async () => {
  const { call, answerWith } = await serving();
  await call('POST', path('v1'), place('v1', 'p', { at: 'h:1' }));
  answerWith((request) => ({
    convertedObjects: (request.objects as Json[]).map((each) => ({
      ...converted(each, request.desiredAPIVersion as string),
      metadata: { ...each.metadata, labels: { from: 'v1' }, finalizers: ['x/y'], resourceVersion: '999999' },
    })),
    result: { status: 'Success' },
  }));
  const read = await call('GET', path('v2', 'p'));
  expect(read.metadata.labels).toEqual({ from: 'v1' });
  expect(read.metadata.finalizers).toBeUndefined();
  expect(Number(read.metadata.resourceVersion)).toBeLessThan(999999);
});

test('what comes back is cut to the schema of its version, and gets no defaults', async () => {
  const { call, answerWith } = await serving();
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/places.example.com';
  const definition = await call('GET', definitions);
  const [, one, two] = definition.spec.versions as Json[];
  const fieldsOf = (version: Json | undefined) => version?.schema.openAPIV3Schema.properties.spec.properties as Json;
  fieldsOf(one).kept = { type: 'string', default: 'one' };
  fieldsOf(two).via.default = 'tcp';
  await call('PUT', definitions, definition);
  expect((await call('POST', path('v1'), place('v1', 'p', { at: 'h:1' }))).spec).toEqual({ at: 'h:1', kept: 'one' });
  answerWith((request) => ({
    convertedObjects: (request.objects as Json[]).map((each) => {
      const object = converted(each, request.desiredAPIVersion as string);
      return { ...object, spec: { ...object.spec, port: null, odd: each.spec } };
    }),
    result: { status: 'Success' },
  }));
  expect((await call('GET', path('v2', 'p'))).spec).toEqual({ host: 'h' });
});

test('who owns what is forgotten where it cannot be told, and the write goes on', async () => {
  const { call, answerWith } = await serving();
  const yaml = { 'content-type': 'application/apply-patch+yaml' };
  await call('PATCH', `${path('v2', 'p')}?fieldManager=two`, place('v2', 'p', { host: 'h', port: '1' }), yaml);
  answerWith(() => ({ result: { status: 'Failed', message: 'no idea' } }));
  const merge = { 'content-type': 'application/merge-patch+json' };
  const changed = await call('PATCH', path('v1', 'p'), { spec: { at: 'h:2' } }, merge);
  expect(changed).toMatchObject({ spec: { at: 'h:2' } });
  expect(changed.metadata).not.toHaveProperty('managedFields');
});

test('an object that lies in a version its definition has no more cannot be read', async () => {
  const { call, server } = await serving();
  const object = { ...place('v9', 'p', {}), metadata: { name: 'p', namespace: 'a', uid: 'u' } };
  const value = utf8(JSON.stringify(object));
  await server.store.commit({ key: '/registry/example.com/places/a/p', value, expect: 0 });
  const message = 'request to convert CR from an invalid group/version: example.com/v9';
  expect(await call('GET', path('v2', 'p'))).toMatchObject({ code: 500, message });
  expect(await call('GET', path('v2'))).toMatchObject({ code: 500, message });
});
