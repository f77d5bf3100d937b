// Arithmetic beyond the operators: the greatest and least of several, rounding, bits.

import { compare } from '../compare.ts';
import { declare, type FunctionDeclaration, type Library, type Overload, overload } from '../environment.ts';
import { type Macro, MacroError } from '../macros.ts';
import { call, type Expr, listLiteral } from '../syntax.ts';
import { boolType, doubleType, dynType, intType, listOf, type SimpleType, type Type, uintType } from '../types.ts';
import { CelError, ListValue, type Result, Uint, type Value } from '../values.ts';

type Run = Overload['call'];

const numbers: readonly SimpleType[] = [intType, doubleType, uintType];

function extreme(values: readonly Value[], sign: 1 | -1, name: string): Result {
  const [first, ...rest] = values;
  if (first === undefined) return new CelError(`math.${name}(list) argument must not be empty`);
  let best = first;
  for (const each of rest) {
    const order = compare(each, best);
    if (order === undefined) return new CelError('no such overload');
    if (order * sign > 0) best = each;
  }
  return best;
}

/** One number, two of any sorts, or a list. */
function extremeFunction(name: string, sign: 1 | -1): FunctionDeclaration {
  const id = `math_${name}`;
  const ofTwo = (a: SimpleType, b: SimpleType): Overload =>
    overload(`${id}_${a.kind}_${b.kind}`, [a, b], a === b ? a : dynType, (...args) =>
      extreme(args as Value[], sign, name),
    );
  return declare(
    `math.${name}`,
    ...numbers.map((type) => overload(`${id}_${type.kind}`, [type], type, (value) => value as Value)),
    ...numbers.flatMap((a) => numbers.map((b) => ofTwo(a, b))),
    ...numbers.map((type) =>
      overload(`${id}_list_${type.kind}`, [listOf(type)], type, (list) =>
        extreme((list as ListValue).values(), sign, name),
      ),
    ),
  );
}

function isNumber(expr: Expr): boolean {
  if (expr.kind === 'literal') return ['number', 'bigint'].includes(typeof expr.value) || expr.value instanceof Uint;
  return expr.kind !== 'list' && expr.kind !== 'map' && expr.kind !== 'struct';
}

/** `math.greatest(a, b, …)`: any number of numbers, or one list. */
function extremeMacro(name: string, target: string): Macro {
  return {
    name,
    args: undefined,
    member: true,
    expand({ target: space, args, at }) {
      if (space?.kind !== 'ident' || space.name !== 'math') return undefined;
      const [only] = args;
      if (!only) throw new MacroError(`math.${name}() requires at least one argument`, space.at);
      if (args.length === 1) {
        if (only.kind !== 'list' && !isNumber(only)) {
          throw new MacroError(`math.${name}() invalid single argument value`, only.at);
        }
        if (only.kind === 'list' && (only.elements.length === 0 || !only.elements.every(isNumber))) {
          throw new MacroError(`math.${name}() invalid single argument value`, only.at);
        }
        return call(target, [only], at);
      }
      const odd = args.find((each) => !isNumber(each));
      if (odd) throw new MacroError(`math.${name}() simple literal arguments must be numeric`, odd.at);
      return call(target, args.length === 2 ? args : [listLiteral(args, at)], at);
    },
  };
}

const ofDouble = (name: string, result: Type, run: (value: number) => Result): FunctionDeclaration =>
  declare(`math.${name}`, overload(`math_${name}_double`, [doubleType], result, run as Run));

/** Away from zero where it lies in the middle. */
const rounded = (value: number): number => {
  const whole = Math.trunc(value);
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole;
};

/** The same for numbers of each sort. */
const ofEach = (name: string, runs: Readonly<Record<string, (value: never) => Result>>): FunctionDeclaration =>
  declare(
    `math.${name}`,
    ...numbers.map((type) => overload(`math_${name}_${type.kind}`, [type], type, runs[type.kind] as Run)),
  );

