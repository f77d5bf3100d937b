// The Common Expression Language: compile an expression once, run it often.
//
//   const env = environment({ ...kubernetesOptions, variables: { self: declareObject('Widget', { size: intType }) } });
//   const { program, issues } = compile('self.size > 3', env);
//   program?.evaluate({ self: { size: 5 } }, { costLimit: 1_000_000 }) // { value: true, cost: 3 }
//
// Variables are JSON, read when asked for and by their declared types (`valueOf`), or values made by values.ts (`Timestamp`,
// `LazyObject`, the authorizer). `describe` turns issues into upstream's text; `cost` says what a run can cost, given the sizes of variables.

import { type Checked, check } from './check.ts';
import type { Environment } from './environment.ts';
import { literalIssues } from './literal-checks.ts';
import { parse } from './parse.ts';
import { CostExceeded, type Frame, type Variables } from './frame.ts';
import { plan } from './plan.ts';
import { formatIssues, type Issue, type Source, sourceOf } from './source.ts';
import { type Range, unknownSize } from './sizes.ts';
import { estimateCost, type SizeOf } from './static-costs.ts';
import type { Expr } from './syntax.ts';
import { dynType, errorType, type Type } from './types.ts';
import { CelError, type Value } from './values.ts';

export interface Compiled {
  /** Missing when there are issues. */
  readonly program?: Program;
  /** What is wrong, in the order of places. */
  readonly issues: readonly Issue[];
  /** What it evaluates to. */
  readonly type: Type;
  /** The least and the most a run can cost. */
  cost(sizes: SizeOf): Range;
  readonly expr: Expr;
  /** The types of its parts; missing when it cannot be read or is not checked. */
  readonly checked?: Checked;
  readonly source: Source;
}

export interface Program {
  /** Why it fails on every run: a constant of another type that cannot be (`int('x')`). Upstream makes no program of such. */
  readonly failure?: string;
  evaluate(variables: Variables, options?: RunOptions): Outcome;
}

export interface RunOptions {
  /** What the run may cost; it stops beyond. Unlimited unless said. */
  readonly costLimit?: number;
}

export type Outcome =
  | { readonly value: Value; readonly cost: number }
  | { readonly error: string; readonly cost: number; readonly exceeded?: true };

export function compile(text: string, env: Environment): Compiled {
  const source = sourceOf(text);
  const { optionalSyntax = true, backQuotes = false, check: checks = true } = env.options;
  const { expr, issues } = parse(source, { macros: env.macros, optionals: optionalSyntax, backQuotes });
  const parsed = { source, expr, issues: sorted(issues), type: errorType, cost: () => unknownSize };
  if (issues.length > 0) return parsed;
  if (!checks) return { ...parsed, program: programOf(expr, env, undefined), type: dynType };
  const checked = check(expr, env);
  const found = checked.issues.length > 0 ? checked.issues : literalIssues(expr, env, checked);
  const cost = (sizes: SizeOf): Range => estimateCost({ expr, checked }, sizes, env);
  const compiled = { ...parsed, checked, issues: sorted(found), type: checked.type, cost };
  return found.length > 0 ? compiled : { ...compiled, program: programOf(expr, env, checked) };
}

/** The issues as upstream prints them: `ERROR: <input>:1:5: undeclared reference to 'x' (in container '')`, the line, a pointer. */
export const describe = ({ source, issues }: Compiled): string => formatIssues(source, issues);

const sorted = (issues: readonly Issue[]): readonly Issue[] =>
  [...issues].sort((a, b) => (a.at ?? -1) - (b.at ?? -1)).slice(0, 100);

function programOf(expr: Expr, env: Environment, checked: Checked | undefined): Program {
  const { step, locals, failure: never } = plan(expr, env, checked);
  return {
    ...(never !== undefined && { failure: never }),
    evaluate(variables, { costLimit = Infinity } = {}) {
      const frame: Frame = { variables, globals: [], locals: new Array(locals), cost: 0, limit: costLimit };
      try {
        const result = step(frame);
        return result instanceof CelError
          ? { error: result.message, cost: frame.cost }
          : { value: result, cost: frame.cost };
      } catch (failure) {
        if (!(failure instanceof CostExceeded)) throw failure;
        return { error: failure.message, cost: frame.cost, exceeded: true };
      }
    },
  };
}
