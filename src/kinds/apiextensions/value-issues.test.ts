import { expect, test } from 'vitest';
import { readResource } from './read.ts';
import { schemaIssues } from './schema-issues.ts';
import type { JsonSchema } from './structural.ts';
import { repetitionIssues, valueIssues } from './value-issues.ts';

const spec = (properties: Record<string, JsonSchema>, more: Partial<JsonSchema> = {}): JsonSchema => ({
  type: 'object',
  properties: { spec: { type: 'object', properties, ...more } },
});

const told = (value: object, schema: JsonSchema, previous?: object): string[] =>
  [...valueIssues(value, schema, '', previous), ...repetitionIssues(value, schema, '')].map(
    ({ field, message }) => `${field}: ${message}`,
  );

test('values are refused in the words of go-openapi', () => {
  const schema = spec({ size: { type: 'integer', maximum: 9 }, colour: { type: 'string', enum: ['red', 'green'] } });
  expect(told({ spec: { size: 10, colour: 'blue' } }, schema)).toEqual([
    'spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9',
    'spec.colour: Unsupported value: "blue": supported values: "red", "green"',
  ]);
  expect(told({ spec: { size: 'x' } }, schema)).toEqual([
    'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
  ]);
});

test('patterns are read as Go reads them, and take no longer than Go takes', () => {
  const schema = spec({
    a: { type: 'string', pattern: '^(?i)(abort|warn)?$' },
    b: { type: 'string', pattern: '(x+)+$' },
  });
  expect(schemaIssues(schema, 's')).toEqual([]);
  expect(told({ spec: { a: 'WARN', b: 'x' } }, schema)).toEqual([]);
  const slow = `${'x'.repeat(100_000)}!`;
  const began = performance.now();
  expect(told({ spec: { b: slow } }, schema)).toEqual([
    expect.stringContaining("spec.b in body should match '(x+)+$'"),
  ]);
  expect(performance.now() - began).toBeLessThan(5000);
});

test('entries of sets and maps are told of once, however often they are repeated', () => {
  const schema = spec({
    set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    map: {
      type: 'array',
      items: { type: 'object', properties: { k: { type: 'string' } } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
    },
  });
  expect(told({ spec: { set: ['a', 'a', 'a', 'b', 'b'], map: [{ k: 'x', v: 1 }, { k: 'x' }] } }, schema)).toEqual([
    'spec.set[1]: Duplicate value: "a"',
    'spec.set[4]: Duplicate value: "b"',
    'spec.map[1]: Duplicate value: {"k":"x"}',
  ]);
});

test('what was wrong before does not stand in the way of another change', () => {
  const schema = spec({ old: { type: 'string' }, other: { type: 'integer' } });
  expect(told({ spec: { old: 5, other: 1 } }, schema, { spec: { old: 5, other: 0 } })).toEqual([]);
  expect(told({ spec: { old: 6 } }, schema, { spec: { old: 5 } })).toHaveLength(1);
});

test('unknown fields go, defaults come, and nulls are as good as nothing where they may not be', () => {
  const schema = spec({
    a: { type: 'string', default: 'x' },
    n: { type: 'string', nullable: true },
    l: { type: 'array' },
  });
  const { object, unknown } = readResource(schema, {
    metadata: { name: 'w' },
    spec: { a: null, n: null, z: 1, l: [] },
  });
  expect(object.spec).toEqual({ a: 'x', n: null, l: [] });
  expect(unknown).toEqual(['unknown field "spec.z"']);
});

test('a schema must be structural, and its defaults must fit', () => {
  const issues = (schema: JsonSchema) => schemaIssues(schema, 's').map(({ field, message }) => `${field}: ${message}`);
  expect(issues(spec({ a: { type: 'array' }, b: {} }))).toEqual([
    's.properties[spec].properties[a].items: Required value: must be specified',
    's.properties[spec].properties[b].type: Required value: must not be empty for specified object fields',
  ]);
  expect(issues(spec({ a: { type: 'integer', minimum: 3, default: 1 } }))).toEqual([
    's.properties[spec].properties[a].default: Invalid value: 1:  in body should be greater than or equal to 3',
  ]);
});
