import { expect, test } from 'vitest';
import type { Kind } from '../api/kind.ts';
import type { KubeObject, ObjectMeta } from '../api/object.ts';
import { validateMetadata, validateMetadataUpdate } from './metadata.ts';

const kind = (scope: Kind['scope'], custom = false) =>
  ({ kind: 'Thing', scope, custom, behaviour: {} }) as unknown as Kind;
const object = (metadata: ObjectMeta): KubeObject => ({ metadata: { name: 'a', namespace: 'n', ...metadata } });
const said = (issues: readonly { field: string; message: string }[]) => issues.map((i) => `${i.field}: ${i.message}`);

test('a name or a prefix for one is required', () => {
  expect(said(validateMetadata(kind('Namespaced'), object({ name: '' })))).toEqual([
    'metadata.name: Required value: name or generateName is required',
  ]);
});

test('a generated name may be asked for with a dash at its end, but not with a dot', () => {
  expect(validateMetadata(kind('Namespaced'), object({ generateName: 'web-' }))).toEqual([]);
  expect(said(validateMetadata(kind('Namespaced'), object({ generateName: 'web.' })))[0]).toContain(
    'metadata.generateName',
  );
});

test('cluster-scoped objects have no namespace', () => {
  expect(said(validateMetadata(kind('Cluster'), object({})))).toEqual([
    'metadata.namespace: Forbidden: not allowed on this type',
  ]);
});

test('only one owner controls', () => {
  const owner = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', name, uid: name, controller: true });
  const issues = validateMetadata(kind('Namespaced'), object({ ownerReferences: [owner('a'), owner('b')] }));
  expect(said(issues)[0]).toContain('Found "true" in references for a and b');
});

test('finalizers of custom resources need no domain', () => {
  const finalizers = ['wait'];
  expect(validateMetadata(kind('Namespaced', true), object({ finalizers }))).toEqual([]);
  expect(said(validateMetadata(kind('Namespaced'), object({ finalizers })))).toEqual([
    'metadata.finalizers[0]: Invalid value: "wait": name is neither a standard finalizer name nor is it fully qualified',
  ]);
});

test('an object that goes takes no new finalizers, and is told twice', () => {
  const previous = object({ deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x.y/a'] });
  const next = object({ deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x.y/a', 'x.y/b'] });
  const rule =
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x.y/b"}';
  expect(said(validateMetadataUpdate(kind('Namespaced'), next, previous))).toEqual([rule, rule]);
});

test('the uid stays', () => {
  const issues = validateMetadataUpdate(kind('Namespaced'), object({ uid: 'b' }), object({ uid: 'a' }));
  expect(said(issues)[0]).toBe('metadata.uid: Invalid value: "b": field is immutable');
});
