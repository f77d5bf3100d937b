import { expect, test } from 'vitest';
import { schemaOf } from '../../kinds/schemas.ts';
import { patchedText } from './patched-text.ts';

const schema = schemaOf('v1', 'ConfigMap');
const before = {
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { resourceVersion: '1', namespace: 'n', name: 'a', uid: 'u' },
  data: { k: '1' },
};

test('what the patch touched has its keys sorted, the rest is in the order of its declaration', () => {
  expect(patchedText(before, { ...before, data: { k: '2' } }, schema)).toBe(
    '{"apiVersion":"v1","data":{"k":"2"},"kind":"ConfigMap","metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"1"}}',
  );
});

test('a touched object is sorted down to what was not touched', () => {
  const metadata = { ...before.metadata, mood: 'good', labels: { b: '1', a: '1' } };
  expect(patchedText(before, { ...before, metadata }, schema)).toBe(
    '{"apiVersion":"v1","data":{"k":"1"},"kind":"ConfigMap","metadata":{"labels":{"a":"1","b":"1"},"mood":"good","name":"a","namespace":"n","resourceVersion":"1","uid":"u"}}',
  );
});
