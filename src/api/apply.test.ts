import { expect, test } from 'vitest';
import { applyConfiguration, managedAfterUpdate } from './apply.ts';
import type { KubeObject, ManagedFieldsEntry } from './object.ts';
import type { Field, ObjectSchema, Schema } from './schema.ts';
import { ApiError } from './status.ts';

const text: Schema = { type: 'string' };
const number: Schema = { type: 'int32' };

function struct(fields: Record<string, Schema | Partial<Field>>, of: Partial<ObjectSchema> = {}): ObjectSchema {
  const field = (name: string, is: Schema | Partial<Field>): Field => ({
    name,
    pointer: false,
    omitempty: true,
    required: false,
    ...('type' in is ? { schema: is } : (is as Partial<Field> & { schema: Schema })),
  });
  const entries = Object.entries(fields).map(([name, is]) => [name, field(name, is)] as const);
  return { type: 'object', name: 'x', fields: new Map(entries), atomic: false, open: false, ...of };
}

const mapOf = (values: Schema, atomic = false): Schema => ({ type: 'map', values, atomic });
const setOf = (items: Schema): Schema => ({ type: 'list', items, listType: 'set', keys: [] });
const keyed = (items: Schema, ...keys: string[]): Schema => ({ type: 'list', items, listType: 'map', keys });

const port = struct({
  port: { schema: number, omitempty: false },
  protocol: { schema: text, default: 'TCP' },
  name: text,
});
const metadata = struct({ name: text, namespace: text, labels: mapOf(text), annotations: mapOf(text) });
const widget = struct({
  apiVersion: text,
  kind: text,
  metadata,
  data: mapOf(text),
  spec: struct({
    replicas: { schema: number, pointer: true },
    tags: setOf(text),
    steps: { type: 'list', items: text, listType: 'atomic', keys: [] },
    ports: keyed(port, 'port', 'protocol'),
    nested: mapOf(mapOf(text)),
    whole: mapOf(text, true),
  }),
  status: struct({ ready: { schema: { type: 'boolean' }, pointer: true } }),
});

interface Widget extends KubeObject {
  data?: Record<string, string | null> | null;
  spec?: Record<string, unknown>;
}

const make = (rest: object): Widget => ({ apiVersion: 'v1', kind: 'Widget', metadata: { name: 'w' }, ...rest });

/** A widget and its writes, a second apart. */
function stage(first?: Widget) {
  let live = first;
  let now = 0;
  const common = (manager: string) => ({ live, schema: widget, apiVersion: 'v1', manager, now: (now += 1000) });
  const store = (object: Widget, managedFields: ManagedFieldsEntry[] | undefined): Widget => {
    const { managedFields: _, ...metadata } = object.metadata;
    live = { ...object, metadata: { ...metadata, uid: 'u', ...(managedFields && { managedFields }) } };
    return live;
  };
  return {
    update: (manager: string, next: Widget, more: object = {}) =>
      store(next, managedAfterUpdate({ ...common(manager), next, ...more })),
    apply: (manager: string, rest: object, more: object = {}) => {
      const resource = { group: '', resource: 'widgets' };
      const applied = applyConfiguration({ ...common(manager), config: make(rest), force: false, resource, ...more });
      return store(applied.object as Widget, applied.managedAfter(applied.object));
    },
    owners: () => Object.fromEntries((live?.metadata.managedFields ?? []).map((e) => [e.manager, e.fieldsV1])),
    entries: () => live?.metadata.managedFields,
    live: () => live,
  };
}

function refusal(attempt: () => unknown) {
  try {
    attempt();
  } catch (error) {
    if (error instanceof ApiError) return error.status;
  }
  throw new Error('it was not refused');
}

test('who creates an object owns its fields and its maps, but not what any object has', () => {
  const { update, entries } = stage();
  update('alpha', make({ data: { k: '1' }, spec: { replicas: 1 }, status: {} }));
  expect(entries()).toEqual([
    {
      manager: 'alpha',
      operation: 'Update',
      apiVersion: 'v1',
      time: '1970-01-01T00:00:01Z',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { '.': {}, 'f:k': {} }, 'f:spec': { 'f:replicas': {} } },
    },
  ]);
});

