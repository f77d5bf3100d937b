// Macros: calls that become something else before anything is checked. `has(a.b)` tests a field; `all`, `map` and the like become loops.

import {
  accumulatorName,
  type Call,
  call,
  type Comprehension,
  copyOf,
  type Expr,
  ident,
  listLiteral,
  literal,
} from './syntax.ts';

/** Thrown by a macro whose arguments cannot be right. */
export class MacroError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

export interface Macro {
  readonly name: string;
  /** How many arguments; undefined: any number. */
  readonly args: number | undefined;
  /** Whether it is written behind a value: `x.all(…)`. */
  readonly member: boolean;
  /** Undefined: this call is not meant; it stays a call. */
  expand(call: MacroCall): Expr | undefined;
}

export interface MacroCall {
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
  /** Where the bracket of the call stands. */
  readonly at: number;
}

const simpleName = 'argument must be a simple name';
const notIdentifier = 'argument is not an identifier';

function variableName(expr: Expr | undefined, at: number, message: string): string {
  if (expr?.kind !== 'ident') throw new MacroError(message, expr?.at ?? at);
  if (expr.name === accumulatorName || expr.name === '__result__') {
    throw new MacroError('iteration variable overwrites accumulator variable', expr.at);
  }
  return expr.name;
}

interface Loop {
  readonly init: Expr;
  readonly condition?: Expr;
  readonly step: Expr;
  readonly result?: Expr;
}

/** The arguments of a macro over a range: its variables and what is said of them. */
interface LoopArgs {
  readonly variables: readonly string[];
  readonly rest: readonly Expr[];
  readonly at: number;
  readonly result: Expr;
  readonly bool: (value: boolean) => Expr;
}

/** A macro over a list or map: with one variable or two (an index or key, and the value). */
function loopMacro(
  name: string,
  variables: 1 | 2,
  args: number,
  message: string,
  body: (args: LoopArgs) => Loop,
): Macro {
  const expand = ({ target, args: given, at }: MacroCall): Expr | undefined => {
    if (!target) return undefined;
    const names = given.slice(0, variables).map((each) => variableName(each, at, message));
    if (names[1] !== undefined && names[0] === names[1]) {
      throw new MacroError(`duplicate variable name: ${names[1]}`, given[1]?.at ?? at);
    }
    const bool = (value: boolean) => literal(value, at);
    const loop = body({ variables: names, rest: given.slice(variables), at, result: ident(accumulatorName, at), bool });
    return comprehension(target, names, at, loop);
  };
  return { name, args, member: true, expand };
}

const comprehension = (range: Expr, names: readonly string[], at: number, loop: Loop): Comprehension => ({
  kind: 'comprehension',
  range,
  variable: names[0] ?? '',
  ...(names[1] === undefined ? {} : { second: names[1] }),
  accumulator: accumulatorName,
  init: loop.init,
  condition: loop.condition ?? literal(true, at),
  step: loop.step,
  result: loop.result ?? ident(accumulatorName, at),
  at,
});

const first = (args: readonly Expr[]): Expr => args[0] as Expr;

const all = ({ rest, at, result, bool }: LoopArgs): Loop => ({
  init: bool(true),
  condition: call('@not_strictly_false', [result], at),
  step: call('_&&_', [result, first(rest)], at),
});

const exists = ({ rest, at, result, bool }: LoopArgs): Loop => ({
  init: bool(false),
  condition: call('@not_strictly_false', [call('!_', [result], at)], at),
  step: call('_||_', [result, first(rest)], at),
});

const existsOne = ({ rest, at, result }: LoopArgs): Loop => ({
  init: literal(0n, at),
  step: call('_?_:_', [first(rest), call('_+_', [result, literal(1n, at)], at), result], at),
  result: call('_==_', [result, literal(1n, at)], at),
});

/** Keeps an element (or what is made of it) where a condition, if there is one, holds. */
const gather = (append: Expr, condition: Expr | undefined, { at, result }: LoopArgs): Loop => ({
  init: listLiteral([], at),
  step: condition ? call('_?_:_', [condition, append, result], at) : append,
});

const appended = (element: Expr, { at, result }: LoopArgs): Expr =>
  call('_+_', [result, listLiteral([element], at)], at);

function mapped(args: LoopArgs): Loop {
  const [condition, made] = args.rest.length === 2 ? args.rest : [undefined, args.rest[0]];
  return gather(appended(made as Expr, args), condition, args);
}

