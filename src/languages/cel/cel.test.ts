import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile, describe } from './cel.ts';
import { type Environment, environment } from './environment.ts';
import { kubernetesOptions } from './library/kubernetes.ts';
import { exactly, type Range } from './sizes.ts';
import {
  bytesType,
  declareObject,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  stringType,
  timestampType,
  type Type,
} from './types.ts';
import { jsonOf, LazyObject, ListValue } from './values.ts';

const widget = declareObject('Widget', {
  s: stringType,
  i: intType,
  n: doubleType,
  l: listOf(stringType),
  u: durationType,
  d: timestampType,
  __namespace__: { type: stringType, property: 'namespace' },
});

const envOf = (variables: Readonly<Record<string, Type>>): Environment =>
  environment({ ...kubernetesOptions, variables });
const widgets = envOf({ self: widget });
const empty = envOf({});

const mistakes = (text: string, env = widgets): string => describe(compile(text, env));

function run(text: string, variables: Readonly<Record<string, unknown>> = {}, env = empty): unknown {
  const compiled = compile(text, env);
  const outcome = compiled.program?.evaluate(variables);
  if (!outcome) return describe(compiled);
  return 'error' in outcome ? `error: ${outcome.error}` : jsonOf(outcome.value);
}

const operand =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

test.each([
  ['self.s == self.i', "1:8: found no matching overload for '_==_' applied to '(string, int)'"],
  ['self.i && true', "1:5: expected type 'bool' but found 'int'"],
  [
    "self.s.all(x, x == 'a')",
    "1:5: expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)",
  ],
  ["self.s == 'a' ? true : 1", "1:15: found no matching overload for '_?_:_' applied to '(bool, bool, int)'"],
  ['self.s.startsWith(1)', "1:18: found no matching overload for 'startsWith' applied to 'string.(int)'"],
  ['self.l.all(1, true)', '1:12: argument must be a simple name'],
  ['has(self)', '1:5: invalid argument to has() macro'],
  ["self.s.matches('a(')", '1:16: invalid matches argument'],
  ["self.u > duration('1 day')", '1:19: invalid duration argument'],
  ["self.d > timestamp('today')", '1:20: invalid timestamp argument'],
  ['has(self.c)', "1:4: undefined field 'c'"],
  ["[1, 'a'] == []", "1:5: expected type 'int' but found 'string'"],
  [
    "'%d'.format(['a'])",
    '1:14: error during formatting: decimal clause can only be used on integers, was given string',
  ],
  ['subject', "1:1: undeclared reference to 'subject' (in container '')"],
  ['self.', "1:6: Syntax error: no viable alternative at input '.'"],
  ['(self.i', "1:8: Syntax error: missing ')' at '<EOF>'"],
  ['[1, 2', "1:6: Syntax error: mismatched input '<EOF>' expecting {']', ','}"],
  ['1 +', `1:4: Syntax error: mismatched input '<EOF>' expecting ${operand}`],
])('%s is refused as upstream refuses it', (text, message) => {
  const [place = '', column = '1'] = message.split(': ')[0]?.split(':') ?? [];
  const pointer = `${'.'.repeat(Number(column) - 1)}^`;
  expect(place).toBe('1');
  expect(mistakes(text)).toBe(`ERROR: <input>:${message}\n | ${text}\n | ${pointer}`);
});

test('several mistakes come in the order of their places, each with its line', () => {
  expect(mistakes('self.l.all(x)')).toBe(
    [
      "ERROR: <input>:1:11: undeclared reference to 'all' (in container '')\n | self.l.all(x)\n | ..........^",
      "ERROR: <input>:1:12: undeclared reference to 'x' (in container '')\n | self.l.all(x)\n | ...........^",
    ].join('\n'),
  );
  expect(mistakes("'a")).toBe(
    [
      "ERROR: <input>:1:1: Syntax error: token recognition error at: ''a'\n | 'a\n | ^",
      `ERROR: <input>:1:3: Syntax error: mismatched input '<EOF>' expecting ${operand}\n | 'a\n | ..^`,
    ].join('\n'),
  );
  expect(mistakes('')).toBe(`ERROR: <input>:1:0: Syntax error: mismatched input '<EOF>' expecting ${operand}`);
  expect(mistakes('true &&\n  nobody')).toContain("<input>:2:3: undeclared reference to 'nobody'");
});

