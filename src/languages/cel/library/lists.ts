// More about lists: order, sums, places, parts; from Kubernetes and from the extension of the language.

import { compare, contains, distinct, equal } from '../compare.ts';
import { declare, type FunctionDeclaration, type Library, member, type Overload, overload } from '../environment.ts';
import { bindTo, type Macro, MacroError, standardMacros } from '../macros.ts';
import { add } from '../operators.ts';
import { call, type Expr, ident } from '../syntax.ts';
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  parameter,
  type SimpleType,
  stringType,
  timestampType,
  uintType,
} from '../types.ts';
import { CelError, Duration, ListValue, type Result, typeNameOf, Uint, type Value } from '../values.ts';

const A = parameter('T');

type Run = Overload['call'];

const ordered: readonly SimpleType[] = [
  intType,
  uintType,
  doubleType,
  boolType,
  durationType,
  timestampType,
  stringType,
  bytesType,
];

/** The same method for lists of each of these types. */
const perType = (
  name: string,
  types: readonly SimpleType[],
  id: (type: string) => string,
  result: (type: SimpleType) => Overload['result'],
  run: (list: ListValue) => Result,
): FunctionDeclaration =>
  declare(name, ...types.map((type) => member(id(type.kind), [listOf(type)], result(type), run as Run)));

function isSorted(list: ListValue): Result {
  return list.values().every((item, i) => i === 0 || (compare(list.at(i - 1), item) ?? 1) <= 0);
}

const zero = (type: SimpleType): Value =>
  type.kind === 'double' ? 0 : type.kind === 'uint' ? new Uint(0n) : type.kind === 'duration' ? new Duration(0n) : 0n;

const sum = declare(
  'sum',
  ...[intType, uintType, doubleType, durationType].map((type) =>
    member(`list_${type.kind}_sum_${type.kind}`, [listOf(type)], type, ((list: ListValue) =>
      list
        .values()
        .reduce<Result>((total, item) => (total instanceof CelError ? total : add(total, item)), zero(type))) as Run),
  ),
);

const extreme = (name: 'min' | 'max', sign: 1 | -1): FunctionDeclaration =>
  perType(
    name,
    ordered,
    (type) => `list_${type}_${name}_${type}`,
    (type) => type,
    (list) =>
      list.length === 0
        ? new CelError(`${name} called on empty list`)
        : list.values().reduce((best, item) => (sign * (compare(item, best) ?? 0) > 0 ? item : best)),
  );

const placeOf = (
  name: string,
  id: string,
  find: (list: readonly Value[], value: Value) => number,
): FunctionDeclaration =>
  declare(
    name,
    member(id, [listOf(A), A], intType, (list, value) => BigInt(find((list as ListValue).values(), value as Value))),
  );

/** Kubernetes' own, known before the extension was. */
export const kubernetesListsLibrary: Library = {
  functions: [
    perType(
      'isSorted',
      ordered,
      (type) => `list_${type}_is_sorted_bool`,
      () => boolType,
      isSorted,
    ),
    sum,
    extreme('min', -1),
    extreme('max', 1),
    placeOf('indexOf', 'list_a_index_of_int', (list, value) => list.findIndex((each) => equal(each, value))),
    placeOf('lastIndexOf', 'list_a_last_index_of_int', (list, value) =>
      list.findLastIndex((each) => equal(each, value)),
    ),
  ],
};

function slice(list: ListValue, start: bigint, end: bigint): Result {
  const refuse = (why: string) => new CelError(`cannot slice(${start}, ${end}), ${why}`);
  if (start < 0n || end < 0n) return refuse('negative indexes not supported');
  if (start > end) return refuse('start index must be less than or equal to end index');
  if (end > list.length) return refuse(`list is length ${list.length}`);
  return new ListValue(list.values().slice(Number(start), Number(end)));
}

const flat = (values: readonly Value[], depth: number): readonly Value[] =>
  values.flatMap((each) => (each instanceof ListValue && depth > 0 ? flat(each.values(), depth - 1) : [each]));

