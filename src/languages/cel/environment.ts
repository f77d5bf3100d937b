// What an expression may use: variables, functions, types and macros. Libraries bring them; `environment` puts them together.

import type { Macro } from './macros.ts';
import { declareObject, type ObjectType, type Type } from './types.ts';
import type { Result, Value } from './values.ts';

export interface Overload {
  /** As upstream calls it: costs are told apart by it. */
  readonly id: string;
  readonly parameters: readonly Type[];
  readonly result: Type;
  /** Written behind its first argument: `text.size()`. */
  readonly member: boolean;
  /** Undefined: the function has one implementation for all. */
  readonly call: ((...args: Value[]) => Result) | undefined;
}

export interface FunctionDeclaration {
  readonly name: string;
  readonly overloads: readonly Overload[];
  /** For operators: works out by the values themselves what to do. */
  readonly call?: (...args: Value[]) => Result;
}

export interface Library {
  readonly functions?: readonly FunctionDeclaration[];
  readonly macros?: readonly Macro[];
  /** Types that expressions may name, by name. */
  readonly types?: Readonly<Record<string, Type>>;
}

export interface EnvironmentOptions {
  readonly libraries: readonly Library[];
  readonly variables?: Readonly<Record<string, Type>>;
  /** Objects that expressions may make (`Object.spec{…}`) or name. */
  readonly objects?: readonly ObjectType[] | ((name: string) => ObjectType | undefined);
  /** Where names are looked up first: `a.b` finds `x` as `a.b.x`, `a.x`, `x`. */
  readonly container?: string;
  /** Lists and maps written out must hold one type. Off: a mixture is dyn. */
  readonly homogeneousLiterals?: boolean;
  /** Whether `1 < 1.5` is allowed. On unless said otherwise. */
  readonly mixedComparisons?: boolean;
  /** Whether literals given to `matches`, `duration` and `timestamp` are read when an expression is compiled. */
  readonly literalChecks?: boolean;
  /** In which style texts given to `format` are checked when an expression is compiled. Undefined: they are not. */
  readonly formatChecks?: 'newest' | 'kubernetes';
  /** Whether `has` counts towards the cost. Not in Kubernetes. */
  readonly presenceCosts?: boolean;
  readonly optionalSyntax?: boolean;
  readonly backQuotes?: boolean;
  /** Off: expressions run without having been checked. */
  readonly check?: boolean;
}

export interface Environment {
  readonly options: EnvironmentOptions;
  readonly macros: readonly Macro[];
  readonly functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly variables: ReadonlyMap<string, Type>;
  /** Types by name, those of libraries first. */
  type(name: string): Type | undefined;
}

export function environment(options: EnvironmentOptions): Environment {
  const functions = new Map<string, FunctionDeclaration>();
  const types = new Map<string, Type>();
  for (const library of options.libraries) {
    for (const each of library.functions ?? []) functions.set(each.name, merged(functions.get(each.name), each));
    for (const [name, type] of Object.entries(library.types ?? {})) types.set(name, type);
  }
  const find = finder(options.objects);
  return {
    options,
    functions,
    macros: options.libraries.flatMap((library) => library.macros ?? []),
    variables: new Map(Object.entries(options.variables ?? {})),
    type: (name) => types.get(name) ?? find(name),
  };
}

/** The same environment with more variables (and other objects): the libraries are not put together again. */
export function withVariables(
  base: Environment,
  variables: Readonly<Record<string, Type>>,
  objects?: EnvironmentOptions['objects'],
): Environment {
  const find = finder(objects);
  return {
    ...base,
    variables: new Map([...base.variables, ...Object.entries(variables)]),
    type: (name) => base.type(name) ?? find(name),
  };
}

function finder(objects: EnvironmentOptions['objects']): (name: string) => ObjectType | undefined {
  if (typeof objects === 'function') return objects;
  const known = new Map((objects ?? []).map((each) => [each.name, each]));
  return (name) => known.get(name);
}

/** Libraries may add overloads to a function that another brought. */
function merged(before: FunctionDeclaration | undefined, added: FunctionDeclaration): FunctionDeclaration {
  if (!before) return added;
  const ids = new Set(added.overloads.map((each) => each.id));
  return {
    ...before,
    ...added,
    overloads: [...before.overloads.filter((each) => !ids.has(each.id)), ...added.overloads],
  };
}

/** The names under which a name may be known, in order. */
export function candidateNames(container: string | undefined, name: string): readonly string[] {
  if (name.startsWith('.')) return [name.slice(1)];
  const candidates: string[] = [];
  for (let prefix = container ?? ''; prefix !== ''; prefix = prefix.slice(0, Math.max(prefix.lastIndexOf('.'), 0))) {
    candidates.push(`${prefix}.${name}`);
  }
  return [...candidates, name];
}

export function findFunction(env: Environment, name: string): FunctionDeclaration | undefined {
  for (const each of candidateNames(env.options.container, name)) {
    const found = env.functions.get(each);
    if (found) return found;
  }
  return undefined;
}

// Writing libraries

type Implementation = Overload['call'];

/** `f(a, b)` */
export const overload = (id: string, parameters: readonly Type[], result: Type, run?: Implementation): Overload => ({
  id,
  parameters,
  result,
  member: false,
  call: run,
});

/** `a.f(b)` */
export const member = (id: string, parameters: readonly Type[], result: Type, run?: Implementation): Overload => ({
  id,
  parameters,
  result,
  member: true,
  call: run,
});

export const declare = (name: string, ...overloads: readonly Overload[]): FunctionDeclaration => ({ name, overloads });

/** A type of a library that expressions can name but not take apart. */
export const namedObject = (name: string): ObjectType => declareObject(name, {});
