// What running an expression can cost, found from sizes alone: Kubernetes refuses rules whose estimate is too large. The same units as at
// run time; what a call costs there is in runtime-costs.ts.

import type { Checked } from './check.ts';
import type { Environment } from './environment.ts';
import { estimateCall, type Node } from './call-estimates.ts';
import { listBase, mapBase, structBase } from './runtime-costs.ts';
import { either, exactly, nothing, plus, type Range, times, unknownSize } from './sizes.ts';
import {
  accumulatorName,
  type Call,
  isBinding,
  type Comprehension,
  type Expr,
  type MapLiteral,
  type Select,
} from './syntax.ts';
import { textLength } from './text.ts';
import { dynType, isOptional, type Type } from './types.ts';
import { ListValue, type Value } from './values.ts';

/** What is known of the size of a variable, or of what is found along a path from it (`self`, `spec`, `@items`). */
export type SizeOf = (path: readonly string[], type: Type) => Range | undefined;

export interface Costed {
  readonly expr: Expr;
  readonly checked: Checked;
}

export function estimateCost({ expr, checked }: Costed, sizeOf: SizeOf, { options }: Environment): Range {
  return new Coster(checked, sizeOf, options.presenceCosts ?? false).cost(expr);
}

/** The sizes of what a list or map holds. */
interface Entries {
  readonly kind: 'list' | 'map';
  readonly key: Range;
  readonly value: Range;
}

interface Local {
  readonly name: string;
  readonly path: readonly string[] | undefined;
  readonly size: Range | undefined;
  readonly entries: Entries | undefined;
}

class Coster {
  readonly #checked: Checked;
  readonly #sizeOf: SizeOf;
  readonly #presenceCosts: boolean;
  readonly #paths = new Map<Expr, readonly string[]>();
  readonly #sizes = new Map<Expr, Range>();
  readonly #entries = new Map<Expr, Entries>();
  readonly #locals: Local[] = [];

  constructor(checked: Checked, sizeOf: SizeOf, presenceCosts: boolean) {
    this.#checked = checked;
    this.#sizeOf = sizeOf;
    this.#presenceCosts = presenceCosts;
  }