function flatten(list: ListValue, depth = 1n): Result {
  return depth < 0n ? new CelError('level must be non-negative') : new ListValue(flat(list.values(), Number(depth)));
}

const longestRange = 1_000_000n;

function range(count: bigint): Result {
  if (count > longestRange) return new CelError(`lists.range is limited to ${longestRange} elements`);
  return new ListValue(Array.from({ length: Math.max(Number(count), 0) }, (_, i) => BigInt(i)));
}

/** A list in the order of its keys, which are one for each element. */
function sortBy(list: ListValue, keys: ListValue): Result {
  if (list.length !== keys.length) {
    return new CelError(
      `@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${list.length} and ${keys.length} elements respectively`,
    );
  }
  const values = keys.values();
  const [first] = values;
  if (first === undefined) return list;
  if (compare(first, first) === undefined) return new CelError('list elements must be comparable');
  if (values.some((each) => typeNameOf(each) !== typeNameOf(first))) {
    return new CelError('list elements must have the same type');
  }
  const order = values.map((key, i) => [key, i] as const);
  order.sort(([a, i], [b, j]) => compare(a, b) || i - j);
  return new ListValue(order.map(([, i]) => list.at(i)));
}

const sortByKeys = (type: SimpleType): Overload =>
  member(`list_${type.kind}_sortByAssociatedKeys`, [listOf(A), listOf(type)], listOf(A), sortBy as Run);

const mapMacro = standardMacros.find((macro) => macro.name === 'map');

/** `people.sortBy(p, p.age)`: the keys are what `map` would give. */
const sortByMacro: Macro = {
  name: 'sortBy',
  args: 2,
  member: true,
  expand({ target, args, at }): Expr | undefined {
    if (!target || !mapMacro) return undefined;
    if (!['ident', 'select', 'list', 'comprehension', 'call'].includes(target.kind)) {
      throw new MacroError(
        'sortBy can only be applied to a list, identifier, comprehension, call or select expression',
        target.at,
      );
    }
    const input = '@__sortBy_input__';
    const keys = mapMacro.expand({ target: ident(input, at), args, at });
    if (!keys) return undefined;
    return bindTo(input, target, { ...call('@sortByAssociatedKeys', [keys], at), target: ident(input, at) }, at);
  },
};

export const listsLibrary: Library = {
  macros: [sortByMacro],
  functions: [
    declare('slice', member('list_slice', [listOf(A), intType, intType], listOf(A), slice as Run)),
    declare(
      'flatten',
      member('list_flatten', [listOf(listOf(A))], listOf(A), flatten as Run),
      member('list_flatten_int', [listOf(dynType), intType], listOf(dynType), flatten as Run),
    ),
    perType(
      'sort',
      ordered,
      (type) => `list_${type}_sort`,
      (type) => listOf(type),
      (list) => sortBy(list, list),
    ),
    declare('@sortByAssociatedKeys', ...ordered.map(sortByKeys)),
    declare('lists.range', overload('lists_range', [intType], listOf(intType), range as Run)),
    declare(
      'reverse',
      member(
        'list_reverse',
        [listOf(A)],
        listOf(A),
        (list) => new ListValue((list as ListValue).values().toReversed()),
      ),
    ),
    declare(
      'distinct',
      member('list_distinct', [listOf(A)], listOf(A), (list) => new ListValue(distinct((list as ListValue).values()))),
    ),
  ],
};

const holdsAll = (list: ListValue, others: ListValue): boolean => others.values().every((each) => contains(list, each));

const setFunction = (name: string, run: (a: ListValue, b: ListValue) => boolean): FunctionDeclaration =>
  declare(
    `sets.${name}`,
    overload(`list_sets_${name}_list`, [listOf(A), listOf(A)], boolType, (a, b) => run(a as ListValue, b as ListValue)),
  );

export const setsLibrary: Library = {
  functions: [
    setFunction('contains', holdsAll),
    setFunction('equivalent', (a, b) => holdsAll(a, b) && holdsAll(b, a)),
    setFunction('intersects', (a, b) => a.values().some((each) => contains(b, each))),
  ],
};
