import { expect, test } from 'vitest';
import { descriptions } from '../edge/descriptions.ts';
import { describeFrom } from './descriptions.ts';

const table =
  '{"":{"":"made for a test"},\n"a.B":{"":"A thing, \\"quoted\\".","x":"Its x: {},\\ny"},\n"a.C":{"y":"z"}}\n';

test('a text is found by type and field, and missing ones are empty', () => {
  const describe = describeFrom(() => table);
  expect(describe('a.B', '')).toBe('A thing, "quoted".');
  expect(describe('a.B', 'x')).toBe('Its x: {},\ny');
  expect(describe('a.C', 'y')).toBe('z');
  expect(describe('a.C', 'x')).toBe('');
  expect(describe('a.D', '')).toBe('');
});

test('the table is read once, and not before the first question', () => {
  let loaded = 0;
  const describe = describeFrom(() => `${(loaded++, table)}`);
  expect(loaded).toBe(0);
  describe('a.B', '');
  describe('a.C', '');
  expect(loaded).toBe(1);
});

test('published types have their texts', () => {
  expect(descriptions('io.k8s.api.core.v1.PodSpec', 'hostNetwork')).toMatch(/^Host networking/);
  expect(descriptions('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', 'creationTimestamp')).toContain('\n\n');
});
