// The tree an expression is read into. Every node knows where it stands, for messages.

import type { Value } from './values.ts';

interface Node {
  /** Where it stands: code points from the beginning. Operators, selections and calls stand where their sign does. */
  readonly at: number;
}

export interface Literal extends Node {
  readonly kind: 'literal';
  readonly value: Value;
}

export interface Ident extends Node {
  readonly kind: 'ident';
  /** With a leading dot where it was written: then it is looked up outside every container. */
  readonly name: string;
}

export interface Select extends Node {
  readonly kind: 'select';
  readonly operand: Expr;
  readonly field: string;
  /** `has(a.b)`: whether it is there. */
  readonly test: boolean;
}

export interface Call extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly target?: Expr;
  readonly args: readonly Expr[];
}

export interface ListLiteral extends Node {
  readonly kind: 'list';
  readonly elements: readonly Expr[];
  /** The places of those written `?x`. */
  readonly optional: ReadonlySet<number>;
}

export interface MapEntry extends Node {
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
}

export interface MapLiteral extends Node {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}

export interface StructField extends Node {
  readonly name: string;
  readonly value: Expr;
  readonly optional: boolean;
}

export interface StructLiteral extends Node {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: readonly StructField[];
}

/** What the macros over lists and maps become: a loop that folds a range into a result. */
export interface Comprehension extends Node {
  readonly kind: 'comprehension';
  readonly range: Expr;
  readonly variable: string;
  /** With two variables the first is the index or key, the second the element or value. */
  readonly second?: string;
  readonly accumulator: string;
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
}

export type Expr = Literal | Ident | Select | Call | ListLiteral | MapLiteral | StructLiteral | Comprehension;

/** The variable in which a comprehension gathers its result. No expression can name it. */
export const accumulatorName = '@result';

export const literal = (value: Value, at: number): Literal => ({ kind: 'literal', value, at });
export const ident = (name: string, at: number): Ident => ({ kind: 'ident', name, at });
export const call = (name: string, args: readonly Expr[], at: number): Call => ({ kind: 'call', name, args, at });
export const listLiteral = (elements: readonly Expr[], at: number): ListLiteral => ({
  kind: 'list',
  elements,
  optional: new Set(),
  at,
});

/** The name a chain of selections spells (`a.b.c`); undefined when it is more than names. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name;
  if (expr.kind !== 'select' || expr.test) return undefined;
  const prefix = qualifiedName(expr.operand);
  return prefix === undefined ? undefined : `${prefix}.${expr.field}`;
}

/** The same expression once more: macros that say a part twice must not share it, for it may have two types. */
export function copyOf(expr: Expr): Expr {
  switch (expr.kind) {
    case 'select':
      return { ...expr, operand: copyOf(expr.operand) };
    case 'call':
      return { ...expr, args: expr.args.map(copyOf), ...(expr.target ? { target: copyOf(expr.target) } : {}) };
    case 'list':
      return { ...expr, elements: expr.elements.map(copyOf) };
    case 'map':
      return {
        ...expr,
        entries: expr.entries.map((each) => ({ ...each, key: copyOf(each.key), value: copyOf(each.value) })),
      };
    case 'struct':
      return { ...expr, fields: expr.fields.map((each) => ({ ...each, value: copyOf(each.value) })) };
    case 'comprehension':
      return {
        ...expr,
        range: copyOf(expr.range),
        init: copyOf(expr.init),
        condition: copyOf(expr.condition),
        step: copyOf(expr.step),
        result: copyOf(expr.result),
      };
    default:
      return { ...expr };
  }
}

/** Every part of an expression that is one itself. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'select':
      return [expr.operand];
    case 'call':
      return expr.target ? [expr.target, ...expr.args] : expr.args;
    case 'list':
      return expr.elements;
    case 'map':
      return expr.entries.flatMap((entry) => [entry.key, entry.value]);
    case 'struct':
      return expr.fields.map((field) => field.value);
    case 'comprehension':
      return [expr.range, expr.init, expr.condition, expr.step, expr.result];
    default:
      return [];
  }
}

/** A loop over nothing that only gives a name to a value: what `bind` and `optMap` are made into. */
export const isBinding = ({ range, condition, accumulator }: Comprehension): boolean =>
  range.kind === 'list' &&
  range.elements.length === 0 &&
  condition.kind === 'literal' &&
  condition.value === false &&
  accumulator !== accumulatorName;
