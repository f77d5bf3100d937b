// The published conformance data of the expression language: evaluation, parsing, checking and comprehensions. What needs protobuf messages
// is left out, counted by reason.

import { tests as checking } from '@bufbuild/cel-spec/testdata/checking.js';
import { tests as comprehension } from '@bufbuild/cel-spec/testdata/comprehension.js';
import { tests as conformance } from '@bufbuild/cel-spec/testdata/conformance.js';
import { tests as parsing } from '@bufbuild/cel-spec/testdata/parsing.js';
import { expect, test } from 'vitest';
import { decodeBase64 } from '../src/languages/cel/base64.ts';
import { compile, describe as issuesOf } from '../src/languages/cel/cel.ts';
import { equal } from '../src/languages/cel/compare.ts';
import {
  environment,
  overload,
  type EnvironmentOptions,
  declare,
  member,
  type Library,
} from '../src/languages/cel/environment.ts';
import { bindTo, type Macro, standardMacros } from '../src/languages/cel/macros.ts';
import { parse } from '../src/languages/cel/parse.ts';
import { formatIssues, sourceOf } from '../src/languages/cel/source.ts';
import { type Expr, ident } from '../src/languages/cel/syntax.ts';
import { listsLibrary } from '../src/languages/cel/library/lists.ts';
import { standardLibrary } from '../src/languages/cel/library/standard.ts';
import { specLibraries, twoVariableLibrary } from '../src/languages/cel/library/spec.ts';
import { parseDurationText, parseTimestampText } from '../src/languages/cel/time.ts';
import * as types from '../src/languages/cel/types.ts';
import { EntryMap, keyOf, ListValue, TypeValue, Uint, type Value } from '../src/languages/cel/values.ts';
import { checkedText, treeText, withoutSpace } from './support/cel-trees.ts';

type Json = { readonly [name: string]: unknown };

interface Case {
  readonly path: string;
  readonly original: Json & { readonly name?: string; readonly expr: string };
  readonly ast?: string;
  readonly checkedAst?: string;
  readonly type?: string;
  readonly error?: string;
}

interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly Omit<Case, 'path'>[];
}

const casesOf = (suite: Suite, path: string): Case[] => [
  ...(suite.tests ?? []).map((each) => ({ ...each, path })),
  ...(suite.suites ?? []).flatMap((each) => casesOf(each, path === '' ? each.name : `${path}/${each.name}`)),
];

/** Why a case cannot be asked of an implementation without protobuf. */
class LeftOut extends Error {}

// Reading the data

function valueOf(json: Json): Value {
  const [sort = '', content] = Object.entries(json)[0] ?? [];
  switch (sort) {
    case 'int64Value':
      return BigInt(content as string);
    case 'uint64Value':
      return new Uint(BigInt(content as string));
    case 'doubleValue':
      return Number(content);
    case 'nullValue':
      return null;
    case 'boolValue':
    case 'stringValue':
      return content as boolean | string;
    case 'bytesValue':
      return decodeBase64(content as string) ?? null;
    case 'typeValue':
      return new TypeValue(content as string);
    case 'listValue':
      return new ListValue((((content as Json)['values'] as Json[] | undefined) ?? []).map(valueOf));
    case 'mapValue':
      return mapOf(((content as Json)['entries'] as { key: Json; value: Json }[] | undefined) ?? []);
    case 'objectValue':
      return messageValue(content as Json);
    default:
      throw new LeftOut('value of an enumeration or message');
  }
}

function mapOf(entries: readonly { key: Json; value: Json }[]): EntryMap {
  const table = new Map<string | boolean | bigint, readonly [Value, Value]>();
  for (const { key, value } of entries) {
    const decoded = valueOf(key);
    const normal = keyOf(decoded);
    if (normal !== undefined) table.set(normal, [decoded, valueOf(value)]);
  }
  return new EntryMap(table);
}

function messageValue(json: Json): Value {
  const type = String(json['@type']).split('/')[1];
  const text = String(json['value']);
  if (type === 'google.protobuf.Duration') return parseDurationText(text) ?? null;
  if (type === 'google.protobuf.Timestamp') return parseTimestampText(text) ?? null;
  throw new LeftOut('value of an enumeration or message');
}

/** `cel.block`: what optimizers make of expressions with parts that repeat. */
const blocks: Library = {
  macros: [
    numbered('index', ([i]) => `@index${i}`),
    numbered('iterVar', ([i, j]) => `@it:${i}:${j}`),
    {
      name: 'block',
      args: 2,
      member: true,
      expand({ args: [parts, whole], at }) {
        if (parts?.kind !== 'list' || !whole) return undefined;
        return parts.elements.reduceRight<Expr>((within, part, i) => bindTo(`@index${i}`, part, within, at), whole);
      },
    },
  ],
};

