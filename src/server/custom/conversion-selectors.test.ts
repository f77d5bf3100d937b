import { expect, test } from 'vitest';
import { converted, type Json, path, place, serving } from '../../../test/support/places.ts';
import type { Kind } from '../../api/kind.ts';

type Serving = Awaited<ReturnType<typeof serving>>;

const names = (list: Json): string[] => (list.items as Json[]).map(({ metadata }) => metadata.name as string);
const told = (lines: readonly Json[]) => lines.map(({ type, object }) => [type, object?.metadata?.name, object?.spec]);
const merge = { 'content-type': 'application/merge-patch+json' };
const about = 'conversion webhook for example.com/v1, Kind=Place';

async function three() {
  const cluster = await serving();
  for (const name of ['a', 'b', 'c'])
    await cluster.call('POST', path('v1'), place('v1', name, { at: `${name === 'c' ? 'far' : 'near'}:1` }));
  return cluster;
}

/** The webhook gives each object the label `of` with the version it converts to. */
const labelling = (request: Json): Json => ({
  result: { status: 'Success' },
  convertedObjects: (request.objects as Json[]).map((each) => {
    const object = converted(each, request.desiredAPIVersion as string);
    return { ...object, metadata: { ...object.metadata, labels: { of: object.apiVersion.split('/')[1] } } };
  }),
});

const failing = (): Json => ({ result: { status: 'Failed', message: 'no idea' } });

test('a field selector looks at the version that is asked for, in one question', async () => {
  const { call, asked } = await three();
  expect(names(await call('GET', `${path('v2')}?fieldSelector=spec.host%3Dnear`))).toEqual(['a', 'b']);
  expect(names(await call('GET', `${path('v2')}?fieldSelector=spec.host!%3Dnear`))).toEqual(['c']);
  expect(asked.map(({ objects }) => objects.length)).toEqual([3]);
  expect(names(await call('GET', `${path('v1')}?fieldSelector=spec.at%3Dfar:1`))).toEqual(['c']);
  expect(await call('GET', `${path('v2')}?fieldSelector=spec.at%3Dfar:1`)).toMatchObject({
    code: 400,
    message: 'field label not supported: spec.at',
  });
});

test('names and namespaces need no conversion to be selected by', async () => {
  const { call, asked, answerWith } = await three();
  expect(names(await call('GET', `${path('v2')}?fieldSelector=metadata.name%3Dc,metadata.namespace%3Da`))).toEqual([
    'c',
  ]);
  expect(asked.map(({ objects }) => (objects as Json[]).map(({ metadata }) => metadata.name))).toEqual([['c']]);
  answerWith(failing);
  expect(names(await call('GET', `${path('v2')}?fieldSelector=metadata.name%3Dnone`))).toEqual([]);
});

test('pages hold what is selected, now and in the past', async () => {
  const { call, asked } = await three();
  const first = await call('GET', `${path('v2')}?fieldSelector=spec.host%3Dnear&limit=1`);
  const { resourceVersion } = first.metadata;
  await call('PATCH', path('v1', 'b'), { spec: { at: 'far:1' } }, merge);
  const query = `fieldSelector=spec.host%3Dnear&limit=1&continue=${first.metadata.continue}`;
  const second = await call('GET', `${path('v2')}?${query}`);
  expect([names(first), names(second), second.metadata.continue]).toEqual([['a'], ['b'], '']);
  const before = asked.length;
  const then = `resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`;
  expect(names(await call('GET', `${path('v2')}?fieldSelector=spec.host%3Dnear&${then}`))).toEqual(['a', 'b']);
  expect(asked.length - before).toBe(1);
  expect(names(await call('GET', `${path('v2')}?fieldSelector=spec.host%3Dnear`))).toEqual(['a']);
});

test('labels are those of the version, too', async () => {
  const { call, answerWith } = await three();
  answerWith(labelling);
  expect(names(await call('GET', `${path('v2')}?labelSelector=of%3Dv2`))).toEqual(['a', 'b', 'c']);
  expect(names(await call('GET', `${path('v1')}?labelSelector=of`))).toEqual([]);
});

