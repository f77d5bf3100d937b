import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { applyJsonPatch } from './json-patch.ts';

const after = (document: unknown, ...operations: object[]) => applyJsonPatch(document, operations);

test('Kubernetes lets a missing key be replaced and copied, but not removed', () => {
  expect(after({}, { op: 'replace', path: '/a', value: 1 })).toEqual({ a: 1 });
  expect(after({}, { op: 'copy', from: '/a', path: '/b' })).toEqual({ b: null });
  expect(() => after({}, { op: 'remove', path: '/a' })).toThrow('rejected our request');
});

test('negative indices count from the end, one further when adding', () => {
  expect(after({ l: [1, 2] }, { op: 'add', path: '/l/-1', value: 3 })).toEqual({ l: [1, 2, 3] });
  expect(after({ l: [1, 2] }, { op: 'remove', path: '/l/-1' })).toEqual({ l: [1] });
  expect(() => after({ l: [1] }, { op: 'add', path: '/l/2', value: 3 })).toThrow('rejected our request');
});

test('adding without a value adds null, and null equals a missing key', () => {
  expect(after({}, { op: 'test', path: '/a', value: null }, { op: 'add', path: '/a' })).toEqual({ a: null });
});

test('a value cannot be moved into itself', () => {
  expect(() => after({ a: {} }, { op: 'move', from: '/a', path: '/a/b' })).toThrow('rejected our request');
});

test('the document it is given stays as it was', () => {
  const document = Object.freeze({ l: Object.freeze([1]) });
  expect(after(document, { op: 'add', path: '/l/-', value: 2 })).toEqual({ l: [1, 2] });
});

test('prototypes are out of reach', () => {
  const patched = after({}, { op: 'add', path: '/__proto__', value: { polluted: true } }) as object;
  expect(Object.keys(patched)).toEqual(['__proto__']);
  expect('polluted' in patched).toBe(false);
  expect(() => after({}, { op: 'add', path: '/constructor/prototype/x', value: 1 })).toThrow('rejected our request');
});

test('a patch of the wrong shape is a bad request, with the words of the decoder', () => {
  expect(() => applyJsonPatch({}, [[]])).toThrow(
    'error decoding patch: json: cannot unmarshal array into Go value of type handlers.jsonPatchOp',
  );
  expect(() => after({}, { op: 'add', path: 7 })).toThrow(
    'error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.path of type string',
  );
});

test('a patch may have ten thousand operations, and copy three megabytes', () => {
  expect(() => applyJsonPatch({}, Array(10_001).fill(null))).toThrow('is 10000, got 10001');
  const copy = { op: 'copy', from: '/a', path: '/b' };
  expect(() => after({ a: 'x'.repeat(1_600_000) }, copy)).not.toThrow();
  expect(() => after({ a: 'x'.repeat(1_600_000) }, copy, copy)).toThrow('rejected our request');
});

interface Example {
  readonly comment?: string;
  readonly doc: unknown;
  readonly patch: unknown;
  readonly expected?: unknown;
  readonly error?: string;
  readonly disabled?: boolean;
}

/** The examples of json-patch-tests, where a checkout has them. */
const examples = '../shared/data/json-patch/tests.json';

/** Kubernetes replaces the whole document, but does not add it. */
const addsAll = (patch: unknown) =>
  (patch as Record<string, unknown>[]).some(({ op, path }) => op === 'add' && path === '');

test('the published examples hold, but for what Kubernetes does its own way', ({ skip }) => {
  if (!existsSync(examples)) return skip(`${examples} is not there`);
  const differing: string[] = [];
  for (const { comment = '', doc, patch, expected, error, disabled } of JSON.parse(
    readFileSync(examples, 'utf8'),
  ) as Example[]) {
    if (disabled || (!error && addsAll(patch))) continue;
    try {
      expect(applyJsonPatch(doc, patch)).toEqual(expected);
    } catch (thrown) {
      if (!error) differing.push(`${comment}: ${JSON.stringify(patch)} ${String(thrown).split('\n')[0]}`);
      continue;
    }
    if (error) differing.push(`${comment}: ${JSON.stringify(patch)} was accepted`);
  }
  expect(differing).toEqual([]);
});