function numbered(name: string, nameOf: (numbers: readonly string[]) => string): Macro {
  const expand: Macro['expand'] = ({ args, at }) =>
    ident(
      nameOf(args.map((each) => (each.kind === 'literal' && typeof each.value === 'bigint' ? `${each.value}` : ''))),
      at,
    );
  return { name, args: undefined, member: true, expand };
}

const simple: Readonly<Record<string, types.SimpleType>> = {
  INT64: types.intType,
  UINT64: types.uintType,
  DOUBLE: types.doubleType,
  BOOL: types.boolType,
  STRING: types.stringType,
  BYTES: types.bytesType,
  TIMESTAMP: types.timestampType,
  DURATION: types.durationType,
  ANY: types.anyType,
};

function typeOf(json: Json): types.Type {
  const [sort = '', content] = Object.entries(json)[0] ?? [];
  const parts = content as Json;
  switch (sort) {
    case 'primitive':
    case 'wellKnown':
      return simple[content as string] ?? types.dynType;
    case 'wrapper':
      return types.wrapperOf(simple[content as string] ?? types.dynType);
    case 'null':
      return types.nullType;
    case 'listType':
      return types.listOf(typeOf(parts['elemType'] as Json));
    case 'mapType':
      return types.mapOf(typeOf(parts['keyType'] as Json), typeOf(parts['valueType'] as Json));
    case 'type':
      return types.typeOf(typeOf(parts));
    case 'typeParam':
      return types.parameter(content as string);
    case 'abstractType':
      return types.opaque(
        parts['name'] as string,
        ...((parts['parameterTypes'] as Json[] | undefined) ?? []).map(typeOf),
      );
    case 'messageType':
      throw new LeftOut('variable or result of a message type');
    default:
      return types.dynType;
  }
}

interface Declared {
  readonly name: string;
  readonly ident?: { readonly type: Json };
  readonly function?: { readonly overloads: readonly { overloadId: string; params: Json[]; resultType: Json }[] };
}

function optionsOf({ original }: Case): EnvironmentOptions {
  const variables: Record<string, types.Type> = {};
  const functions: Library = { functions: [] };
  const declared: unknown[] = [];
  for (const { name, ident, function: callable } of (original['typeEnv'] ?? []) as readonly Declared[]) {
    if (ident) variables[name] = typeOf(ident.type);
    if (callable) {
      const overloads = callable.overloads.map((each) =>
        overload(each.overloadId, each.params.map(typeOf), typeOf(each.resultType)),
      );
      declared.push(declare(name, ...overloads));
    }
  }
  return {
    libraries: [...specLibraries, blocks, { ...functions, functions: declared as NonNullable<Library['functions']> }],
    variables,
    backQuotes: true,
    presenceCosts: true,
    mixedComparisons: true,
    check: original['disableCheck'] !== true,
    ...(original['container'] ? { container: original['container'] as string } : {}),
  };
}

// Running

const messages =
  /TestAllTypes|google\.protobuf\.(?!Timestamp|Duration)|GlobalEnum|\bproto[.2]|NestedTestAllTypes|NestedEnum|TestRequired/;

/** Undefined: as expected. */
function evaluate(each: Case): string | undefined {
  const { original } = each;
  if (messages.test(original.expr) || original['container'] === 'google.protobuf')
    throw new LeftOut('messages in the expression');
  if (/indexof_out_of_range/.test(original.name ?? ''))
    throw new LeftOut('Kubernetes finds nothing beyond the end of a text');
  if (original.name === 'null_assignable_to_abstract_parameter_candidate')
    throw new LeftOut('upstream finds another type');
  const env = environment(optionsOf(each));
  const compiled = compile(original.expr, env);
  const expectedError = original['evalError'] !== undefined;
  if (!compiled.program) return expectedError ? undefined : issuesOf(compiled);
  const typed = original['typedResult'] as Json | undefined;
  if (typed) {
    const [got, wanted] = [types.formatType(compiled.type), types.formatType(typeOf(typed['deducedType'] as Json))];
    if (got !== wanted) return `type ${got} instead of ${wanted}`;
  }
  if (original['checkOnly']) return undefined;
  const bindings: Record<string, unknown> = {};
  for (const [name, bound] of Object.entries((original['bindings'] ?? {}) as Record<string, { value: Json }>)) {
    bindings[name] = valueOf(bound.value);
  }
  const outcome = compiled.program.evaluate(bindings);
  if ('error' in outcome) return expectedError ? undefined : `error: ${outcome.error}`;
  if (expectedError) return `no error but ${shown(outcome.value)}`;
  const wanted = original['value']
    ? valueOf(original['value'] as Json)
    : typed?.['result']
      ? valueOf(typed['result'] as Json)
      : true;
  const bothNaN = Number.isNaN(wanted) && Number.isNaN(outcome.value);
  const same = typeof wanted === typeof outcome.value && (bothNaN || equal(outcome.value, wanted));
  return same ? undefined : `${shown(outcome.value)} instead of ${shown(wanted)}`;
}

