// Random definitions of custom kinds: structural schemas (mostly), with every extension and rules in CEL, and objects of these kinds.

import type { Random } from '../../src/base/random.ts';
import { anyValue, textOf } from './values.ts';

export interface RandomDefinition {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly versions: readonly { readonly name: string; readonly schema: JsonSchema }[];
  readonly object: object;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

/** The definitions that live during a round of a run: the same for the same seed. */
export const definitionsOf = (random: Random, count: number): readonly RandomDefinition[] =>
  Array.from({ length: count }, (_, at) => definitionOf(random.fork(`definition/${at}`), at));

function definitionOf(random: Random, at: number): RandomDefinition {
  const group = `fuzz${at}.example.com`;
  const names = random.pick([['v1'], ['v1', 'v1beta1'], ['v2', 'v1']]);
  const versions = names.map((name) => ({ name, schema: rootSchema(random) }));
  const scope = random.next() < 0.7 ? 'Namespaced' : 'Cluster';
  const [plural, kind] = [`things${at}`, `Thing${at}`];
  const object = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { plural, kind, singular: `thing${at}`, ...(random.next() < 0.3 && { shortNames: ['th', 'po'] }) },
      versions: versions.map(({ name, schema }, index) => versionOf(name, schema, index, random)),
      ...(random.next() < 0.1 && { preserveUnknownFields: random.next() < 0.5 }),
    },
  };
  return { group, plural, kind, scope, versions, object };
}

function versionOf(name: string, schema: JsonSchema, index: number, random: Random): object {
  return {
    name,
    served: random.next() < 0.95,
    storage: index === 0,
    schema: { openAPIV3Schema: schema },
    ...(random.next() < 0.5 && { subresources: subresourcesOf(random) }),
    ...(random.next() < 0.3 && {
      additionalPrinterColumns: [
        {
          name: 'A',
          type: random.pick(['string', 'integer', 'date']),
          jsonPath: random.pick(['.spec.a', '.spec.b[0]', '.x..y', '.metadata.name', '[']),
        },
      ],
    }),
    ...(random.next() < 0.2 && { selectableFields: [{ jsonPath: random.pick(['.spec.a', '.spec.b', '.x']) }] }),
  };
}

const subresourcesOf = (random: Random): object => ({
  status: {},
  ...(random.next() < 0.5 && {
    scale: {
      specReplicasPath: '.spec.a',
      statusReplicasPath: '.status.a',
      ...(random.next() < 0.5 && { labelSelectorPath: '.status.b' }),
    },
  }),
});

const rootSchema = (random: Random): JsonSchema => ({
  type: 'object',
  properties: {
    ...(random.next() < 0.2 && {
      metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 5 } } },
    }),
    spec: schemaOf(random, 3),
    status: schemaOf(random, 2),
  },
  ...rulesOf(random, 0.1),
});

const names = ['a', 'b', 'c', 'd'];

export function schemaOf(random: Random, depth: number): JsonSchema {
  const type = random.pick(depth > 0 ? ['object', 'object', 'array', 'map', 'string', 'integer', 'any'] : scalars);
  const schema = random.next() < 0.02 ? (anyValue(random, 2) as JsonSchema) : ofType(type, random, depth);
  if (typeof schema !== 'object' || schema === null || random.next() > 0.2) return schema;
  return {
    ...schema,
    ...random.pick([{ nullable: true }, { description: 'x' }, { default: anyValue(random, 2) }, junctor(random)]),
  };
}

const scalars = ['string', 'integer', 'number', 'boolean', 'intOrString', 'any'];

function ofType(type: string, random: Random, depth: number): JsonSchema {
  switch (type) {
    case 'object':
      return {
        type: 'object',
        properties: Object.fromEntries(
          names.slice(0, 1 + random.below(4)).map((name) => [name, schemaOf(random, depth - 1)]),
        ),
        ...(random.next() < 0.2 && { required: ['a'] }),
        ...(random.next() < 0.1 && { 'x-kubernetes-preserve-unknown-fields': true }),
        ...(random.next() < 0.1 && { 'x-kubernetes-map-type': random.pick(['atomic', 'granular']) }),
        ...(random.next() < 0.05 && {
          'x-kubernetes-embedded-resource': true,
          'x-kubernetes-preserve-unknown-fields': true,
        }),
        ...rulesOf(random, 0.3),
      };
    case 'map':
      return { type: 'object', additionalProperties: schemaOf(random, depth - 1), ...rulesOf(random, 0.2) };
    case 'array':
      return arrayOf(random, depth);
    case 'string':
      return {
        type: 'string',
        ...random.pick([
          {},
          { pattern: random.pick(['^a', '(a+)+$', '[', '\\p{L}']) },
          { format: random.pick(['date-time', 'ipv4', 'byte', 'x', 'int32']) },
          { enum: ['a', 'b'] },
          { maxLength: 3 },
        ]),
        ...rulesOf(random, 0.3),
      };
    case 'integer':
    case 'number':
      return {
        type,
        ...random.pick([{}, { minimum: 0, maximum: 10 }, { multipleOf: 2 }, { format: 'int32' }]),
        ...rulesOf(random, 0.2),
      };
    case 'boolean':
      return { type };
    case 'intOrString':
      return { 'x-kubernetes-int-or-string': true };
    default:
      return { 'x-kubernetes-preserve-unknown-fields': true };
  }
}