  cost(expr: Expr): Range {
    switch (expr.kind) {
      case 'literal':
        return nothing;
      case 'ident':
        return this.#name(expr, expr.name);
      case 'select':
        return this.#select(expr);
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr);
      case 'map':
        return this.#map(expr);
      case 'struct':
        return plus(...expr.fields.map((field) => this.cost(field.value)), exactly(structBase));
      case 'comprehension':
        return isBinding(expr) ? this.#binding(expr) : this.#comprehension(expr);
    }
  }

  // What is known of parts

  #type(expr: Expr): Type {
    return this.#checked.types.get(expr) ?? dynType;
  }

  #local(expr: Expr): Local | undefined {
    return expr.kind === 'ident' ? this.#locals.findLast((local) => local.name === expr.name) : undefined;
  }

  #path(expr: Expr): readonly string[] | undefined {
    const local = this.#local(expr);
    return local ? local.path : this.#paths.get(expr);
  }

  /** Below what no variable leads to, a path has but its own steps: its size is then that of the variable itself, as upstream has it. */
  #below(expr: Expr, step: string): readonly string[] {
    return [...(this.#path(expr) ?? []), step];
  }

  #remember(expr: Expr, path: readonly string[] | undefined): void {
    if (path) this.#paths.set(expr, path);
  }

  #size(expr: Expr): Range | undefined {
    const known = this.#sizes.get(expr) ?? literalSize(expr);
    if (known) return known;
    const given = this.#given(this.#path(expr), this.#type(expr));
    if (given) this.#sizes.set(expr, given);
    return given ?? (isScalar(this.#type(expr)) ? exactly(1) : this.#local(expr)?.size);
  }

  #given(path: readonly string[] | undefined, type: Type): Range | undefined {
    return path?.[0] === undefined || path[0] === accumulatorName ? undefined : this.#sizeOf(path, type);
  }

  #sizeOrUnknown(expr: Expr): Range {
    return this.#size(expr) ?? unknownSize;
  }

  #held(expr: Expr): Entries | undefined {
    return this.#entries.get(expr) ?? this.#local(expr)?.entries;
  }

  // Parts

  #name(expr: Expr, name: string): Range {
    const local = this.#local(expr);
    this.#remember(expr, local ? local.path : [name]);
    return exactly(1);
  }

  #select(expr: Select): Range {
    if (expr.test) return plus(exactly(this.#presenceCosts ? 1 : 0), this.cost(expr.operand));
    const reference = this.#checked.references.get(expr);
    if (reference && reference.kind !== 'function') return this.#name(expr, reference.name);
    const operand = this.cost(expr.operand);
    this.#remember(expr, this.#below(expr.operand, expr.field));
    const counts = ['map', 'object', 'parameter'].includes(this.#type(expr.operand).kind);
    return counts ? plus(operand, exactly(1)) : operand;
  }

  #list(expr: Extract<Expr, { kind: 'list' }>): Range {
    const costs = expr.elements.map((each) => this.cost(each));
    const value = this.#united(expr.elements);
    this.#entries.set(expr, { kind: 'list', key: exactly(1), value });
    return plus(...costs, exactly(listBase));
  }

  #map(expr: MapLiteral): Range {
    const costs = expr.entries.map((entry) => plus(this.cost(entry.key), this.cost(entry.value)));
    const key = this.#united(expr.entries.map((entry) => entry.key));
    const value = this.#united(expr.entries.map((entry) => entry.value));
    this.#entries.set(expr, { kind: 'map', key, value });
    return plus(...costs, exactly(mapBase));
  }

  /** A size for all of them. */
  #united(exprs: readonly Expr[]): Range {
    return exprs.length === 0 ? nothing : exprs.map((each) => this.#sizeOrUnknown(each)).reduce(either);
  }

  #call(expr: Call): Range {
    if (expr.name === 'dyn' && !expr.target) return this.#dyn(expr);
    const reference = this.#checked.references.get(expr);
    const args = expr.args.map((each) => this.cost(each));
    if (expr.name === '_?._') return plus(...args, exactly(1));
    if (reference?.kind !== 'function') return nothing;
    const target = reference.qualified ? undefined : expr.target;
    const targetCost = target ? this.cost(target) : nothing;
    if (expr.name === '_?_:_') return this.#conditional(expr, args);
    if (expr.name === '_&&_' || expr.name === '_||_') return { min: args[0]?.min ?? 0, max: plus(...args).max };
    const overloads = reference.overloads.map((each) => each.id);
    const { cost, size } = this.#function(reference.declaration.name, overloads, target, expr.args);
    this.#found(expr, overloads, size);
    return plus(targetCost, cost, ...args);
  }

  #dyn(expr: Call): Range {
    const [arg] = expr.args;
    if (!arg) return exactly(1);
    const cost = plus(exactly(1), this.cost(arg));
    this.#copy(expr, arg);
    return cost;
  }

  #copy(to: Expr, from: Expr): void {
    const [size, entries] = [this.#size(from), this.#held(from)];
    if (size) this.#sizes.set(to, size);
    if (entries) this.#entries.set(to, entries);
  }

  #conditional(expr: Call, [condition, yes, no]: readonly Range[]): Range {
    const [, first, second] = expr.args as [Expr, Expr, Expr];
    this.#sizes.set(expr, either(this.#sizeOrUnknown(first), this.#sizeOrUnknown(second)));
    this.#join(expr, first, second);
    return plus(condition ?? nothing, either(yes ?? nothing, no ?? nothing));
  }

  /** What two lists or maps hold together. */
  #join(expr: Expr, first: Expr, second: Expr): void {
    const [a, b] = [this.#held(first), this.#held(second)];
    if (a && b) this.#entries.set(expr, { kind: a.kind, key: either(a.key, b.key), value: either(a.value, b.value) });
  }

  /** A range that covers every overload the call may turn out to be. */
  #function(name: string, overloads: readonly string[], target: Expr | undefined, args: readonly Expr[]) {
    const nodes = args.map((each) => this.#node(each));
    const targetNode = target && this.#node(target);
    const estimates = overloads.map((overload) =>
      estimateCall({
        name,
        overload,
        target: targetNode,
        args: nodes,
        sizeOf: (path, type) => this.#given(path, type),
      }),
    );
    const sizes = estimates.flatMap((each) => each.size ?? []);
    return {
      cost: estimates.map((each) => each.cost).reduce(either, estimates[0]?.cost ?? nothing),
      size: sizes.length > 0 ? sizes.reduce(either) : undefined,
    };
  }

  #node(expr: Expr): Node {
    const path = this.#path(expr);
    const hidden = path?.[0] === accumulatorName;
    return { expr, path: hidden ? undefined : path, type: this.#type(expr), size: this.#size(expr) };
  }

  /** What is known of the result of a call. */
  #found(expr: Call, overloads: readonly string[], size: Range | undefined): void {
    const [first, second] = expr.args;
    let known = size;
    if (first && overloads.includes('index_list')) {
      known = this.#held(first)?.value;
      this.#remember(expr, this.#below(first, '@items'));
    }
    if (first && overloads.includes('index_map')) {
      known = this.#held(first)?.value ?? known;
      this.#remember(expr, this.#below(first, '@values'));
    }
    if (first && second && expr.name === '_+_') this.#join(expr, first, second);
    known ??= this.#size(expr);
    if (known) this.#sizes.set(expr, known);
  }

  // Loops

  #comprehension(expr: Comprehension): Range {
    const before = this.#begin(expr);
    const depth = this.#locals.length;
    this.#pushVariables(expr);
    const condition = this.cost(expr.condition);
    const step = this.cost(expr.step);
    this.#locals.length = depth;
    const result = this.cost(expr.result);
    this.#locals.length = depth - 1;
    const turns = this.#sizeOrUnknown(expr.range);
    this.#gathered(expr, turns);
    return plus(before, result, times(turns, plus(condition, step)));
  }

  /** What comes before the first turn; from here on the accumulator is known. */
  #begin({ range, init, accumulator }: Comprehension): Range {
    const cost = plus(this.cost(range), this.cost(init));
    this.#locals.push({
      name: accumulator,
      path: this.#path(init),
      size: this.#size(init),
      entries: this.#held(init),
    });
    return cost;
  }

  #pushVariables(expr: Comprehension): void {
    const entries = this.#held(expr.range);
    const isList = (entries?.kind ?? this.#type(expr.range).kind) === 'list';
    const local = (name: string, step: string, size: Range | undefined): void => {
      this.#locals.push({ name, path: this.#below(expr.range, step), size, entries: undefined });
    };
    if (expr.second === undefined) {
      local(expr.variable, isList ? '@items' : '@keys', isList ? entries?.value : entries?.key);
      return;
    }
    local(expr.variable, isList ? '@indices' : '@keys', entries?.key);
    local(expr.second, isList ? '@items' : '@values', entries?.value);
  }

  /** The size of what a loop makes: as many as it turns. */
  #gathered(expr: Comprehension, turns: Range): void {
    if (expr.init.kind === 'literal') this.#sizes.set(expr, this.#sizeOrUnknown(expr.init));
    if (expr.init.kind !== 'list' && expr.init.kind !== 'map') return;
    this.#sizes.set(expr, turns);
    const entries = this.#held(expr.step);
    if (entries) this.#entries.set(expr, entries);
  }

  #binding(expr: Comprehension): Range {
    const before = this.#begin(expr);
    const result = this.cost(expr.result);
    this.#copy(expr, expr.result);
    this.#locals.pop();
    return plus(before, result);
  }
}

function literalSize(expr: Expr): Range | undefined {
  if (expr.kind === 'list') return exactly(expr.elements.length);
  if (expr.kind === 'map') return exactly(expr.entries.length);
  return expr.kind === 'literal' ? exactly(valueSize(expr.value)) : undefined;
}

function valueSize(value: Value): number {
  if (typeof value === 'string') return textLength(value);
  return value instanceof Uint8Array || value instanceof ListValue ? value.length : 1;
}

/** Of a size that does not vary. */
function isScalar(type: Type): boolean {
  if (isOptional(type)) return isScalar(type.parameters[0] ?? dynType);
  return ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(type.kind);
}