const shown = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each)) ?? String(value);

interface Tally {
  passed: number;
  readonly leftOut: Record<string, number>;
  readonly failed: string[];
}

function run(cases: readonly Case[], ask: (each: Case) => string | undefined): Tally {
  const tally: Tally = { passed: 0, leftOut: {}, failed: [] };
  for (const each of cases) {
    try {
      const failure = ask(each);
      if (failure === undefined) tally.passed++;
      else
        tally.failed.push(`${each.path} ${each.original.name ?? ''} ${each.original.expr.slice(0, 300)}: ${failure}`);
    } catch (failure) {
      if (!(failure instanceof LeftOut)) throw failure;
      tally.leftOut[failure.message] = (tally.leftOut[failure.message] ?? 0) + 1;
    }
  }
  return tally;
}

/** Upstream's parser alone knows a newer name of a macro too. */
const parserMacros = standardMacros.flatMap((macro) =>
  macro.name === 'exists_one' ? [macro, { ...macro, name: 'existsOne' }] : [macro],
);

/** Undefined: read as upstream's parser reads it, mistakes included. */
function parseCase({ original, ast, error }: Case): string | undefined {
  const optionals = !/unsupported syntax '[.[]?\?/.test(error ?? '');
  const backQuotes = !/unsupported syntax: '`/.test(error ?? '');
  const source = sourceOf(original.expr);
  const { expr, issues } = parse(source, { macros: parserMacros, optionals, backQuotes });
  if (ast !== undefined) {
    if (issues.length > 0) return formatIssues(source, issues);
    const [got, wanted] = [withoutSpace(treeText(expr)), withoutSpace(ast)];
    return got === wanted ? undefined : `${got}\n   instead of ${wanted}`;
  }
  if (error === undefined) throw new LeftOut('neither tree nor error in the data');
  if (/(recursion|recovery).* exceeded/.test(error)) throw new LeftOut('limits set for the test');
  const order = [...issues].sort((a, b) => (a.at ?? -1) - (b.at ?? -1));
  const [got, wanted] = [
    formatIssues(source, order),
    error.replace(/ERROR: [^:]*:(?=-?\d+:\d+: )/g, 'ERROR: <input>:'),
  ];
  return got === wanted ? undefined : `${got}\n   instead of ${wanted}`;
}

function checkOptionsOf(each: Case): EnvironmentOptions {
  const options = optionsOf(each);
  const { libraries, variables } = options;
  return {
    ...options,
    libraries: each.path === 'checking' ? [...libraries, checkerFunctions] : libraries,
    variables: each.path === 'checking' ? { ...checkerVariables, ...variables } : (variables ?? {}),
    mixedComparisons: false,
    check: true,
  };
}

/** Undefined: the same mistakes, word for word. */
function checkMistakes(each: Case): string | undefined {
  const { original, ast, error } = each;
  if (ast === undefined || error === undefined) throw new LeftOut('no checked tree in the data');
  if (messages.test(original.expr + error) || original['container'] === 'google.protobuf')
    throw new LeftOut('messages');
  if (undeclared.test(original.expr)) throw new LeftOut('functions and variables the data does not declare');
  const options = checkOptionsOf(each);
  const extended = /_ext\/|^comp/.test(each.path) ? specLibraries : basicLibraries;
  const libraries =
    each.path === 'checking'
      ? [...basicLibraries, checkerFunctions]
      : extended.filter((library) => library !== twoVariableLibrary && library !== listsLibrary);
  const got = issuesOf(compile(original.expr, environment({ ...options, libraries, formatChecks: 'newest' })));
  const wanted = error.replace(/ERROR: [^:]*:(?=-?\d+:\d+: )/g, 'ERROR: <input>:');
  return got === wanted ? undefined : `${got}\n   instead of ${wanted}`;
}

