// Turns a checked expression into closures that compute it. Names, fields and functions are found once, here, not on every run.

import { callStep } from './call-step.ts';
import { type Checked, type Reference } from './check.ts';
import { candidateNames, type Environment, findFunction } from './environment.ts';
import { type Frame, type Step } from './frame.ts';
import { GrowingList, GrowingMap } from './growing.ts';
import { type LoopBody } from './loop.ts';
import { index, optionalIndex } from './operators.ts';
import { compileRegex, regexMistake } from './regex.ts';
import {
  appendStep,
  bindingStep,
  conditionalStep,
  constant,
  elementStep,
  equalityStep,
  fallbackStep,
  fieldStep,
  insertStep,
  listStep,
  localStep,
  logicalStep,
  lookupStep,
  loopStep,
  mapStep,
  notStrictlyFalse,
  optionalFieldStep,
  presenceStep,
  structStep,
  variableStep,
} from './steps.ts';
import {
  accumulatorName,
  isBinding,
  type Call,
  type Comprehension,
  type Expr,
  type ListLiteral,
  type MapLiteral,
  qualifiedName,
  type Select,
  type StructLiteral,
} from './syntax.ts';
import { dynType, type Type, typeName } from './types.ts';
import { CelError, EntryMap, keyOf, ListValue, type Result, TypeValue, type Value } from './values.ts';

export interface Plan {
  readonly step: Step;
  readonly locals: number;
  /** Why it can never run: a constant that cannot be. */
  readonly failure: string | undefined;
}

export function plan(expr: Expr, env: Environment, checked: Checked | undefined): Plan {
  const planner = new Planner(env, checked);
  const step = planner.plan(expr);
  return { step, locals: planner.locals, failure: planner.failure };
}

interface Local {
  readonly name: string;
  readonly slot: number;
  /** Computes it when it is first asked for. */
  readonly lazy?: Step;
}

class Planner {
  readonly globals: string[] = [];
  locals = 0;
  failure: string | undefined;
  readonly #env: Environment;
  readonly #references: ReadonlyMap<Expr, Reference>;
  readonly #checked: boolean;
  readonly #scope: Local[] = [];

  constructor(env: Environment, checked: Checked | undefined) {
    this.#env = env;
    this.#references = checked?.references ?? new Map();
    this.#checked = checked !== undefined;
  }

  /** `bare`: as a part of another attribute, where the name that a path begins with is free. */
  plan(expr: Expr, bare = false): Step {
    switch (expr.kind) {
      case 'literal':
        return constant(expr.value);
      case 'ident':
        return this.#ident(expr, expr.name, bare);
      case 'select':
        return this.#select(expr, bare);
      case 'call':
        return this.#call(expr, bare);
      case 'list':
        return this.#list(expr);
      case 'map':
        return this.#map(expr);
      case 'struct':
        return this.#struct(expr);
      case 'comprehension':
        return this.#comprehension(expr);
    }
  }

  // Names

