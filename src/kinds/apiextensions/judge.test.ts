import { expect, test } from 'vitest';
import { schemaIssues } from './schema-issues.ts';
import { type Judgement, judgeOf } from './judge.ts';
import type { JsonSchema } from './structural.ts';

type Rule = NonNullable<JsonSchema['x-kubernetes-validations']>[number];

const text: JsonSchema = { type: 'string', maxLength: 20 };
const withRules = (schema: JsonSchema, ...rules: readonly (Rule | string)[]): JsonSchema => ({
  ...schema,
  'x-kubernetes-validations': rules.map((rule) => (typeof rule === 'string' ? { rule } : rule)),
});
const resource = (spec: JsonSchema): JsonSchema => ({ type: 'object', properties: { spec } });

function judge(spec: JsonSchema, value: unknown, previous?: unknown): Judgement {
  const found = judgeOf(resource(spec), true)?.(
    { spec: value },
    previous === undefined ? undefined : { spec: previous },
  );
  return found ?? { issues: [], warnings: [] };
}

const told = ({ issues }: Judgement): string[] => issues.map(({ field, message }) => `${field}: ${message}`);

const refused = (spec: JsonSchema): string[] =>
  schemaIssues(resource(spec), 's').map(({ field, message }) => `${field}: ${message}`);

test('rules of the whole come before rules of its parts, each told of where it stands', () => {
  const schema = withRules(
    {
      type: 'object',
      properties: {
        list: { type: 'array', maxItems: 5, items: withRules({ type: 'integer' }, 'self > 0') },
        map: { type: 'object', maxProperties: 5, additionalProperties: withRules(text, "self != ''") },
      },
    },
    { rule: 'self.list.size() > 3', fieldPath: '.list', reason: 'FieldValueRequired', message: 'more, please' },
  );
  expect(told(judge(schema, { list: [1, 0], map: { 'a.b': '' } }))).toEqual([
    'spec.list: Required value: more, please',
    'spec.list[1]: Invalid value: 0: failed rule: self > 0',
    'spec.map[a.b]: Invalid value: "": failed rule: self != \'\'',
  ]);
});

test('a rule with oldSelf is asked only where there was something before, and never tolerates', () => {
  const schema = withRules(text, { rule: 'self == oldSelf', message: 'is immutable' });
  expect(told(judge(schema, 'a'))).toEqual([]);
  expect(told(judge(schema, 'b', 'a'))).toEqual(['spec: Invalid value: "b": is immutable']);
  const optional = withRules(text, {
    rule: "oldSelf.hasValue() || self == 'first'",
    optionalOldSelf: true,
    message: 'begin with first',
  });
  expect(told(judge(optional, 'second'))).toEqual(['spec: Invalid value: "second": begin with first']);
  expect(told(judge(optional, 'second', 'first'))).toEqual([]);
});

test('what stays as it was may break a rule: it is worth a warning', () => {
  const item = withRules(
    { type: 'object', required: ['k'], properties: { k: text, v: { type: 'integer' } } },
    'self.v > 0',
  );
  const keyed = {
    type: 'array',
    maxItems: 5,
    items: item,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['k'],
  };
  const schema: JsonSchema = {
    type: 'object',
    properties: { keyed, plain: { type: 'array', maxItems: 5, items: item } },
  };
  const before = { keyed: [{ k: 'a', v: 0 }], plain: [{ k: 'a', v: 0 }] };
  const after = { keyed: [{ k: 'b', v: 1 }, ...before.keyed], plain: [{ k: 'b', v: 1 }, ...before.plain] };
  const found = judge(schema, after, before);
  expect(found.warnings).toEqual(['spec.keyed[1]: Invalid value: failed rule: self.v > 0']);
  expect(told(found)).toEqual(['spec.plain[1]: Invalid value: failed rule: self.v > 0']);
});

test('what the rules of one object cost together is limited', () => {
  const schema: JsonSchema = {
    type: 'array',
    maxItems: 100,
    items: withRules({ type: 'array', items: { type: 'integer' } }, 'self.all(a, self.all(b, a + b >= 0))'),
  };
  const costly = Array.from({ length: 100 }, () => Array.from({ length: 300 }, () => 1));
  expect(told(judge(schema, costly)).at(-1)).toMatch(
    /^spec\[\d+\]: Invalid value: "array": validation failed due to running out of cost budget, no further/,
  );
});

test('a definition with rules that compare what cannot be found again is refused', () => {
  const items = withRules(text, 'self == oldSelf');
  expect(refused({ type: 'array', maxItems: 5, items })).toEqual([
    's.properties[spec].items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": ' +
      'oldSelf cannot be used on the uncorrelatable portion of the schema within s.properties[spec]',
  ]);
  expect(refused(withRules(text, { rule: "self == 'a'", optionalOldSelf: true }))).toEqual([
    's.properties[spec].x-kubernetes-validations[0].optionalOldSelf: Invalid value: true: ' +
      'may not be set if oldSelf is not used in rule',
  ]);
});

test('a default must hold', () => {
  expect(refused({ ...withRules(text, "self != 'bad'"), default: 'bad' })).toEqual([
    's.properties[spec].default: Invalid value: "bad": failed rule: self != \'bad\'',
  ]);
});

test('a schema that is as it was may have rules that cost too much by themselves', () => {
  const schema = withRules({ type: 'array', maxItems: 1200, items: text }, 'self.all(x, self.exists_one(y, x == y))');
  expect(refused(schema)).toHaveLength(1);
  expect(schemaIssues(resource(schema), 's', true)).toEqual([]);
});
