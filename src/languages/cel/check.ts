// Finds the type of every part of an expression and which functions it calls, or says what does not fit.

import { assignable, assignableAll, type Found, saysNoMore, substitute } from './assign.ts';
import {
  candidateNames,
  type Environment,
  findFunction,
  type FunctionDeclaration,
  type Overload,
} from './environment.ts';
import type { Issue } from './source.ts';
import { type Call, type Comprehension, type Expr, qualifiedName, type Select, type StructLiteral } from './syntax.ts';
import {
  boolType,
  dynType,
  errorType,
  formatType,
  intType,
  isOptional,
  listOf,
  mapOf,
  mapParts,
  optionalOf,
  parameter,
  partsOf,
  sameType,
  type Type,
  typeOf,
} from './types.ts';
import { type Value, typeNameOf } from './values.ts';

export type Reference =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'type'; readonly name: string; readonly type: Type }
  | {
      readonly kind: 'function';
      readonly declaration: FunctionDeclaration;
      readonly overloads: readonly Overload[];
      /** What stands before the last dot is part of the function's name. */
      readonly qualified: boolean;
    };

export interface Checked {
  readonly type: Type;
  readonly types: ReadonlyMap<Expr, Type>;
  readonly references: ReadonlyMap<Expr, Reference>;
  readonly issues: readonly Issue[];
}

export function check(expr: Expr, env: Environment): Checked {
  const checker = new Checker(env);
  checker.check(expr);
  const types = new Map([...checker.types].map(([each, type]) => [each, checker.final(type)]));
  return { type: types.get(expr) ?? errorType, types, references: checker.references, issues: checker.issues };
}

interface Scope {
  readonly name: string;
  readonly type: Type;
}

class Checker {
  readonly types = new Map<Expr, Type>();
  readonly references = new Map<Expr, Reference>();
  readonly issues: Issue[] = [];
  readonly #env: Environment;
  readonly #scopes: Scope[] = [];
  #found: Found = new Map();
  #open = 0;

  constructor(env: Environment) {
    this.#env = env;
  }

  final(type: Type): Type {
    return substitute(this.#found, type, true);
  }

  check(expr: Expr): Type {
    const type = this.#typeOf(expr);
    this.types.set(expr, type);
    return type;
  }

  #typeOf(expr: Expr): Type {
    switch (expr.kind) {
      case 'literal':
        return literalType(expr.value);
      case 'ident':
        return this.#ident(expr);
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

  #say(at: number, message: string): Type {
    this.issues.push({ at, message });
    return errorType;
  }

  #undeclared(at: number, name: string): Type {
    const container = this.#env.options.container ?? '';
    return this.#say(at, `undeclared reference to '${name}' (in container '${container}')`);
  }

  #known(type: Type): Type {
    return substitute(this.#found, type, false);
  }

