// Turns a checked expression into closures that compute it. Names, fields and functions are found once, here, not on every run.

import { callStep } from './call-step.ts';
import type { Checked, Reference } from './check.ts';
import { equal } from './compare.ts';
import { candidateNames, type Environment, findFunction } from './environment.ts';
import { charge, chargeCall, type Frame, type Step, type Variables } from './frame.ts';
import { GrowingList, GrowingMap, insertAll } from './growing.ts';
import { hasField, index, noSuchOverload, optionalField, optionalIndex, selectField } from './operators.ts';
import { callCost, listBase, mapBase, structBase } from './runtime-costs.ts';
import {
  accumulatorName,
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
  keyOf,
  ListValue,
  MapValue,
  ObjectLiteral,
  Optional,
  type Result,
  TypeValue,
  type Value,
  valueOf,
} from './values.ts';

export interface Plan {
  readonly step: Step;
  readonly globals: number;
  readonly locals: number;
}

export function plan(expr: Expr, env: Environment, checked: Checked | undefined): Plan {
  const planner = new Planner(env, checked);
  return { step: planner.plan(expr), globals: planner.globals.length, locals: planner.locals };
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
  readonly #env: Environment;
  readonly #references: ReadonlyMap<Expr, Reference>;
  readonly #checked: boolean;
  readonly #scope: Local[] = [];

  constructor(env: Environment, checked: Checked | undefined) {
    this.#env = env;
    this.#references = checked?.references ?? new Map();
    this.#checked = checked !== undefined;
  }

  plan(expr: Expr): Step {
    switch (expr.kind) {
      case 'literal':
        return constant(expr.value);
      case 'ident':
        return this.#ident(expr, expr.name);
      case 'select':
        return this.#select(expr);
      case 'call':
        return this.#call(expr);
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

  #ident(expr: Expr, name: string): Step {
    const local = this.#local(name);
    return local ? readLocal(local) : (this.#named(expr, name) ?? unknownName(name));
  }

  #named(expr: Expr, name: string): Step | undefined {
    const reference = this.#references.get(expr) ?? (this.#checked ? undefined : this.#resolve(name));
    if (reference?.kind === 'variable') return this.#global(reference.name);
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

  #global(name: string): Step {
    const type = this.#env.variables.get(name) ?? dynType;
    const known = this.globals.indexOf(name);
    const slot = known < 0 ? this.globals.push(name) - 1 : known;
    return (frame) => {
      charge(frame, 1);
      return (frame.globals[slot] ??= readVariable(frame.variables, name, type));
    };
  }

  #select(expr: Select): Step {
    const name = expr.test ? undefined : qualifiedName(expr);
    if (name !== undefined && !this.#local(name.split('.')[0] ?? '')) {
      const named = this.#named(expr, name);
      if (named) return named;
    }
    const operand = this.plan(expr.operand);
    const { field } = expr;
    if (expr.test) return this.#presence(operand, field);
    const cost = isPath(expr.operand) ? 1 : 2;
    return (frame) => {
      const value = operand(frame);
      charge(frame, cost);
      return value instanceof CelError ? value : selectField(value, field);
    };
  }

  /** Asking whether something is there is free in Kubernetes, with the name it begins with. */
  #presence(operand: Step, field: string): Step {
    const cost = this.#env.options.presenceCosts ? 0 : -1;
    return (frame) => {
      const value = operand(frame);
      frame.cost += cost;
      return value instanceof CelError ? value : hasField(value, field);
    };
  }

  // Literals

  #list({ elements, optional }: ListLiteral): Step {
    const steps = elements.map((each) => this.plan(each));
    const fixed = elements.map(constantOf);
    if (optional.size === 0 && elements.length > 0 && fixed.every(isDefined)) return constant(new ListValue(fixed));
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

  #map({ entries }: MapLiteral): Step {
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

  #call(expr: Call): Step {
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
        return this.#index(expr, index);
      case '_[?_]':
        return this.#index(expr, optionalIndex);
      case '_?._':
        return this.#optionalSelect(expr);
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
    const [condition, yes, no] = expr.args.map((each) => this.plan(each)) as [Step, Step, Step];
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
      if (a instanceof CelError) return a;
      if (b instanceof CelError) return b;
      const result = equal(a, b) === holds;
      chargeCall(frame, cost, { args: [a, b], result, overload });
      return result;
    };
  }

  #index(expr: Call, find: (container: Value, key: Value) => Result): Step {
    const [container, key] = expr.args.map((each) => this.plan(each)) as [Step, Step];
    const cost = isPath(expr.args[0] as Expr) ? 1 : 2;
    return (frame) => {
      const whole = container(frame);
      const place = key(frame);
      charge(frame, cost);
      if (whole instanceof CelError) return whole;
      return place instanceof CelError ? place : find(whole, place);
    };
  }

  #optionalSelect(expr: Call): Step {
    const operand = this.plan(expr.args[0] as Expr);
    const name = expr.args[1];
    const field = name?.kind === 'literal' && typeof name.value === 'string' ? name.value : '';
    return (frame) => {
      const value = operand(frame);
      charge(frame, 1);
      return value instanceof CelError ? value : optionalField(value, field);
    };
  }

  /** `x in [1, 2, 3]`, when what is listed is constant, is a look-up, and free. */
  #membership(expr: Call): Step | undefined {
    const list = expr.args[1];
    const fixed = list?.kind === 'list' && list.optional.size === 0 ? list.elements.map(constantOf) : [undefined];
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
    const choices = found.overloads.filter(
      (each) => each.member === isMember && each.parameters.length === args.length,
    );
    return callStep(
      found.declaration,
      choices,
      args.map((each) => this.plan(each)),
    );
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
      charge(frame, listBase);
      return result(frame);
    };
  }
}