const least = -(2n ** 63n);

const bitwise = (name: string, run: (a: bigint, b: bigint) => bigint): FunctionDeclaration =>
  declare(
    `math.${name}`,
    overload(`math_${name}_int_int`, [intType, intType], intType, ((a: bigint, b: bigint) => run(a, b)) as Run),
    overload(
      `math_${name}_uint_uint`,
      [uintType, uintType],
      uintType,
      ((a: Uint, b: Uint): Result => new Uint(run(a.value, b.value))) as Run,
    ),
  );

/** A shift beyond the width leaves nothing; to the right zeros come in, negative numbers too. */
function shift(name: string, run: (bits: bigint, by: bigint) => bigint): FunctionDeclaration {
  const shifted = (bits: bigint, by: bigint): bigint | CelError => {
    if (by < 0n) return new CelError(`math.${name}() negative offset: ${by}`);
    return by > 63n ? 0n : BigInt.asUintN(64, run(BigInt.asUintN(64, bits), by));
  };
  const ofInt = (bits: bigint, by: bigint): Result => {
    const result = shifted(bits, by);
    return result instanceof CelError ? result : BigInt.asIntN(64, result);
  };
  const ofUint = (bits: Uint, by: bigint): Result => {
    const result = shifted(bits.value, by);
    return result instanceof CelError ? result : new Uint(result);
  };
  return declare(
    `math.${name}`,
    overload(`math_${name}_int_int`, [intType, intType], intType, ofInt as Run),
    overload(`math_${name}_uint_int`, [uintType, intType], uintType, ofUint as Run),
  );
}

const sign = (value: bigint): bigint => (value > 0n ? 1n : value < 0n ? -1n : 0n);

export const mathLibrary: Library = {
  macros: [extremeMacro('greatest', 'math.@max'), extremeMacro('least', 'math.@min')],
  functions: [
    extremeFunction('@max', 1),
    extremeFunction('@min', -1),
    ofDouble('ceil', doubleType, Math.ceil),
    ofDouble('floor', doubleType, Math.floor),
    ofDouble('round', doubleType, rounded),
    ofDouble('trunc', doubleType, Math.trunc),
    ofDouble('isInf', boolType, (value) => !Number.isNaN(value) && !Number.isFinite(value)),
    ofDouble('isNaN', boolType, Number.isNaN),
    ofDouble('isFinite', boolType, Number.isFinite),
    ofEach('abs', {
      int: (value: bigint) => (value === least ? new CelError('integer overflow') : value < 0n ? -value : value),
      double: (value: number) => Math.abs(value),
      uint: (value: Uint) => value,
    }),
    ofEach('sign', {
      int: sign,
      double: (value: number) => Math.sign(value),
      uint: (value: Uint) => new Uint(sign(value.value)),
    }),
    declare(
      'math.sqrt',
      overload('math_sqrt_int', [intType], doubleType, ((value: bigint) => Math.sqrt(Number(value))) as Run),
      overload('math_sqrt_double', [doubleType], doubleType, Math.sqrt as Run),
      overload('math_sqrt_uint', [uintType], doubleType, ((value: Uint) => Math.sqrt(Number(value.value))) as Run),
    ),
    bitwise('bitAnd', (a, b) => a & b),
    bitwise('bitOr', (a, b) => a | b),
    bitwise('bitXor', (a, b) => a ^ b),
    declare(
      'math.bitNot',
      overload('math_bitNot_int_int', [intType], intType, ((value: bigint) => ~value) as Run),
      overload(
        'math_bitNot_uint_uint',
        [uintType],
        uintType,
        ((value: Uint): Result => new Uint(BigInt.asUintN(64, ~value.value))) as Run,
      ),
    ),
    shift('bitShiftLeft', (bits, by) => bits << by),
    shift('bitShiftRight', (bits, by) => bits >> by),
  ],
};