const filtered = (args: LoopArgs): Loop =>
  gather(appended(ident(args.variables[0] ?? '', args.at), args), first(args.rest), args);

/** Maps are gathered entry by entry: by the same key, or by the entries an expression makes. */
function mappedEntries(args: LoopArgs, insert: (made: Expr) => readonly Expr[]): Loop {
  const [condition, made] = args.rest.length === 2 ? args.rest : [undefined, args.rest[0]];
  const step = call('cel.@mapInsert', [args.result, ...insert(made as Expr)], args.at);
  const init: Expr = { kind: 'map', entries: [], at: args.at };
  return { init, step: condition ? call('_?_:_', [condition, step, args.result], args.at) : step };
}

const transformMap = (args: LoopArgs): Loop =>
  mappedEntries(args, (made) => [ident(args.variables[0] ?? '', args.at), made]);
const transformMapEntry = (args: LoopArgs): Loop => mappedEntries(args, (made) => [made]);

const has: Macro = {
  name: 'has',
  args: 1,
  member: false,
  expand({ args, at }) {
    const [arg] = args;
    if (arg?.kind === 'select' && !arg.test) return { ...arg, test: true, at };
    throw new MacroError('invalid argument to has() macro', arg?.at ?? at);
  },
};

export const standardMacros: readonly Macro[] = [
  has,
  loopMacro('all', 1, 2, simpleName, all),
  loopMacro('exists', 1, 2, simpleName, exists),
  loopMacro('exists_one', 1, 2, simpleName, existsOne),
  loopMacro('map', 1, 2, notIdentifier, mapped),
  loopMacro('map', 1, 3, notIdentifier, mapped),
  loopMacro('filter', 1, 2, notIdentifier, filtered),
];

export const twoVariableMacros: readonly Macro[] = [
  loopMacro('all', 2, 3, simpleName, all),
  loopMacro('exists', 2, 3, simpleName, exists),
  loopMacro('exists_one', 2, 3, simpleName, existsOne),
  loopMacro('existsOne', 2, 3, simpleName, existsOne),
  loopMacro('transformList', 2, 3, simpleName, mapped),
  loopMacro('transformList', 2, 4, simpleName, mapped),
  loopMacro('transformMap', 2, 3, simpleName, transformMap),
  loopMacro('transformMap', 2, 4, simpleName, transformMap),
  loopMacro('transformMapEntry', 2, 3, simpleName, transformMapEntry),
  loopMacro('transformMapEntry', 2, 4, simpleName, transformMapEntry),
];

/** A name for a value within an expression: a loop over nothing, whose result knows it. */
export function bindTo(name: string, value: Expr, within: Expr, at: number): Comprehension {
  return {
    kind: 'comprehension',
    range: listLiteral([], at),
    variable: '#unused',
    accumulator: name,
    init: value,
    condition: literal(false, at),
    step: ident(name, at),
    result: within,
    at,
  };
}

/** `cel.bind(x, value, expression)`. */
export const bindMacro: Macro = {
  name: 'bind',
  args: 3,
  member: true,
  expand({ target, args: [name, value, within], at }) {
    if (target?.kind !== 'ident' || target.name !== 'cel' || !name || !value || !within) return undefined;
    if (name.kind !== 'ident') throw new MacroError('cel.bind() variable names must be simple identifiers', name.at);
    return bindTo(name.name, value, within, at);
  },
};

function optionalMapMacro(name: string, wrap: (made: Expr, at: number) => Expr): Macro {
  const expand = ({ target, args: [variable, made], at }: MacroCall): Expr | undefined => {
    if (!target || !variable || !made) return undefined;
    if (variable.kind !== 'ident') {
      throw new MacroError(`${name}() variable name must be a simple identifier`, variable.at);
    }
    const member = (method: string, args: readonly Expr[] = []): Call => ({
      ...call(method, args, at),
      target: copyOf(target),
    });
    return call(
      '_?_:_',
      [member('hasValue'), wrap(bindTo(variable.name, member('value'), made, at), at), call('optional.none', [], at)],
      at,
    );
  };
  return { name, args: 2, member: true, expand };
}

export const optionalMacros: readonly Macro[] = [
  optionalMapMacro('optMap', (made, at) => call('optional.of', [made], at)),
  optionalMapMacro('optFlatMap', (made) => made),
];