/** Undefined: the same types and overloads as upstream's checker, or the same mistakes. */
function checkCase(each: Case): string | undefined {
  const { original, checkedAst, error } = each;
  if (checkedAst === undefined) return checkMistakes(each);
  if (messages.test(original.expr + checkedAst) || original['container'] === 'google.protobuf')
    throw new LeftOut('messages');
  if (/cel\.block/.test(original.expr)) throw new LeftOut('blocks of optimizers');
  if (undeclared.test(original.expr)) throw new LeftOut('functions and variables the data does not declare');
  // The data was made without comparing numbers of different sorts.
  const compiled = compile(original.expr, environment(checkOptionsOf(each)));
  if (!compiled.checked || compiled.issues.length > 0) return issuesOf(compiled);
  const [got, wanted] = [withoutSpace(checkedText(compiled.expr, compiled.checked)), withoutSpace(checkedAst)];
  return got === wanted ? undefined : `${got}\n   instead of ${wanted} ${error ?? ''}`;
}

const basicLibraries: readonly Library[] = [standardLibrary];

/** What upstream's checker tests take as declared. */
const checkerVariables = {
  is: types.stringType,
  ii: types.intType,
  iu: types.uintType,
  iz: types.boolType,
  ib: types.bytesType,
  id: types.doubleType,
  ix: types.nullType,
};
const checkerFunctions: Library = {
  functions: [
    declare('fg_s', overload('fg_s_0', [], types.stringType)),
    declare('fi_s_s', member('fi_s_s_0', [types.stringType], types.stringType)),
  ],
};
const undeclared = /\bmyfun\(|\blists\.filter\(x/;

const everything = [conformance, parsing, checking, comprehension].flatMap((suite) =>
  casesOf(suite, suite === conformance ? '' : suite.name),
);

/** Says what was left out, so that nobody takes silence for success. */
function told(what: string, tally: Tally): Tally {
  const reasons = Object.entries(tally.leftOut).map(([reason, count]) => `${count} (${reason})`);
  console.info(`${what}: ${tally.passed} passed; left out: ${reasons.join(', ') || 'none'}`);
  return tally;
}

test('expressions are read as upstream reads them, word for word where they are wrong', () => {
  expect(told('reading', run(everything, parseCase))).toEqual({
    passed: 2752,
    leftOut: { 'limits set for the test': 13 },
    failed: [],
  });
});

test('expressions are checked as upstream checks them: the same types, overloads and mistakes', () => {
  expect(told('checking', run(everything, checkCase))).toEqual({
    passed: 1856,
    leftOut: {
      'no checked tree in the data': 192,
      'functions and variables the data does not declare': 2,
      'blocks of optimizers': 14,
      'variable or result of a message type': 25,
      messages: 676,
    },
    failed: [],
  });
});

test('expressions evaluate as the specification says', () => {
  expect(told('evaluation', run(casesOf(conformance, ''), evaluate))).toEqual({
    passed: 1647,
    leftOut: {
      'value of an enumeration or message': 2,
      'variable or result of a message type': 55,
      'messages in the expression': 637,
      'upstream finds another type': 1,
      'Kubernetes finds nothing beyond the end of a text': 2,
    },
    failed: [],
  });
});

/** The data does not say which loops its authors meant to be refused or to fail: those are counted by why. */
function evaluateOrRefuse(each: Case): string | undefined {
  const { issues, program } = compile(each.original.expr, environment(optionsOf(each)));
  if (issues[0]) throw new LeftOut(`refused: ${issues[0].message}`);
  const outcome = program?.evaluate({});
  if (outcome && 'error' in outcome) throw new LeftOut(`fails: ${outcome.error}`);
  if (typeof outcome?.value !== 'boolean') throw new LeftOut('the data does not say what it gives');
  return outcome.value ? undefined : 'false';
}

test('loops with two variables give what their authors expected', () => {
  const tally = run(casesOf(comprehension, comprehension.name), evaluateOrRefuse);
  expect(told('comprehensions', tally)).toEqual({
    passed: 50,
    leftOut: {
      'refused: argument must be a simple name': 13,
      'refused: duplicate variable name: i': 1,
      "refused: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)": 1,
      "refused: expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)": 2,
      "refused: found no matching overload for '_/_' applied to '(int, double)'": 1,
      "refused: found no matching overload for '_?_:_' applied to '(bool, list(int), int)'": 1,
      "refused: found no matching overload for '_?_:_' applied to '(string, map(dyn, dyn), map(dyn, dyn))'": 1,
      "refused: found no matching overload for 'cel.@mapInsert' applied to '(map(dyn, dyn), list(dyn))'": 1,
      'refused: iteration variable overwrites accumulator variable': 2,
      "refused: undeclared reference to 'm' (in container '')": 4,
      "refused: undeclared reference to 'x' (in container '')": 8,
      "refused: undeclared reference to 'y' (in container '')": 3,
      'fails: insert failed: key 1 already exists': 1,
      'fails: insert failed: key 0 already exists': 2,
      'the data does not say what it gives': 1,
    },
    failed: [],
  });
});