test('who changes a field owns it alone; what is removed nobody owns; who has nothing left goes', () => {
  const { update, owners } = stage();
  update('alpha', make({ data: { k: '1' }, metadata: { name: 'w', labels: { x: 'y' } } }));
  update('beta', make({ data: { k: '2', z: '1' }, metadata: { name: 'w', labels: { x: 'y' } } }));
  expect(owners()).toEqual({
    alpha: { 'f:data': {}, 'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } } },
    beta: { 'f:data': { 'f:k': {}, 'f:z': {} } },
  });
  update('gamma', make({ data: { k: '3' } }));
  expect(owners()).toEqual({ alpha: { 'f:data': {} }, gamma: { 'f:data': { 'f:k': {} } } });
});

test('a write that changes nothing keeps the very entries', () => {
  const { update, entries } = stage();
  update('alpha', make({ data: { k: '1' } }));
  const before = entries();
  update('beta', make({ data: { k: '1' } }));
  expect(entries()).toBe(before);
});

test('fields that a path resets are never owned through it', () => {
  const { update, owners } = stage();
  update('alpha', make({ data: { k: '1' }, status: { ready: true } }), { resetFields: ['status'] });
  expect(owners()).toEqual({ alpha: { 'f:data': { '.': {}, 'f:k': {} } } });
});

test('an empty entry takes all owners away, and nobody is recorded until an apply', () => {
  const { update, apply, owners, entries } = stage();
  update('alpha', make({ data: { k: '1' } }));
  update('beta', make({ data: { k: '1' }, metadata: { name: 'w', managedFields: [{}] } }));
  expect(entries()).toBeUndefined();
  update('gamma', make({ data: { k: '2' } }));
  expect(entries()).toBeUndefined();
  apply('m', { data: { k: '2' } });
  expect(owners()).toEqual({
    m: { 'f:data': { 'f:k': {} } },
    'before-first-apply': { 'f:data': { '.': {}, 'f:k': {} } },
  });
});

test('an empty list, and entries that are none, do not lose the owners', () => {
  const { update, owners } = stage();
  update('alpha', make({ data: { k: '1' } }));
  const before = owners();
  update('alpha', make({ data: { k: '1' }, metadata: { name: 'w', managedFields: [] } }));
  update('alpha', make({ data: { k: '1' }, metadata: { name: 'w', managedFields: [{ manager: 'x' }] } }));
  expect(owners()).toEqual(before);
});

test('the oldest of more than ten updaters are merged', () => {
  const { update, entries } = stage();
  const data: Record<string, string> = {};
  for (let i = 0; i < 13; i++) {
    data[`k${i}`] = 'x';
    update(`m${i}`, make({ data: { ...data } }));
  }
  expect(entries()?.map(({ manager }) => manager)).toEqual([
    'ancient-changes',
    ...[4, 5, 6, 7, 8, 9, 10, 11, 12].map((i) => `m${i}`),
  ]);
  expect(entries()?.[0]).toMatchObject({
    time: '1970-01-01T00:00:04Z',
    fieldsV1: { 'f:data': { '.': {}, 'f:k0': {}, 'f:k1': {}, 'f:k2': {}, 'f:k3': {} } },
  });
});

test('an apply owns what it names, and removes what it names no more', () => {
  const { apply, owners, live } = stage();
  apply('m', { data: { k: '1', l: '1' }, spec: { tags: ['a'] } });
  expect(owners()).toEqual({ m: { 'f:data': { 'f:k': {}, 'f:l': {} }, 'f:spec': { 'f:tags': { 'v:"a"': {} } } } });
  apply('m', { data: { l: '1' } });
  expect(live()).toMatchObject({ data: { l: '1' } });
  expect(live()?.data).not.toHaveProperty('k');
  apply('m', {});
  expect(live()).not.toHaveProperty('data');
  expect(live()?.metadata.managedFields).toBeUndefined();
});

test('applying the same again changes not even the time', () => {
  const { apply, entries } = stage();
  apply('m', { data: { k: '1' } });
  const before = entries();
  apply('m', { data: { k: '1' } });
  expect(entries()).toBe(before);
});

test('two may agree on a field; the one who joins without changing anything has no time', () => {
  const { apply, entries } = stage();
  apply('one', { spec: { steps: ['a'] } });
  apply('two', { spec: { steps: ['a'] } });
  expect(entries()?.map(({ manager, time }) => [manager, time])).toEqual([
    ['two', undefined],
    ['one', '1970-01-01T00:00:01Z'],
  ]);
});

test('a change of what others own is refused, or taken over by force', () => {
  const { apply, update, owners } = stage();
  apply('one', { data: { k: '1', l: '1' } });
  expect(refusal(() => apply('two', { data: { k: '2' } }))).toMatchObject({
    code: 409,
    reason: 'Conflict',
    message: 'Apply failed with 1 conflict: conflict with "one": .data.k',
    details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.k' }] },
  });
  update('three', make({ data: { k: '3', l: '1' } }));
  expect(refusal(() => apply('two', { data: { k: '2', l: '2' } })).message).toBe(
    'Apply failed with 2 conflicts: conflicts with "one":\n- .data.l\nconflicts with "three" using v1:\n- .data.k',
  );
  apply('two', { data: { k: '2', l: '2' } }, { force: true });
  expect(owners()).toEqual({ two: { 'f:data': { 'f:k': {}, 'f:l': {} } } });
});

test('entries of keyed lists are told apart with the defaults of their keys', () => {
  const { apply, live, owners } = stage();
  apply('one', {
    spec: {
      ports: [
        { port: 53, name: 'dns' },
        { port: 53, protocol: 'UDP' },
      ],
    },
  });
  apply('two', { spec: { ports: [{ port: 80 }, { port: 53, protocol: 'TCP', name: 'dns' }] } });
  expect(live()?.spec?.ports).toEqual([
    { port: 80 },
    { port: 53, name: 'dns', protocol: 'TCP' },
    { port: 53, protocol: 'UDP' },
  ]);
  expect(owners().one).toEqual({
    'f:spec': {
      'f:ports': {
        'k:{"port":53,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {} },
        'k:{"port":53,"protocol":"UDP"}': { '.': {}, 'f:port': {}, 'f:protocol': {} },
      },
    },
  });
  apply('one', {});
  expect(live()?.spec?.ports).toEqual([{ port: 80 }, { port: 53, name: 'dns', protocol: 'TCP' }]);
});

test('sets are merged in the order of the configuration', () => {
  const { apply, live } = stage();
  apply('one', { spec: { tags: ['a', 'b'] } });
  expect(apply('two', { spec: { tags: ['c', 'a'] } }).spec?.tags).toEqual(['c', 'a', 'b']);
  apply('one', { spec: { tags: ['b'] } });
  apply('two', { spec: { tags: [] } });
  expect(live()?.spec?.tags).toEqual(['b']);
});

test('what somebody still owns stays, emptied of what nobody does', () => {
  const { apply, live } = stage();
  apply('one', { spec: { nested: { a: { x: '1' } } } });
  apply('two', { spec: { nested: { a: { y: '1' }, b: { z: '1' } } } });
  apply('one', { spec: { nested: {} } });
  expect(live()?.spec?.nested).toEqual({ a: { y: '1' }, b: { z: '1' } });
  apply('two', {});
  expect(live()?.spec?.nested).toEqual({});
});

test('what an update set beside an applied field outlives the applied one', () => {
  const { apply, update, live } = stage();
  const applied = apply('one', { spec: { replicas: 1, whole: { a: '1' } } });
  update('two', { ...applied, spec: { ...applied.spec, steps: ['x'] } });
  apply('one', {});
  expect(live()?.spec).toEqual({ steps: ['x'] });
});

test('kubectl takes over from its client-side apply, and keeps its annotation', () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const configuration = (data: object) => JSON.stringify(make({ data }));
  const { update, apply, live } = stage();
  const annotations = { [annotation]: configuration({ k: '1', l: '1' }) };
  update('kubectl-client-side-apply', make({ data: { k: '1', l: '1' }, metadata: { name: 'w', annotations } }));
  apply('kubectl', { data: { k: '2' } });
  expect(live()?.data).toEqual({ k: '2', l: '1' });
  expect(live()?.metadata.annotations?.[annotation]).toBe(
    '{"apiVersion":"v1","data":{"k":"2"},"kind":"Widget","metadata":{"name":"w"}}\n',
  );
  expect(refusal(() => apply('other', { data: { k: '3' } })).reason).toBe('Conflict');
});

