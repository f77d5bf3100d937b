import { expect, test } from 'vitest';
import { schemaOf } from '../kinds/schemas.ts';
import { decode } from './decode.ts';
import { forgetEmptyLists } from './empty-lists.ts';
import { managedAfterUpdate } from './managed-fields.ts';
import type { KubeObject } from './object.ts';

const role = schemaOf('rbac.authorization.k8s.io/v1', 'Role');
const read = (rules: unknown) =>
  decode(role, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'a' }, rules })
    .object as unknown as KubeObject;

const owned = (next: KubeObject) =>
  managedAfterUpdate({
    live: undefined,
    next,
    schema: role,
    apiVersion: 'rbac.authorization.k8s.io/v1',
    manager: 'm',
    now: 0,
  })?.map(({ fieldsV1 }) => fieldsV1);

test('who gives an empty list owns it, and it is stored as none', () => {
  const given = read([]);
  expect(owned(given)).toEqual([{ 'f:rules': {} }]);
  forgetEmptyLists(given, role);
  expect(given).toEqual(read(null));
});

test('who gives none owns nothing', () => {
  expect(owned(read(null))).toBeUndefined();
});

test('empty lists are forgotten inside entries of lists, too', () => {
  const pod = schemaOf('v1', 'Pod');
  const { object } = decode(pod, { spec: { containers: [], volumes: [{ name: 'v', projected: { sources: [] } }] } });
  forgetEmptyLists(object, pod);
  expect(object).toMatchObject({ spec: { containers: null, volumes: [{ projected: { sources: null } }] } });
});

test('entries that cannot be told apart leave all ownership as it was', () => {
  const account = schemaOf('v1', 'ServiceAccount');
  const next = { metadata: { name: 'a', labels: { a: 'b' } }, secrets: [{ name: 'a' }, {}] } as KubeObject;
  expect(
    managedAfterUpdate({ live: undefined, next, schema: account, apiVersion: 'v1', manager: 'm', now: 0 }),
  ).toBeUndefined();
});