test('a watch tells what comes into its selection, what stays and what leaves, by the version', async () => {
  const { call, watching } = await three();
  const { lines, settle } = await watching(`${path('v2')}?watch=true&fieldSelector=spec.host%3Dfar`);
  await call('PATCH', path('v1', 'a'), { spec: { at: 'far:2' } }, merge);
  await call('PATCH', path('v2', 'a'), { spec: { port: '3' } }, merge);
  await call('PATCH', path('v1', 'b'), { spec: { at: 'near:2' } }, merge);
  await call('PATCH', path('v1', 'a'), { spec: { at: 'near:3' } }, merge);
  await call('DELETE', path('v1', 'b'));
  await call('DELETE', path('v1', 'c'));
  await settle();
  expect(told(lines)).toEqual([
    ['ADDED', 'c', { host: 'far', port: '1' }],
    ['ADDED', 'a', { host: 'far', port: '2' }],
    ['MODIFIED', 'a', { host: 'far', port: '3' }],
    ['DELETED', 'a', { host: 'far', port: '3' }],
    ['DELETED', 'c', { host: 'far', port: '1' }],
  ]);
});

test('a collection is deleted by the fields of the version', async () => {
  const { call } = await three();
  expect(names(await call('DELETE', `${path('v2')}?fieldSelector=spec.host%3Dnear`))).toEqual(['a', 'b']);
  expect(names(await call('GET', path('v1')))).toEqual(['c']);
});

test('a webhook that fails is the answer of a list, and the end of a watch', async () => {
  const { call, watching, answerWith } = await three();
  answerWith(failing);
  const message = `${about} failed: no idea`;
  expect(await call('GET', `${path('v2')}?fieldSelector=spec.host%3Dnear`)).toMatchObject({ code: 500, message });
  const { lines } = await watching(`${path('v2')}?watch=true&fieldSelector=spec.host%3Dnear`);
  const error = { code: 500, reason: 'InternalError', message: `Internal error occurred: ${message}` };
  expect(lines).toMatchObject([
    { type: 'ERROR', object: { kind: 'Status', status: 'Failure', ...error } },
    { type: 'END' },
  ]);
});

const inVersion = ({ server }: Serving, version: string): Kind =>
  server.catalog.find('example.com', version, 'places')?.kind as Kind;

test('a caller of this process that names a version gets that version', async () => {
  const cluster = await three();
  const { client, informers, settle } = cluster;
  const [one, two] = [inVersion(cluster, 'v1'), inVersion(cluster, 'v2')];
  expect(await client.get(two, 'a', 'a')).toMatchObject({ apiVersion: 'example.com/v2', spec: { host: 'near' } });
  expect(await client.get(one, 'a', 'a')).toMatchObject({ apiVersion: 'example.com/v1', spec: { at: 'near:1' } });
  const { items } = await client.list(two, { fieldSelector: 'spec.host=far' });
  expect(items).toMatchObject([{ apiVersion: 'example.com/v2', spec: { host: 'far', port: '1' } }]);
  const [ones, twos] = [await informers.of(one), await informers.of(two)];
  await client.patch(two, { name: 'c', namespace: 'a' }, { spec: { port: '9' } });
  await settle();
  expect([ones.get('c', 'a')?.spec, twos.get('c', 'a')?.spec]).toEqual([{ at: 'far:9' }, { host: 'far', port: '9' }]);
});

test('a mirror is empty while objects cannot be converted, and full again after', async () => {
  const cluster = await three();
  cluster.answerWith(failing);
  const mirror = await cluster.informers.of(inVersion(cluster, 'v2'));
  expect(mirror.size).toBe(0);
  cluster.answerWith(labelling);
  await cluster.clock.advance(1000);
  expect(mirror.list().map(({ spec }) => (spec as Json).host)).toEqual(['near', 'near', 'far']);
});