test('JSON is read by its declared types, when it is asked for', () => {
  const self = { i: 5, n: 2, s: 'x', u: '90m', d: '2024-02-29T23:30:15Z', namespace: 'a', l: null };
  const ask = (text: string) => run(text, { self }, widgets);
  expect(ask('type(self.i) == int && type(self.n) == double')).toBe(true);
  expect(ask('self.u > duration("1h") && self.d.getFullYear() == 2024')).toBe(true);
  expect(ask("self.__namespace__ == 'a'")).toBe(true);
  expect(ask('has(self.l)')).toBe(false);
  expect(ask('self.l.size()')).toBe('error: no such key: l');
  expect(
    run("b == b'abc' && m.x == 1", { b: 'YWJj', m: { x: 1 } }, envOf({ b: bytesType, m: mapOf(stringType, dynType) })),
  ).toBe(true);
  expect(run('type(q) == int ? q > 3 : q == "50%"', { q: '50%' }, envOf({ q: dynType }))).toBe(true);
});

test('fields of a lazy object are computed once, and only those asked for', () => {
  const asked: string[] = [];
  const type = declareObject('variables', { a: intType, b: intType });
  const find = (field: string) => {
    asked.push(field);
    return 1n;
  };
  const variables = new LazyObject(type, ['a', 'b'], find);
  expect(run('variables.a + variables.a', { variables }, envOf({ variables: type }))).toBe(2);
  expect(asked).toEqual(['a']);
});

test('one side of && and || may decide although the other fails', () => {
  const env = envOf({ m: mapOf(stringType, dynType) });
  expect(run('m.x > 1 || true', { m: {} }, env)).toBe(true);
  expect(run('m.x > 1 && false', { m: {} }, env)).toBe(false);
  expect(run('m.x > 1 || false', { m: {} }, env)).toBe('error: no such key: x');
  expect(run('[0, 1].exists(x, 1 / x == 1)')).toBe(true);
  expect(run('[0].all(x, 1 / x == 1)')).toBe('error: division by zero');
});

test('what fails at run time says why', () => {
  expect(run('9223372036854775807 + 1')).toBe('error: integer overflow');
  expect(run('0u - 1u')).toBe('error: unsigned integer overflow');
  expect(run('1 % 0')).toBe('error: modulus by zero');
  expect(run('[1][3]')).toBe('error: index out of bounds: 3');
  expect(run("dyn('a') + 1")).toBe('error: no such overload');
  expect(run('x', {}, envOf({ x: intType }))).toBe('error: no such attribute(s): x');
});

test('integers are of 64 bits: what does not fit is an error, whatever the operation', () => {
  const int = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const env = envOf({ a: intType, b: intType });
  const programs = {
    '+': (a: bigint, b: bigint) => a + b,
    '-': (a: bigint, b: bigint) => a - b,
    '*': (a: bigint, b: bigint) => a * b,
  };
  for (const [sign, exact] of Object.entries(programs)) {
    const { program } = compile(`a ${sign} b`, env);
    fc.assert(
      fc.property(int, int, (a, b) => {
        const result = exact(a, b);
        const fits = BigInt.asIntN(64, result) === result;
        expect(program?.evaluate({ a, b })).toMatchObject(fits ? { value: result } : { error: 'integer overflow' });
      }),
    );
  }
});

test('texts compare by code point', () => {
  const { program } = compile('a < b', envOf({ a: stringType, b: stringType }));
  const points = (text: string) => Array.from(text, (point) => point.codePointAt(0) ?? 0);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      const [left, right] = [points(a), points(b)];
      const place = left.findIndex((point, i) => point !== right[i]);
      const less = place < 0 ? left.length < right.length : (left[place] ?? 0) < (right[place] ?? -1);
      expect(program?.evaluate({ a, b })).toMatchObject({ value: less });
    }),
  );
});

test('a run stops when it has cost more than it may', () => {
  const { program } = compile('self.all(x, self.all(y, x + y >= 0))', envOf({ self: listOf(intType) }));
  const cost = (length: number) => program?.evaluate({ self: Array<number>(length).fill(1) }, { costLimit: 1_000_000 });
  expect(cost(3)).toMatchObject({ value: true });
  expect(cost(601)).toMatchObject({ error: 'operation cancelled: actual cost limit exceeded', exceeded: true });
});

