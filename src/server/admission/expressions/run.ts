// Runs compiled expressions one after the other out of one budget, with a policy's own variables found when they are first asked for.

import type { Expression } from '../../../kinds/admissionregistration/expressions.ts';
import { typesOf, variablesType } from '../../../kinds/admissionregistration/expressions.ts';
import { CelError, LazyObject, type Result, type Value } from '../../../languages/cel/values.ts';
import type { Activation } from './activation.ts';

/** What one run of one expression may cost. */
const costLimit = 1_000_000;

/** What all expressions of a policy may cost together, for one set of parameters; and a quarter of it for the conditions of a match. */
export const policyBudget = 10_000_000;
export const conditionBudget = policyBudget / 4;

export interface Budget {
  left: number;
}

/** Thrown when the budget is used up. */
export class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}

export type Outcome = { readonly value: Value } | { readonly error: string };

export type Variables = ReadonlyMap<string, Expression>;

/** Expressions with the same variables, each of which is computed once at most. */
export interface Run {
  /** @throws OutOfBudget */
  evaluate(expression: Expression): Outcome;
}

export function runWith(activation: Activation, variables: Variables, budget: Budget): Run {
  let owed = 0;
  const lazy = new LazyObject(variablesType(typesOf(variables)), [...variables.keys()], (name) => {
    const variable = variables.get(name);
    if (!variable) return undefined;
    const { result, cost } = compute(name, variable);
    owed += cost;
    return result;
  });
  const all = variables.size > 0 ? { ...activation, variables: lazy } : activation;

  function compute(name: string, variable: Expression): { result: Result; cost: number } {
    const about = `composited variable ${JSON.stringify(name)}`;
    if ('problem' in variable)
      return { result: new CelError(`${about} fails to compile: ${variable.problem}`), cost: 0 };
    const outcome = variable.program.evaluate(all, { costLimit });
    const result = 'error' in outcome ? new CelError(`${about} fails to evaluate: ${outcome.error}`) : outcome.value;
    return { result, cost: outcome.cost };
  }

  return {
    evaluate(expression) {
      if ('problem' in expression) return { error: `compilation error: ${expression.problem}` };
      const outcome = expression.program.evaluate(all, { costLimit });
      spend(budget, owed + outcome.cost);
      owed = 0;
      if (!('error' in outcome)) return { value: outcome.value };
      return { error: `expression '${expression.text}' resulted in error: ${outcome.error}` };
    },
  };
}

function spend(budget: Budget, cost: number): void {
  budget.left -= cost;
  if (budget.left < 0) throw new OutOfBudget();
}