// Pieces of steps

const constant =
  (value: Result): Step =>
  () =>
    value;

const isDefined = <T>(value: T | undefined): value is T => value !== undefined;

/** The value of a literal, and of a list of them. */
function constantOf(expr: Expr): Value | undefined {
  if (expr.kind === 'literal') return expr.value;
  if (expr.kind !== 'list' || expr.optional.size > 0) return undefined;
  const items = expr.elements.map(constantOf);
  return items.every(isDefined) ? new ListValue(items) : undefined;
}

/** Names, fields and elements of these: what upstream reads as one attribute. */
const isPath = (expr: Expr): boolean =>
  expr.kind === 'ident' ||
  (expr.kind === 'select' && !expr.test) ||
  (expr.kind === 'call' && /^_\[|^_\?\._/.test(expr.name));

const unknownName = (name: string): Step =>
  constant(new CelError(`undeclared reference to '${name}' (in container '')`));

function readLocal({ slot, lazy }: Local): Step {
  if (!lazy) {
    return (frame) => {
      charge(frame, 1);
      return frame.locals[slot] as Result;
    };
  }
  return (frame) => {
    charge(frame, 1);
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

// Loops

const isBinding = ({ range, condition, accumulator }: Comprehension): boolean =>
  range.kind === 'list' &&
  range.elements.length === 0 &&
  condition.kind === 'literal' &&
  condition.value === false &&
  accumulator !== accumulatorName;

interface LoopBody {
  readonly accumulator: number;
  readonly first: number;
  readonly second: number | undefined;
  /** Undefined: through to the end. */
  readonly condition: Step | undefined;
  readonly step: Step;
}

function iterate(frame: Frame, range: Value, loop: LoopBody): CelError | undefined {
  if (range instanceof ListValue) {
    for (let i = 0; i < range.length; i++) {
      const item = range.at(i);
      frame.locals[loop.first] = loop.second === undefined ? item : BigInt(i);
      if (loop.second !== undefined) frame.locals[loop.second] = item;
      if (!turn(frame, loop)) break;
    }
    return undefined;
  }
  if (!(range instanceof MapValue)) return noSuchOverload;
  for (const key of range.keys()) {
    frame.locals[loop.first] = key;
    if (loop.second !== undefined) frame.locals[loop.second] = range.get(key) ?? null;
    if (!turn(frame, loop)) break;
  }
  return undefined;
}

/** Once through the body; whether to go on. */
function turn(frame: Frame, { condition, step, accumulator }: LoopBody): boolean {
  if (condition) {
    if (condition(frame) === false) return false;
  } else if (frame.locals[accumulator] instanceof CelError) {
    return false;
  }
  frame.locals[accumulator] = step(frame);
  return true;
}
