// Turns a checked expression into closures that compute it. Names, fields and functions are found once, here, not on every run.

import { callStep } from './call-step.ts';
import type { Checked, Reference } from './check.ts';
import { equal } from './compare.ts';
import { candidateNames, type Environment, findFunction } from './environment.ts';
import { charge, chargeCall, type Frame, type Step, type Variables } from './frame.ts';
import { GrowingList, GrowingMap, insertAll } from './growing.ts';
import { iterate, type LoopBody } from './loop.ts';
import { hasField, index, noSuchOverload, optionalField, optionalIndex, selectField } from './operators.ts';
import { compileRegex, regexMistake } from './regex.ts';
import { callCost, listBase, mapBase, structBase } from './runtime-costs.ts';
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
import { dynType, type ObjectType, type Type, typeName } from './types.ts';
import {
  CelError,
  EntryMap,
  keyOf,
  ListValue,
  ObjectLiteral,
  Optional,
  type Result,
  TypeValue,
  type Value,
  valueOf,
} from './values.ts';

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
    return local ? readLocal(local, bare ? 0 : 1) : (this.#named(expr, name, bare) ?? unknownName(name));
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
    return (frame) => {
      charge(frame, cost);
      return (frame.globals[slot] ??= readVariable(frame.variables, name, type));
    };
  }

  #select(expr: Select, bare: boolean): Step {
    const name = expr.test ? undefined : qualifiedName(expr);
    if (name !== undefined && !this.#local(name.split('.')[0] ?? '')) {
      const named = this.#named(expr, name, bare);
      if (named) return named;
    }
    const { field } = expr;
    if (expr.test) return this.#presence(this.plan(expr.operand), field);
    const operand = this.plan(expr.operand, bare && isPath(expr.operand));
    const cost = bare || isPath(expr.operand) ? 1 : 2;
    return (frame) => {
      const value = operand(frame);
      charge(frame, cost);
      return value instanceof CelError ? value : selectField(value, field);
    };
  }

  /** Asking whether something is there is free in Kubernetes. */
  #presence(operand: Step, field: string): Step {
    const cost = this.#env.options.presenceCosts ? 1 : 0;
    return (frame) => {
      const value = operand(frame);
      charge(frame, cost);
      return value instanceof CelError ? value : hasField(value, field);
    };
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
    const { elements, optional } = expr;
    const steps = elements.map((each) => this.plan(each));
    return (frame) => {
      const items: Value[] = [];
      for (const [i, step] of steps.entries()) {
        const value = step(frame);
        if (value instanceof CelError) return value;
        if (!optional.has(i)) items.push(value);
        else if (!(value instanceof Optional)) return noSuchOverload;
        else if (value.value !== undefined) items.push(value.value);
      }
      charge(frame, listBase);
      return new ListValue(items);
    };
  }

  #map(expr: MapLiteral): Step {
    const fixed = this.#constant(expr);
    if (fixed !== undefined) return constant(fixed);
    const { entries } = expr;
    const steps = entries.map(({ key, value, optional }) => [this.plan(key), this.plan(value), optional] as const);
    return (frame) => {
      const map = new GrowingMap();
      for (const [keyStep, valueStep, optional] of steps) {
        const key = keyStep(frame);
        if (key instanceof CelError) return key;
        const value = valueStep(frame);
        if (value instanceof CelError) return value;
        const kept = optional ? heldBy(value) : value;
        if (kept instanceof CelError) return kept;
        const failure = kept === undefined ? undefined : map.insert(key, kept);
        if (failure) return failure;
      }
      charge(frame, mapBase);
      return map;
    };
  }

  #struct(expr: StructLiteral): Step {
    const reference = this.#references.get(expr) ?? (this.#checked ? undefined : this.#resolve(expr.name));
    const type = reference?.kind === 'type' && reference.type.kind === 'object' ? reference.type : undefined;
    if (!type) return constant(new CelError(`unknown type: ${expr.name}`));
    const steps = expr.fields.map(({ name, value, optional }) => [name, this.plan(value), optional] as const);
    return (frame) => {
      const fields = new Map<string, Value>();
      for (const [name, step, optional] of steps) {
        const value = step(frame);
        if (value instanceof CelError) return value;
        const kept = optional ? heldBy(value) : value;
        if (kept instanceof CelError) return kept;
        if (kept !== undefined) fields.set(name, kept);
      }
      charge(frame, structBase);
      return madeObject(type, fields);
    };
  }

  // Calls

  #call(expr: Call, bare: boolean): Step {
    const fixed = this.#constant(expr);
    if (fixed !== undefined) return constant(fixed);
    switch (expr.name) {
      case '_&&_':
        return this.#logical(expr, false);
      case '_||_':
        return this.#logical(expr, true);
      case '_?_:_':
        return this.#conditional(expr);
      case '_==_':
        return this.#equality(expr, true);
      case '_!=_':
        return this.#equality(expr, false);
      case '@not_strictly_false':
        return notStrictlyFalse(this.plan(expr.args[0] as Expr));
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
        return this.#insertion(expr);
      case '@in':
        return this.#membership(expr) ?? this.#function(expr);
      case '_+_':
        return this.#appending(expr) ?? this.#function(expr);
      default:
        return this.#function(expr);
    }
  }

  /** `&&` and `||`: one side may decide although the other cannot be told. */
  #logical(expr: Call, decides: boolean): Step {
    const [left, right] = expr.args.map((each) => this.plan(each)) as [Step, Step];
    return (frame) => {
      const first = left(frame);
      if (first === decides) return decides;
      const second = right(frame);
      if (second === decides) return decides;
      if (first instanceof CelError) return first;
      if (second instanceof CelError) return second;
      return typeof first === 'boolean' && typeof second === 'boolean' ? !decides : noSuchOverload;
    };
  }

  #conditional(expr: Call): Step {
    const [condition, yes, no] = expr.args.map((each, i) => this.plan(each, i > 0)) as [Step, Step, Step];
    return (frame) => {
      const holds = condition(frame);
      if (holds === true) return yes(frame);
      if (holds === false) return no(frame);
      return holds instanceof CelError ? holds : noSuchOverload;
    };
  }

  #equality(expr: Call, holds: boolean): Step {
    const [left, right] = expr.args.map((each) => this.plan(each)) as [Step, Step];
    const cost = callCost(expr.name, '');
    const overload = holds ? 'equals' : 'not_equals';
    return (frame) => {
      const a = left(frame);
      const b = right(frame);
      const failure = a instanceof CelError ? a : b instanceof CelError ? b : undefined;
      const result = failure ?? equal(a as Value, b as Value) === holds;
      chargeCall(frame, cost, { args: [a, b], result, overload });
      return result;
    };
  }

  #index(expr: Call, bare: boolean, find: (container: Value, key: Value) => Result): Step {
    const [of, by] = expr.args as [Expr, Expr];
    const container = this.plan(of, bare && isPath(of));
    const key = this.plan(by, true);
    const base = bare || isPath(of) ? 0 : 1;
    return (frame) => {
      const whole = container(frame);
      const place = key(frame);
      charge(frame, base);
      if (whole instanceof CelError || place instanceof CelError) {
        charge(frame, 1);
        return whole instanceof CelError ? whole : place;
      }
      return charged(frame, find(whole, place));
    };
  }

  #optionalSelect(expr: Call, bare: boolean): Step {
    const of = expr.args[0] as Expr;
    const operand = this.plan(of, bare && isPath(of));
    const base = bare || isPath(of) ? 0 : 1;
    const name = expr.args[1];
    const field = name?.kind === 'literal' && typeof name.value === 'string' ? name.value : '';
    return (frame) => {
      const value = operand(frame);
      charge(frame, base);
      return charged(frame, value instanceof CelError ? value : optionalField(value, field));
    };
  }

  /** `a.or(b)`, `a.orValue(b)`: what is not needed is not computed, and choosing is free. */
  #fallback(expr: Call): Step | undefined {
    if (!expr.target || expr.args.length !== 1) return undefined;
    const target = this.plan(expr.target);
    const other = this.plan(expr.args[0] as Expr);
    const unwraps = expr.name === 'orValue';
    return (frame) => {
      const value = target(frame);
      if (value instanceof CelError) return value;
      if (!(value instanceof Optional)) return noSuchOverload;
      if (value.value === undefined) return other(frame);
      return unwraps ? value.value : value;
    };
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
    const known = new Set(keys);
    const sought = this.plan(expr.args[0] as Expr);
    return (frame) => {
      const value = sought(frame);
      if (value instanceof CelError) return value;
      const key = keyOf(value);
      return key !== undefined && known.has(key);
    };
  }

  /** `result + [x]` within a loop that gathers: the list it made grows in place. */
  #appending(expr: Call): Step | undefined {
    const [left, right] = expr.args;
    if (left?.kind !== 'ident' || left.name !== accumulatorName) return undefined;
    if (right?.kind !== 'list' || right.elements.length !== 1 || right.optional.size > 0) return undefined;
    const gathered = this.plan(left);
    const element = this.plan(right.elements[0] as Expr);
    return (frame) => {
      const list = gathered(frame);
      if (list instanceof CelError) return list;
      const value = element(frame);
      if (value instanceof CelError) return value;
      charge(frame, listBase + 1);
      if (!(list instanceof GrowingList)) return noSuchOverload;
      list.append(value);
      return list;
    };
  }

  #insertion(expr: Call): Step {
    const [gathered, ...entry] = expr.args.map((each) => this.plan(each)) as [Step, ...Step[]];
    return (frame) => {
      const map = gathered(frame);
      if (map instanceof CelError) return map;
      const values: Value[] = [];
      for (const step of entry) {
        const value = step(frame);
        if (value instanceof CelError) return value;
        values.push(value);
      }
      charge(frame, 1);
      return map instanceof GrowingMap ? (insertAll(map, values) ?? map) : noSuchOverload;
    };
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
    return (frame) => {
      const whole = range(frame);
      if (whole instanceof CelError) return whole;
      const initial = init(frame);
      frame.locals[accumulator] = initial;
      const failure = iterate(frame, whole, loop);
      return failure ?? result(frame);
    };
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
    return (frame) => {
      frame.locals[slot] = undefined;
      return result(frame);
    };
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

