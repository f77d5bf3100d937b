// Amounts of resources: `quantity('1.5Gi').isLessThan(quantity('2Gi'))`.

import { ParseError } from '../../../base/parse-error.ts';
import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  quantityOf,
  subtractQuantities,
} from '../../../base/quantity.ts';
import { declare, type FunctionDeclaration, type Library, member, namedObject, overload } from '../environment.ts';
import { boolType, doubleType, intType, stringType, type Type } from '../types.ts';
import { CelError, Opaque, type Result, type Value } from '../values.ts';

export const quantityType = namedObject('kubernetes.Quantity');

const nano = 1_000_000_000n;

function read(text: string): Quantity | CelError {
  try {
    return parseQuantity(text);
  } catch (failure) {
    if (failure instanceof ParseError) return new CelError(failure.message);
    throw failure;
  }
}

const wrap = (quantity: Quantity): Value => new Opaque(quantityType.name, quantity, quantity.nanos);
const unwrap = (value: Value | undefined): Quantity => (value as Opaque<Quantity>).data;

/** The value of a quantity's text. */
export function quantityValue(text: string): Result {
  const quantity = read(text);
  return quantity instanceof CelError ? quantity : wrap(quantity);
}

/** Undefined: it is no whole number of 64 bits. */
function integerOf({ nanos }: Quantity): bigint | undefined {
  const whole = nanos / nano;
  return nanos % nano === 0n && BigInt.asIntN(64, whole) === whole ? whole : undefined;
}

const ofInt = (value: Value | undefined): Quantity => quantityOf((value as bigint) * nano, 'DecimalExponent');

const method = (name: string, id: string, result: Type, run: (quantity: Quantity) => Result): FunctionDeclaration =>
  declare(
    name,
    member(`quantity_${id}`, [quantityType], result, (value) => run(unwrap(value))),
  );

const comparison = (name: string, id: string, result: Type, run: (order: number) => Value): FunctionDeclaration =>
  declare(
    name,
    member(`quantity_${id}`, [quantityType, quantityType], result, (a, b) =>
      run(compareQuantities(unwrap(a), unwrap(b))),
    ),
  );

const arithmetic = (name: string, run: (a: Quantity, b: Quantity) => Quantity): FunctionDeclaration =>
  declare(
    name,
    member(`quantity_${name}`, [quantityType, quantityType], quantityType, (a, b) => wrap(run(unwrap(a), unwrap(b)))),
    member(`quantity_${name}_int`, [quantityType, intType], quantityType, (a, b) => wrap(run(unwrap(a), ofInt(b)))),
  );

export const quantitiesLibrary: Library = {
  types: { [quantityType.name]: quantityType },
  functions: [
    declare(
      'quantity',
      overload('string_to_quantity', [stringType], quantityType, (text) => quantityValue(text as string)),
    ),
    declare(
      'isQuantity',
      overload('is_quantity_string', [stringType], boolType, (text) => !(read(text as string) instanceof CelError)),
    ),
    declare(
      'sign',
      overload('quantity_sign', [quantityType], intType, (value) => {
        const { nanos } = unwrap(value);
        return nanos > 0n ? 1n : nanos < 0n ? -1n : 0n;
      }),
    ),
    method('isInteger', 'is_integer', boolType, (quantity) => integerOf(quantity) !== undefined),
    method(
      'asInteger',
      'get_int',
      intType,
      (quantity) => integerOf(quantity) ?? new CelError('cannot convert value to integer'),
    ),
    method(
      'asApproximateFloat',
      'get_float',
      doubleType,
      ({ nanos }) => Number(nanos / nano) + Number(nanos % nano) / 1e9,
    ),
    comparison('isGreaterThan', 'is_greater_than', boolType, (order) => order > 0),
    comparison('isLessThan', 'is_less_than', boolType, (order) => order < 0),
    comparison('compareTo', 'compare_to', intType, BigInt),
    arithmetic('add', addQuantities),
    arithmetic('sub', subtractQuantities),
  ],
};