  #local(name: string): Local | undefined {
    return this.#scope.findLast((local) => local.name === name);
  }

  #ident(expr: Expr, name: string, bare: boolean): Step {
    const local = this.#local(name);
    return local
      ? localStep(local.slot, local.lazy, bare ? 0 : 1)
      : (this.#named(expr, name, bare) ?? unknownName(name));
  }

  #named(expr: Expr, name: string, bare: boolean): Step | undefined {
    const reference = this.#references.get(expr) ?? (this.#checked ? undefined : this.#resolve(name));
    if (reference?.kind === 'variable') return this.#global(reference.name, bare ? 0 : 1);
    return reference?.kind === 'type' ? constant(new TypeValue(typeValueName(reference.type))) : undefined;
  }

  /** Without a checker: the same search as it makes. */
  #resolve(name: string): Reference | undefined {
    for (const candidate of candidateNames(this.#env.options.container, name)) {
      if (this.#env.variables.has(candidate)) return { kind: 'variable', name: candidate };
      const type = this.#env.type(candidate);
      if (type) return { kind: 'type', name: candidate, type };
    }
    return undefined;
  }

  #global(name: string, cost: number): Step {
    const type = this.#env.variables.get(name) ?? dynType;
    const known = this.globals.indexOf(name);
    const slot = known < 0 ? this.globals.push(name) - 1 : known;
    return variableStep({ name, slot, type }, cost);
  }

  #select(expr: Select, bare: boolean): Step {
    const name = expr.test ? undefined : qualifiedName(expr);
    if (name !== undefined && !this.#local(name.split('.')[0] ?? '')) {
      const named = this.#named(expr, name, bare);
      if (named) return named;
    }
    const { field } = expr;
    if (expr.test) return presenceStep(this.plan(expr.operand), field, this.#env.options.presenceCosts ? 1 : 0);
    const operand = this.plan(expr.operand, bare && isPath(expr.operand));
    return fieldStep(operand, field, bare || isPath(expr.operand) ? 1 : 2);
  }

  // Literals

  /** What is the same on every run is made once: literals, lists and maps of them, and what is read from their texts. */
  #constant(expr: Expr): Value | undefined {
    if (expr.kind === 'literal') return expr.value;
    if (expr.kind === 'call') return this.#converted(expr);
    if (expr.kind === 'map') return this.#constantMap(expr);
    if (expr.kind !== 'list' || expr.optional.size > 0) return undefined;
    const items = expr.elements.map((each) => this.#constant(each));
    return items.every(isDefined) ? new ListValue(items) : undefined;
  }

  #constantMap({ entries }: MapLiteral): Value | undefined {
    const made = new Map<string | boolean | bigint, readonly [Value, Value]>();
    for (const each of entries) {
      const [key, value] = [this.#constant(each.key), this.#constant(each.value)];
      const normal = key === undefined ? undefined : keyOf(key);
      if (each.optional || value === undefined || normal === undefined || made.has(normal)) return undefined;
      made.set(normal, [key as Value, value]);
    }
    return new EntryMap(made);
  }

  /** `duration('1h')`: a constant of another type. One that cannot be is the end of the program. */
  #converted(expr: Call): Value | undefined {
    const [text] = expr.args;
    if (!conversions.has(expr.name) || expr.target || expr.args.length !== 1 || !text) return undefined;
    if (this.#constant(text) === undefined) return undefined;
    const value = this.#function(expr)(emptyFrame());
    if (!(value instanceof CelError)) return value;
    this.failure ??= value.message;
    return undefined;
  }

  #list(expr: ListLiteral): Step {
    const fixed = this.#constant(expr);
    if (fixed !== undefined) return constant(fixed);
    return listStep(
      expr.elements.map((each) => this.plan(each)),
      expr.optional,
    );
  }

  #map(expr: MapLiteral): Step {
    const fixed = this.#constant(expr);
    if (fixed !== undefined) return constant(fixed);
    return mapStep(
      expr.entries.map(({ key, value, optional }) => [this.plan(key), this.plan(value), optional] as const),
    );
  }

  #struct(expr: StructLiteral): Step {
    const reference = this.#references.get(expr) ?? (this.#checked ? undefined : this.#resolve(expr.name));
    const type = reference?.kind === 'type' && reference.type.kind === 'object' ? reference.type : undefined;
    if (!type) return constant(new CelError(`unknown type: ${expr.name}`));
    return structStep(
      type,
      expr.fields.map(({ name, value, optional }) => [name, this.plan(value), optional] as const),
    );
  }

  // Calls

  #call(expr: Call, bare: boolean): Step {
    const fixed = this.#constant(expr);
    if (fixed !== undefined) return constant(fixed);
    const arg = (i: number, within = false): Step => this.plan(expr.args[i] as Expr, within);
    switch (expr.name) {
      case '_&&_':
        return logicalStep(arg(0), arg(1), false);
      case '_||_':
        return logicalStep(arg(0), arg(1), true);
      case '_?_:_':
        return conditionalStep(arg(0), arg(1, true), arg(2, true));
      case '_==_':
        return equalityStep(arg(0), arg(1), true);
      case '_!=_':
        return equalityStep(arg(0), arg(1), false);
      case '@not_strictly_false':
        return notStrictlyFalse(arg(0));
      case '_[_]':
        return this.#index(expr, bare, index);
      case '_[?_]':
        return this.#index(expr, bare, optionalIndex);
      case '_?._':
        return this.#optionalSelect(expr, bare);
      case 'or':
      case 'orValue':
        return this.#fallback(expr) ?? this.#function(expr);
      case 'cel.@mapInsert':
        return insertStep(
          arg(0),
          expr.args.slice(1).map((each) => this.plan(each)),
        );
      case '@in':
        return this.#membership(expr) ?? this.#function(expr);
      case '_+_':
        return this.#appending(expr) ?? this.#function(expr);
      default:
        return this.#function(expr);
    }
  }

  #index(expr: Call, bare: boolean, find: (container: Value, key: Value) => Result): Step {
    const [of, by] = expr.args as [Expr, Expr];
    const container = this.plan(of, bare && isPath(of));
    return elementStep(container, this.plan(by, true), { find, cost: bare || isPath(of) ? 0 : 1 });
  }

  #optionalSelect(expr: Call, bare: boolean): Step {
    const of = expr.args[0] as Expr;
    const operand = this.plan(of, bare && isPath(of));
    const name = expr.args[1];
    const field = name?.kind === 'literal' && typeof name.value === 'string' ? name.value : '';
    return optionalFieldStep(operand, field, bare || isPath(of) ? 0 : 1);
  }

  #fallback(expr: Call): Step | undefined {
    if (!expr.target || expr.args.length !== 1) return undefined;
    return fallbackStep(this.plan(expr.target), this.plan(expr.args[0] as Expr), expr.name === 'orValue');
  }

  /** `x in [1, 2, 3]`, when what is listed is constant, is a look-up, and free. */
  #membership(expr: Call): Step | undefined {
    const list = expr.args[1];
    const fixed =
      list?.kind === 'list' && list.optional.size === 0
        ? list.elements.map((each) => this.#constant(each))
        : [undefined];
    const keys = fixed.map((each) => (each === undefined ? undefined : keyOf(each)));
    if (!keys.every(isDefined)) return undefined;
    return lookupStep(this.plan(expr.args[0] as Expr), new Set(keys));
  }

  /** `result + [x]` within a loop that gathers: the list it made grows in place. */
  #appending(expr: Call): Step | undefined {
    const [left, right] = expr.args;
    if (left?.kind !== 'ident' || left.name !== accumulatorName) return undefined;
    if (right?.kind !== 'list' || right.elements.length !== 1 || right.optional.size > 0) return undefined;
    return appendStep(this.plan(left), this.plan(right.elements[0] as Expr));
  }

  #function(expr: Call): Step {
    const found = this.#references.get(expr) ?? this.#findFunction(expr);
    if (found?.kind !== 'function') return constant(new CelError(`unbound function: ${expr.name}()`));
    const isMember = expr.target !== undefined && !found.qualified;
    const args = isMember ? [expr.target as Expr, ...expr.args] : expr.args;
    if (expr.name === 'find' || expr.name === 'findAll') this.#requirePattern(expr.args[0]);
    const choices = found.overloads.filter(
      (each) => each.member === isMember && each.parameters.length === args.length,
    );
    return callStep(
      found.declaration,
      choices,
      args.map((each) => this.plan(each)),
    );
  }

  /** A pattern that is written out is compiled with the expression. */
  #requirePattern(pattern: Expr | undefined): void {
    if (pattern?.kind !== 'literal' || typeof pattern.value !== 'string' || compileRegex(pattern.value)) return;
    this.failure ??= regexMistake(pattern.value);
  }

  #findFunction(expr: Call): Reference | undefined {
    const prefix = expr.target ? qualifiedName(expr.target) : undefined;
    const qualified = prefix === undefined ? undefined : findFunction(this.#env, `${prefix}.${expr.name}`);
    const declaration = qualified ?? findFunction(this.#env, expr.name);
    if (!declaration) return undefined;
    return { kind: 'function', declaration, overloads: declaration.overloads, qualified: qualified !== undefined };
  }

  // Loops

  #comprehension(expr: Comprehension): Step {
    if (isBinding(expr)) return this.#binding(expr);
    const range = this.plan(expr.range);
    const init = this.#initial(expr.init);
    const depth = this.#scope.length;
    const accumulator = this.#declare(expr.accumulator);
    const first = this.#declare(expr.variable);
    const second = expr.second === undefined ? undefined : this.#declare(expr.second);
    const always = expr.condition.kind === 'literal' && expr.condition.value === true;
    const condition = always ? undefined : this.plan(expr.condition);
    const step = this.plan(expr.step);
    this.#scope.length = depth + 1;
    const result = this.plan(expr.result);
    this.#scope.length = depth;
    const loop: LoopBody = { accumulator, first, second, condition, step };
    return loopStep(range, init, { loop, result });
  }

  #declare(name: string): number {
    const slot = this.locals++;
    this.#scope.push({ name, slot });
    return slot;
  }

  /** What a loop starts from: lists and maps that may grow. */
  #initial(expr: Expr): Step {
    if (expr.kind === 'list' && expr.elements.length === 0) return () => new GrowingList();
    if (expr.kind === 'map' && expr.entries.length === 0) return () => new GrowingMap();
    return this.plan(expr);
  }

  #binding(expr: Comprehension): Step {
    const lazy = this.plan(expr.init);
    const slot = this.locals++;
    this.#scope.push({ name: expr.accumulator, slot, lazy });
    const result = this.plan(expr.result);
    this.#scope.pop();
    return bindingStep(slot, result);
  }
}

// Pieces of steps

const conversions = new Set([
  'bool',
  'bytes',
  'double',
  'duration',
  'dyn',
  'int',
  'string',
  'timestamp',
  'type',
  'uint',
]);

const emptyFrame = (): Frame => ({ variables: {}, globals: [], locals: [], cost: 0, limit: Infinity });

const isDefined = <T>(value: T | undefined): value is T => value !== undefined;

/** Names, fields and elements of these, and a choice between two: what upstream reads as one attribute. */
const isPath = (expr: Expr): boolean =>
  expr.kind === 'ident' ||
  (expr.kind === 'select' && !expr.test) ||
  (expr.kind === 'call' && (/^_\[|^_\?\._/.test(expr.name) || expr.name === '_?_:_'));

const unknownName = (name: string): Step =>
  constant(new CelError(`undeclared reference to '${name}' (in container '')`));

/** `list` for every type of lists. */
function typeValueName(type: Type): string {
  if (type.kind === 'list' || type.kind === 'map' || type.kind === 'type') return type.kind;
  return type.kind === 'opaque' ? type.name : typeName(type);
}
