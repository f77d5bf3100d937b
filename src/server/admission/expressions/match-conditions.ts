// Match conditions of webhooks and policies: all must hold for a request to be looked at.

import {
  admissionEnvironment,
  compileExpression,
  conditionTypes,
  type Expression,
} from '../../../kinds/admissionregistration/expressions.ts';
import type { MatchCondition } from '../../../kinds/generated/types/admissionregistration-v1.ts';
import { type Activation, activationOf, type Subject } from './activation.ts';
import { type Budget, conditionBudget, OutOfBudget, runWith } from './run.ts';

export type Conditions = readonly Expression[];

/** Conditions as they are stored: they may have been compiled before by another version, and say when they run if they cannot. */
export function compileConditions(conditions: readonly MatchCondition[] | undefined, params = false): Conditions {
  const env = admissionEnvironment({ params, authorizer: true });
  return (conditions ?? []).map(({ expression = '' }) => compileExpression(expression, env, conditionTypes));
}

const compiled = new WeakMap<readonly MatchCondition[], Conditions>();

/** The conditions of a stored webhook, compiled once. */
export function conditionsOf(conditions: readonly MatchCondition[] | undefined): Conditions {
  if (!conditions) return [];
  let known = compiled.get(conditions);
  if (!known) compiled.set(conditions, (known = compileConditions(conditions)));
  return known;
}

/** `failed`: it cannot be told, and the failure policy decides. */
export type ConditionsResult = 'match' | 'no-match' | { readonly failed: string };

/** Whether all conditions hold for a request. One that does not settles it, whatever is wrong with others. */
export async function checkConditions(conditions: Conditions, subject: Subject): Promise<ConditionsResult> {
  if (conditions.length === 0) return 'match';
  const { questions } = subject;
  const attempt = () => check(conditions, activationOf(subject), { left: conditionBudget });
  return questions ? questions.run(attempt) : attempt();
}

function check(conditions: Conditions, activation: Activation, budget: Budget): ConditionsResult {
  try {
    const run = runWith(activation, new Map(), budget);
    const outcomes = conditions.map((condition) => run.evaluate(condition));
    if (outcomes.some((outcome) => 'value' in outcome && outcome.value === false)) return 'no-match';
    const errors = new Set(outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : [])));
    return errors.size === 0 ? 'match' : { failed: joined([...errors]) };
  } catch (failure) {
    if (!(failure instanceof OutOfBudget)) throw failure;
    return { failed: failure.message };
  }
}

const joined = (errors: readonly string[]): string => (errors.length === 1 ? `${errors[0]}` : `[${errors.join(', ')}]`);
