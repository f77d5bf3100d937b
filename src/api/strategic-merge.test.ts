import { expect, test } from 'vitest';
import type { Field, ObjectSchema, Schema } from './schema.ts';
import { applyStrategicMerge } from './strategic-merge.ts';

const text: Schema = { type: 'string' };

function struct(name: string, fields: Record<string, Schema | Partial<Field>>): ObjectSchema {
  const field = (key: string, of: Schema | Partial<Field>): Field => ({
    name: key,
    pointer: true,
    omitempty: true,
    required: false,
    ...('type' in of ? { schema: of } : (of as Partial<Field> & { schema: Schema })),
  });
  const entries = Object.entries(fields).map(([key, of]) => [key, field(key, of)] as const);
  return { type: 'object', name, fields: new Map(entries), atomic: false, open: false };
}

const listOf = (items: Schema): Schema => ({ type: 'list', items, listType: 'atomic', keys: [] });
const merged = (items: Schema, patchMergeKey?: string): Partial<Field> => ({
  schema: listOf(items),
  patchStrategy: ['merge'],
  ...(patchMergeKey && { patchMergeKey }),
});

const variable = struct('x.EnvVar', { name: text, value: text });
const container = struct('x.Container', { name: text, image: text, args: listOf(text), env: merged(variable, 'name') });
const pod = struct('x.Pod', {
  containers: merged(container, 'name'),
  finalizers: merged(text),
  labels: { type: 'map', values: text, atomic: false },
  strategy: struct('x.Strategy', { type: text, rolling: text }),
});

const live = Object.freeze({
  containers: [
    { name: 'a', image: 'i', args: ['x', 'y'], env: [{ name: 'E', value: '1' }] },
    { name: 'b', image: 'j' },
  ],
  finalizers: ['f', 'g'],
  labels: { k: '1' },
});

const after = (patch: object) => applyStrategicMerge(live, patch, pod) as typeof live;
const names = (patch: object) => after(patch).containers.map(({ name }) => name);

test('lists with a merge key are merged by it, others are replaced', () => {
  const [a, b] = after({ containers: [{ name: 'a', image: 'new', args: ['z'] }] }).containers;
  expect(a).toEqual({ name: 'a', image: 'new', args: ['z'], env: [{ name: 'E', value: '1' }] });
  expect(b).toBe(live.containers[1]);
});

test('a new entry comes before those that the patch does not name', () => {
  expect(names({ containers: [{ name: 'c' }] })).toEqual(['c', 'a', 'b']);
  expect(names({ containers: [{ name: 'b' }, { name: 'c' }] })).toEqual(['a', 'b', 'c']);
});

test('entries are deleted by key, and a list is replaced by a marker', () => {
  expect(names({ containers: [{ $patch: 'delete', name: 'a' }] })).toEqual(['b']);
  expect(names({ containers: [{ $patch: 'replace' }, { name: 'z' }] })).toEqual(['z']);
});

test('plain lists are merged as sets, with entries taken away on request', () => {
  expect(after({ finalizers: ['h', 'g'] }).finalizers).toEqual(['h', 'f', 'g']);
  expect(after({ '$deleteFromPrimitiveList/finalizers': ['f'], finalizers: ['h'] }).finalizers).toEqual(['h', 'g']);
});

test('an order is imposed on the entries it names', () => {
  const order = { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] };
  expect(names(order)).toEqual(['b', 'a']);
  expect(names({ '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }], containers: [{ name: 'c' }] })).toEqual(
    ['c', 'a', 'b'],
  );
  const deleting = [{ name: 'd' }, { name: 'a', $patch: 'delete' }];
  expect(names({ '$setElementOrder/containers': [{ name: 'd' }], containers: deleting })).toEqual(['b', 'd']);
  expect(after({ '$setElementOrder/finalizers': ['g', 'f'] }).finalizers).toEqual(['g', 'f']);
  expect(() => after({ ...order, containers: [{ name: 'c' }] })).toThrow("doesn't match $setElementOrder list");
});

test('objects keep only the keys to be retained', () => {
  const rolling = { strategy: { type: 'Rolling', rolling: '1' } };
  const patch = (strategy: object) => applyStrategicMerge(rolling, { strategy }, pod);
  expect(patch({ $retainKeys: ['type'], type: 'Recreate' })).toEqual({ strategy: { type: 'Recreate' } });
  expect(() => patch({ $retainKeys: ['rolling'], type: 'x' })).toThrow('invalid patch format of retainKeys');
});

test('an object is replaced or emptied by directive', () => {
  expect(after({ labels: { $patch: 'replace', z: '2' } }).labels).toEqual({ z: '2' });
  expect(after({ labels: { $patch: 'delete' } }).labels).toEqual({});
});

test('null takes away, and means nothing where nothing is', () => {
  expect(after({ labels: null })).not.toHaveProperty('labels');
  expect(after({ strategy: { type: null, rolling: '1' } })).toMatchObject({ strategy: { rolling: '1' } });
});

test('mistakes have the words of upstream', () => {
  expect(() => after({ containers: [{ image: 'k' }] })).toThrow(
    'map: map[image:k] does not contain declared merge key: name',
  );
  expect(() => after({ containers: ['x'] })).toThrow(
    /^list element types are not identical: \[\[map\[args:\[x y] env:/,
  );
  expect(() => after({ '$setElementOrder/colours': [] })).toThrow(
    'unable to find api field in struct Pod for the json field "colours"',
  );
});