const constant =
  (value: Result): Step =>
  () =>
    value;

const isDefined = <T>(value: T | undefined): value is T => value !== undefined;

/** Names, fields and elements of these, and a choice between two: what upstream reads as one attribute. */
const isPath = (expr: Expr): boolean =>
  expr.kind === 'ident' ||
  (expr.kind === 'select' && !expr.test) ||
  (expr.kind === 'call' && (/^_\[|^_\?\._/.test(expr.name) || expr.name === '_?_:_'));

/** An optional element that is not there costs nothing. */
function charged(frame: Frame, found: Result): Result {
  if (!(found instanceof Optional) || found.value !== undefined) charge(frame, 1);
  return found;
}

const unknownName = (name: string): Step =>
  constant(new CelError(`undeclared reference to '${name}' (in container '')`));

function readLocal({ slot, lazy }: Local, cost: number): Step {
  if (!lazy) {
    return (frame) => {
      charge(frame, cost);
      return frame.locals[slot] as Result;
    };
  }
  return (frame) => {
    charge(frame, cost);
    const known = frame.locals[slot];
    if (known !== undefined) return known;
    const value = lazy(frame);
    frame.locals[slot] = value;
    return value;
  };
}

function readVariable(variables: Variables, name: string, type: Type): Result {
  const raw = variables[name];
  if (raw === undefined) return new CelError(`no such attribute(s): ${name}`);
  return raw instanceof CelError ? raw : valueOf(raw, type);
}

/** `list` for every type of lists. */
function typeValueName(type: Type): string {
  if (type.kind === 'list' || type.kind === 'map' || type.kind === 'type') return type.kind;
  return type.kind === 'opaque' ? type.name : typeName(type);
}

/** What an entry written `?x` holds; undefined: it is left out. */
const heldBy = (value: Value): Result | undefined => (value instanceof Optional ? value.value : noSuchOverload);

const madeObject = (type: ObjectType, fields: ReadonlyMap<string, Value>): Result => new ObjectLiteral(type, fields);

const notStrictlyFalse =
  (operand: Step): Step =>
  (frame) => {
    const value = operand(frame);
    charge(frame, 1);
    return value !== false;
  };