  #freshType(): Type {
    return parameter(`_var${this.#open++}`);
  }

  #fits(from: Type, to: Type): boolean {
    const found = assignable(this.#found, from, to);
    if (found) this.#found = found;
    return found !== undefined;
  }

  // Names

  #ident(expr: Extract<Expr, { kind: 'ident' }>): Type {
    const local = this.#local(expr.name);
    if (local) return local.type;
    return this.#resolve(expr, expr.name) ?? this.#undeclared(expr.at, expr.name);
  }

  #local(name: string): Scope | undefined {
    return this.#scopes.findLast((scope) => scope.name === name);
  }

  /** A variable or a type of that name, in the container or around it. */
  #resolve(expr: Expr, name: string): Type | undefined {
    for (const candidate of candidateNames(this.#env.options.container, name)) {
      const variable = this.#env.variables.get(candidate);
      if (variable) {
        this.references.set(expr, { kind: 'variable', name: candidate });
        return variable;
      }
      const type = this.#env.type(candidate);
      if (type) {
        this.references.set(expr, { kind: 'type', name: candidate, type });
        return typeOf(type);
      }
    }
    return undefined;
  }

  #select(expr: Select): Type {
    const name = expr.test ? undefined : qualifiedName(expr);
    const root = name?.slice(0, name.indexOf('.', 1));
    if (name !== undefined && root !== undefined && !this.#local(root)) {
      const type = this.#resolve(expr, name);
      if (type) return type;
    }
    const type = this.#field(expr.operand, expr.field, expr.at, false);
    return expr.test ? boolType : this.#known(type);
  }

  #field(operand: Expr, field: string, at: number, optional: boolean): Type {
    const whole = this.#known(this.check(operand));
    const target = isOptional(whole) ? (whole.parameters[0] ?? dynType) : whole;
    const type = this.#fieldOf(target, field, at);
    return optional || isOptional(whole) ? optionalOf(type) : type;
  }

  #fieldOf(target: Type, field: string, at: number): Type {
    switch (target.kind) {
      case 'map':
        return target.value;
      case 'object':
        return target.field(field)?.type ?? this.#say(at, `undefined field '${field}'`);
      case 'parameter':
        this.#fits(dynType, target);
        return dynType;
      case 'dyn':
      case 'any':
      case 'error':
        return dynType;
      default:
        this.#say(at, `type '${formatType(target)}' does not support field selection`);
        return dynType;
    }
  }

  // Calls

  #call(expr: Call): Type {
    if (expr.name === '_?._') return this.#optionalField(expr);
    const args = expr.args.map((each) => this.check(each));
    if (!expr.target) {
      const named = findFunction(this.#env, expr.name);
      return named ? this.#overload(expr, named, args, false) : this.#undeclared(expr.at, expr.name);
    }
    const prefix = qualifiedName(expr.target);
    const qualified = prefix === undefined ? undefined : findFunction(this.#env, `${prefix}.${expr.name}`);
    if (qualified) return this.#overload(expr, qualified, args, true);
    const target = this.check(expr.target);
    const method = this.#env.functions.get(expr.name);
    return method ? this.#overload(expr, method, [target, ...args], false) : this.#undeclared(expr.at, expr.name);
  }

  #optionalField(expr: Call): Type {
    const [operand, name] = expr.args;
    const field = name?.kind === 'literal' && typeof name.value === 'string' ? name.value : '';
    return operand ? this.#known(this.#field(operand, field, expr.at, true)) : errorType;
  }

  #overload(expr: Call, declaration: FunctionDeclaration, args: readonly Type[], qualified: boolean): Type {
    if (expr.name === '_&&_' || expr.name === '_||_') return this.#logical(expr, declaration, args);
    const isMember = expr.target !== undefined && !qualified;
    const overloads: Overload[] = [];
    let result: Type | undefined;
    for (const each of declaration.overloads) {
      if (each.member !== isMember || !this.#allowed(each)) continue;
      const [type, ...parameters] = this.#instance([each.result, ...each.parameters]);
      const found = assignableAll(this.#found, args, parameters);
      if (!found || !type) continue;
      this.#found = found;
      overloads.push(each);
      const known = this.#known(type);
      if (!result) result = known;
      else if (!sameType(result, known)) result = dynType;
    }
    if (!result) return this.#noOverload(expr, declaration, args, isMember);
    this.references.set(expr, { kind: 'function', declaration, overloads, qualified });
    return result;
  }

  #logical(expr: Call, declaration: FunctionDeclaration, args: readonly Type[]): Type {
    const count = this.issues.length;
    for (const [i, type] of args.entries()) this.#expect(expr.args[i] as Expr, type, boolType);
    if (this.issues.length > count) return errorType;
    this.references.set(expr, { kind: 'function', declaration, overloads: declaration.overloads, qualified: false });
    return boolType;
  }

  #noOverload(expr: Call, declaration: FunctionDeclaration, args: readonly Type[], isMember: boolean): Type {
    const types = args.map((type) => formatType(this.final(type)));
    const shown = isMember ? `${types[0]}.(${types.slice(1).join(', ')})` : `(${types.join(', ')})`;
    return this.#say(expr.at, `found no matching overload for '${declaration.name}' applied to '${shown}'`);
  }

  #allowed({ parameters: [left, right], id }: Overload): boolean {
    if (this.#env.options.mixedComparisons !== false) return true;
    return !(/^(less|greater)_/.test(id) && left && right && left.kind !== right.kind);
  }

  /** The types of an overload, its open types made new. */
  #instance(types: readonly Type[]): readonly Type[] {
    const fresh = new Map<string, Type>();
    const replace = (type: Type): Type => {
      if (type.kind !== 'parameter') return partsOf(type).length === 0 ? type : mapParts(type, replace);
      const known = fresh.get(type.name) ?? this.#freshType();
      fresh.set(type.name, known);
      return known;
    };
    return types.map(replace);
  }

  #expect(expr: Expr, actual: Type, expected: Type): void {
    if (!this.#fits(expected, actual)) this.#mismatch(expr, expected, actual);
  }

  #mismatch(expr: Expr, expected: Type, actual: Type): Type {
    const [wanted, got] = [formatType(this.#known(expected)), formatType(this.#known(actual))];
    return this.#say(expr.at, `expected type '${wanted}' but found '${got}'`);
  }

  // Literals

  #list(expr: Extract<Expr, { kind: 'list' }>): Type {
    let element: Type | undefined;
    for (const [i, each] of expr.elements.entries()) {
      const type = this.#element(each, expr.optional.has(i));
      element = this.#joined(each, element, type);
    }
    return listOf(element ?? this.#freshType());
  }

  /** The type of an element; of one written `?x`, what the optional holds. */
  #element(expr: Expr, optional: boolean): Type {
    const type = this.check(expr);
    if (!optional) return type;
    const known = this.#known(type);
    if (isOptional(known)) return known.parameters[0] ?? dynType;
    if (known.kind !== 'dyn') this.#mismatch(expr, optionalOf(known), known);
    return known;
  }

  #map(expr: Extract<Expr, { kind: 'map' }>): Type {
    let key: Type | undefined;
    let value: Type | undefined;
    for (const entry of expr.entries) {
      key = this.#joined(entry.key, key, this.check(entry.key));
      value = this.#joined(entry.value, value, this.#element(entry.value, entry.optional));
    }
    return mapOf(key ?? this.#freshType(), value ?? this.#freshType());
  }

  #joined(expr: Expr, before: Type | undefined, type: Type): Type {
    if (!before) return type;
    if (this.#fits(before, type)) return saysNoMore(before, type) ? before : type;
    return this.#env.options.homogeneousLiterals ? this.#mismatch(expr, before, type) : dynType;
  }

  #struct(expr: StructLiteral): Type {
    const type = this.#structType(expr);
    if (!type && !this.references.has(expr)) return errorType;
    for (const field of expr.fields) {
      const actual = this.#element(field.value, field.optional);
      if (!type) continue;
      const declared = type.kind === 'object' ? type.field(field.name)?.type : undefined;
      if (!declared) this.#say(field.at, `undefined field '${field.name}'`);
      else if (!this.#fits(declared, actual)) {
        const [wanted, got] = [formatType(declared), formatType(this.#known(actual))];
        this.#say(field.at, `expected type of field '${field.name}' is '${wanted}' but provided type is '${got}'`);
      }
    }
    return type ?? errorType;
  }

  #structType(expr: StructLiteral): Type | undefined {
    const resolved = this.#resolve(expr, expr.name);
    if (!resolved) {
      this.#undeclared(expr.at, expr.name);
      return undefined;
    }
    const type = resolved.kind === 'type' ? resolved.of : undefined;
    if (type?.kind === 'object') return type;
    const message = type ? `'${formatType(type)}' is not a message type` : `'${formatType(resolved)}' is not a type`;
    this.#say(expr.at, message);
    return undefined;
  }

  // Loops

  #comprehension(expr: Comprehension): Type {
    const range = this.#known(this.check(expr.range));
    const accumulated = this.check(expr.init);
    const [first, second] = this.#iterated(expr, range);
    this.#scopes.push({ name: expr.accumulator, type: accumulated });
    const outer = this.#scopes.length;
    this.#scopes.push({ name: expr.variable, type: first });
    if (expr.second !== undefined) this.#scopes.push({ name: expr.second, type: second });
    this.#expect(expr.condition, this.check(expr.condition), boolType);
    this.#expect(expr.step, this.check(expr.step), accumulated);
    this.#scopes.length = outer;
    const result = this.check(expr.result);
    this.#scopes.length = outer - 1;
    return this.#known(result);
  }

  /** The types of the variables of a loop over that range. */
  #iterated(expr: Comprehension, range: Type): readonly [Type, Type] {
    const two = expr.second !== undefined;
    switch (range.kind) {
      case 'list':
        return two ? [intType, range.element] : [range.element, range.element];
      case 'map':
        return [range.key, range.value];
      case 'dyn':
      case 'any':
      case 'error':
      case 'parameter':
        this.#fits(dynType, range);
        return [dynType, dynType];
      default: {
        const message = `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`;
        this.#say(expr.range.at, message);
        return [errorType, errorType];
      }
    }
  }
}

function literalType(value: Value): Type {
  if (value === null) return { kind: 'null' };
  return { kind: typeNameOf(value) as 'int' | 'uint' | 'double' | 'bool' | 'string' | 'bytes' };
}