test('owners in other versions are asked about the fields of those', () => {
  const { apply, update, owners } = stage();
  apply('one', { data: { k: '1' } });
  const renamed = ({ data, ...rest }: Widget) => ({ ...rest, status: { ready: data?.k === '1' } }) as Widget;
  const inVersion = (object: KubeObject, version: string) =>
    version === 'v1' ? { object: renamed(object as Widget), schema: widget } : undefined;
  const other = { apiVersion: 'v2', inVersion };
  update('two', make({ data: { k: '2' } }), other);
  expect(owners()).toEqual({ one: { 'f:data': { 'f:k': {} } }, two: { 'f:data': { 'f:k': {} } } });
  update('three', make({ data: { k: '3' } }), { apiVersion: 'v3', inVersion: () => undefined });
  expect(owners()).toEqual({ three: { 'f:data': { 'f:k': {} } } });
});

test('what was owned in parts and has become atomic is owned as a whole', () => {
  const { name: _, ...custom } = widget;
  const atomic = {
    ...custom,
    fields: new Map(custom.fields).set('data', {
      name: 'data',
      schema: mapOf(text, true),
      pointer: true,
      omitempty: true,
      required: false,
    }),
  };
  const { apply, owners } = stage();
  apply('one', { data: { k: '1' } }, { schema: custom });
  apply('two', { status: { ready: true } }, { schema: atomic });
  expect(owners().one).toEqual({ 'f:data': {} });
});

test.each([
  [{ data: { k: 1 } }, '.data.k: expected string, got &value.valueUnstructured{Value:1}'],
  [{ data: 'x' }, '.data: expected map, got &{x}'],
  [{ spec: { tags: { a: 'b' } } }, '.spec.tags: expected list, got &{map[a:b]}'],
  [{ spec: { replicas: '3' } }, '.spec.replicas: expected numeric (int or float), got string'],
  [
    { spec: { ports: [{ port: 1, shape: 'x' }] } },
    '.spec.ports[port=1,protocol="TCP"].shape: field not declared in schema',
  ],
  [{ spec: { tags: ['c', 'c'] } }, '.spec.tags: duplicate entries for key [="c"]'],
  [{ spec: { ports: [null] } }, '.spec.ports: element 0: associative list with keys may not have a null element'],
])('%j does not fit', (rest, problem) => {
  expect(refusal(() => stage().apply('m', rest))).toEqual({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `failed to create typed patch object (/w; v1, Kind=Widget): ${problem}`.replace('; v1', '; /v1'),
    code: 500,
  });
});