test('asking whether something is there is free, constants are too', () => {
  const cost = (text: string) => compile(text, widgets).program?.evaluate({ self: { s: 'x', i: 1 } })?.cost;
  expect(cost('has(self.s)')).toBe(1);
  expect(cost('self.i > 0')).toBe(3);
  expect(cost("self.s in ['x', 'y']")).toBe(2);
  expect(cost('[1, 2] == [1, 2]')).toBe(1);
  expect(cost("size([duration('1h')]) == 1")).toBe(2);
  expect(cost("optional.of('a').or(optional.of('b')).hasValue()")).toBe(2);
});

test('a part of another attribute begins for free, and what fails is paid for', () => {
  const cost = (text: string) => compile(text, widgets).program?.evaluate({ self: { s: 'x', i: 1 } })?.cost;
  expect(cost('self.i > 0 ? self.i : 0')).toBe(4);
  expect(cost('[1, 2][self.i] > 1')).toBe(4);
  expect(cost('self.i / (self.i - 1) > 0')).toBe(7);
});

test('a constant that cannot be ends a program before it runs', () => {
  expect(compile("int('x') > 0", widgets).program?.failure).toBe('strconv.ParseInt: parsing "x": invalid syntax');
});

/** As Kubernetes sizes a list of texts: four bytes for each character. */
const listSizes =
  (items: number, characters: number) =>
  (path: readonly string[]): Range =>
    path.length === 1 ? { min: 0, max: items } : { min: 0, max: characters * 4 };

test.each([
  ['self.all(x, self.exists_one(y, x == y))', 1200, 20, 17_287_202],
  ['self.all(x, self.exists_one(y, x == y))', 5000, 100, 1_100_030_002],
  ["self.all(x, x.matches('^a.*b$'))", 10, 10, 142],
])('%s over %d texts of %d characters may cost %d', (text, items, characters, most) => {
  const { cost } = compile(text, envOf({ self: listOf(stringType) }));
  expect(cost(listSizes(items, characters)).max).toBe(most);
});

test('without bounds an estimate has none either', () => {
  const { cost } = compile('self.all(x, x.all(y, y != "a"))', envOf({ self: listOf(listOf(stringType)) }));
  expect(cost(() => undefined).max).toBe(2 ** 64);
  expect(compile('1 + 1', empty).cost(() => exactly(1))).toEqual({ min: 1, max: 1 });
});

test('a pattern that makes others hang takes no time', () => {
  expect(run(`'${'a'.repeat(5000)}!'.matches('(a+)+$')`)).toBe(false);
});

test('sets compare and add up without regard to order, lists with keys by their keys', () => {
  const env = envOf({ a: listOf(stringType, 'set'), b: listOf(stringType, 'set') });
  expect(run('a == b', { a: ['x', 'y'], b: ['y', 'x'] }, env)).toBe(true);
  expect(run('a + b', { a: ['x', 'y'], b: ['y', 'z'] }, env)).toEqual(['x', 'y', 'z']);
  const entry = declareObject('Entry', { k: stringType, v: intType });
  const keyed = envOf({ a: listOf(entry, ['k']), b: listOf(entry, ['k']) });
  const sum = compile('a + b', keyed).program?.evaluate({
    a: [{ k: 'p', v: 1 }],
    b: [
      { k: 'p', v: 2 },
      { k: 'q', v: 3 },
    ],
  });
  expect(sum && 'value' in sum && sum.value instanceof ListValue ? sum.value.values().map(jsonOf) : sum).toEqual([
    { k: 'p', v: 2 },
    { k: 'q', v: 3 },
  ]);
});

test('an expression too deeply nested is refused, not run', () => {
  expect(mistakes(`${'('.repeat(300)}1${')'.repeat(300)}`)).toBe(
    'ERROR: <input>:-1:0: expression recursion limit exceeded: 250',
  );
  expect(mistakes(`1${' + 1'.repeat(20_000)}`)).toBe('ERROR: <input>:-1:0: max recursion depth exceeded');
  expect(mistakes(`'${'a'.repeat(100_000)}'`)).toContain('expression code point size exceeds limit: size: 100002');
  expect(run(`true${' && true'.repeat(5000)}`)).toBe(true);
});