function arrayOf(random: Random, depth: number): JsonSchema {
  const listType = random.pick([undefined, 'atomic', 'set', 'map']);
  if (listType === 'map') {
    const keys = random.pick([['a'], ['a', 'b']]);
    const properties = Object.fromEntries([
      ...keys.map((key) => [key, { type: 'string' }]),
      ['c', schemaOf(random, depth - 1)],
    ]);
    return {
      type: 'array',
      items: { type: 'object', properties, ...(random.next() < 0.8 && { required: keys }) },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': keys,
      ...rulesOf(random, 0.3),
    };
  }
  return {
    type: 'array',
    items: schemaOf(random, listType === 'set' ? 0 : depth - 1),
    ...(listType && { 'x-kubernetes-list-type': listType }),
    ...(random.next() < 0.5 && { maxItems: 5 }),
    ...rulesOf(random, 0.3),
  };
}

const junctor = (random: Random): object => ({
  [random.pick(['allOf', 'anyOf', 'oneOf'])]: [{ required: ['a'] }, { properties: { b: { minimum: 1 } } }],
});

function rulesOf(random: Random, share: number): object {
  if (random.next() > share) return {};
  const rules = Array.from({ length: 1 + random.below(2) }, () => ({
    rule: expressionOf(random, 3),
    ...(random.next() < 0.3 && { message: textOf(random) }),
    ...(random.next() < 0.3 && { messageExpression: expressionOf(random, 2) }),
    ...(random.next() < 0.2 && { fieldPath: random.pick(['.a', '.b.c', '.x']) }),
    ...(random.next() < 0.2 && { optionalOldSelf: true }),
    ...(random.next() < 0.2 && { reason: random.pick(['FieldValueInvalid', 'FieldValueForbidden', 'x']) }),
  }));
  return { 'x-kubernetes-validations': rules };
}

const atoms = [
  'self',
  'self.a',
  'self.b',
  'oldSelf',
  'oldSelf.a',
  '1',
  '2.5',
  '0u',
  '"x"',
  "b'y'",
  'true',
  'null',
  '[]',
  '[1, 2]',
  '{"a": 1}',
  'object',
  'request.name',
  'x',
];
const operators = ['+', '-', '*', '/', '%', '==', '!=', '<', '>=', '&&', '||', 'in'];
const calls = [
  'size',
  'string',
  'int',
  'type',
  'has',
  'quantity',
  'ip',
  'cidr',
  'url',
  'semver',
  'dyn',
  'duration',
  'nothing',
];
const methods = [
  'size()',
  'matches("^a+$")',
  'contains("x")',
  'startsWith(self)',
  'split(",")',
  'map(x, x)',
  'all(x, x > 0)',
  'exists_one(x, x == 1)',
  'filter(x, true)',
  'sum()',
  'isSorted()',
  'orValue(1)',
  '?a',
  'format([1, self])',
];

/** An expression in CEL: it parses, most often; whether it makes sense is another matter. */
export function expressionOf(random: Random, depth: number): string {
  if (random.next() < 0.02) return textOf(random);
  if (depth <= 0) return random.pick(atoms);
  const part = () => expressionOf(random, depth - 1);
  switch (random.below(7)) {
    case 0:
      return random.pick(atoms);
    case 1:
      return `!(${part()})`;
    case 2:
      return `${random.pick(calls)}(${part()})`;
    case 3:
      return `${random.pick(['self', 'self.a', 'self.b', '[1, 2, 3]', '"abc"'])}.${random.pick(methods)}`;
    case 4:
      return `(${part()}) ? (${part()}) : (${part()})`;
    case 5:
      return `self.all(x, ${part()})`;
    default:
      return `(${part()}) ${random.pick(operators)} (${part()})`;
  }
}

/** A value of a JSON schema, most often. */
export function instanceOf(schema: unknown, random: Random, depth = 4): unknown {
  if (typeof schema !== 'object' || schema === null || depth < 0 || random.next() < 0.03) return anyValue(random, 1);
  const { type, properties, additionalProperties, items, enum: values } = schema as Record<string, unknown>;
  if (Array.isArray(values) && values.length > 0) return random.pick(values);
  switch (type) {
    case 'object': {
      if (additionalProperties) return { a: instanceOf(additionalProperties, random, depth - 1) };
      const known = Object.entries((properties ?? {}) as object).filter(() => random.next() < 0.8);
      return Object.fromEntries(known.map(([name, each]) => [name, instanceOf(each, random, depth - 1)]));
    }
    case 'array':
      return Array.from({ length: random.below(3) }, () => instanceOf(items, random, depth - 1));
    case 'string':
      return random.pick(['a', 'b', 'aa', textOf(random)]);
    case 'integer':
      return random.below(12);
    case 'number':
      return random.pick([1, 2.5, -1]);
    case 'boolean':
      return random.next() < 0.5;
    default:
      return random.pick([1, '50%', 'a', anyValue(random, 1)]);
  }
}
