// What a ValidatingAdmissionPolicy finds about a request, for one set of parameters: decisions, and annotations for the audit trail.

import { utf8Length } from '../../../base/bytes.ts';
import type { Clock, Duration } from '../../../base/clock.ts';
import {
  admissionEnvironment,
  annotationTypes,
  compileExpression,
  compileVariables,
  conditionTypes,
  type Expression,
  messageTypes,
  typesOf,
} from '../../../kinds/admissionregistration/expressions.ts';
import type { ValidatingAdmissionPolicy } from '../../../kinds/admissionregistration/validating-admission-policy.ts';
import type { Validation } from '../../../kinds/generated/types/admissionregistration-v1.ts';
import { typeNameOf, type Value } from '../../../languages/cel/values.ts';
import { type Activation, activationOf, type Subject } from '../expressions/activation.ts';
import { checkConditions, compileConditions, type Conditions } from '../expressions/match-conditions.ts';
import { type Budget, type Outcome, OutOfBudget, policyBudget, type Run, runWith } from '../expressions/run.ts';

/** One validation that did not hold, or could not be told. */
export interface Denial {
  /** Its place among the policy's validations. */
  readonly index: number;
  readonly message: string;
  /** Undefined: it could not be told. */
  readonly reason?: string;
  readonly elapsed: Duration;
}

/** What could not be told, of a policy that lets pass what it cannot tell. */
export type Overlooked = Pick<Denial, 'message' | 'elapsed'>;

/** A value for the audit trail, or why there is none although the policy must not fail. */
export type Annotation =
  | { readonly key: string; readonly value: string }
  | { readonly key: string; readonly error: string; readonly elapsed: Duration };

export interface Findings {
  readonly denials: readonly Denial[];
  readonly overlooked: readonly Overlooked[];
  readonly annotations: readonly Annotation[];
  /** The policy could not be asked: its parameters are not there. */
  readonly misconfigured?: string;
}

export const nothing: Findings = { denials: [], overlooked: [], annotations: [] };

interface Rule {
  readonly validation: Validation;
  readonly expression: Expression;
  readonly message: Expression | undefined;
}

interface KeyedExpression {
  readonly key: string;
  readonly expression: Expression;
}

/** A policy ready to be evaluated. */
export interface Validator {
  readonly conditions: Conditions;
  readonly variables: ReadonlyMap<string, Expression>;
  readonly rules: readonly Rule[];
  readonly annotations: readonly KeyedExpression[];
  /** Whether what cannot be told is let pass. */
  readonly lenient: boolean;
}

export function compileValidator({ spec = {} }: ValidatingAdmissionPolicy): Validator {
  const params = spec.paramKind !== undefined;
  const variables = compileVariables(spec.variables ?? [], { params, authorizer: true });
  const known = { params, variables: typesOf(variables) };
  const env = admissionEnvironment({ ...known, authorizer: true });
  const messageEnv = admissionEnvironment({ ...known, authorizer: false });
  return {
    variables,
    conditions: compileConditions(spec.matchConditions, params),
    rules: (spec.validations ?? []).map((validation) => ({
      validation,
      expression: compileExpression(validation.expression ?? '', env, conditionTypes),
      message: validation.messageExpression
        ? compileExpression(validation.messageExpression, messageEnv, messageTypes)
        : undefined,
    })),
    annotations: (spec.auditAnnotations ?? []).map(({ key = '', valueExpression = '' }) => ({
      key,
      expression: compileExpression(valueExpression, env, annotationTypes),
    })),
    lenient: spec.failurePolicy === 'Ignore',
  };
}

export type Stopwatch = Pick<Clock, 'elapsed'>;

export async function validate(validator: Validator, subject: Subject, clock: Stopwatch): Promise<Findings> {
  const conditions = await checkConditions(validator.conditions, subject);
  if (conditions === 'no-match') return nothing;
  if (typeof conditions === 'object') return failed(validator, conditions.failed);
  const attempt = () => findings(validator, subject, clock);
  return subject.questions ? subject.questions.run(attempt) : attempt();
}

/** Nothing can be told: one refusal for the whole policy. */
function failed({ lenient }: Validator, message: string): Findings {
  const told = { index: 0, message, elapsed: 0 };
  return lenient ? { ...nothing, overlooked: [told] } : { ...nothing, denials: [told] };
}

function findings(validator: Validator, subject: Subject, clock: Stopwatch): Findings {
  const activation = activationOf(subject);
  const withoutAuthorizer = activationOf({ ...subject, questions: undefined });
  try {
    return {
      ...decisionsOf(validator, activation, withoutAuthorizer, clock),
      annotations: annotationsOf(validator, withoutAuthorizer, clock),
    };
  } catch (failure) {
    if (!(failure instanceof OutOfBudget)) throw failure;
    return failed(validator, failure.message);
  }
}

function decisionsOf(
  validator: Validator,
  activation: Activation,
  withoutAuthorizer: Activation,
  clock: Stopwatch,
): Pick<Findings, 'denials' | 'overlooked'> {
  const { rules, variables, lenient } = validator;
  const budget: Budget = { left: policyBudget };
  const run = runWith(activation, variables, budget);
  const outcomes = rules.map(({ expression }) => timed(clock, () => run.evaluate(expression)));
  const messages = messagesOf(rules, runWith(withoutAuthorizer, variables, budget));
  const denials: Denial[] = [];
  const overlooked: Overlooked[] = [];
  for (const [index, { done: outcome, elapsed }] of outcomes.entries()) {
    const rule = rules[index] as Rule;
    const untold = 'error' in outcome ? outcome.error : 'failure' in messages ? messages.failure : undefined;
    if (untold !== undefined && lenient) overlooked.push({ message: untold, elapsed });
    else if (untold !== undefined) denials.push({ index, message: untold, elapsed });
    else if (!('value' in outcome) || outcome.value !== true) {
      const computed = 'outcomes' in messages ? messages.outcomes[index] : undefined;
      denials.push({ index, message: messageOf(rule, computed), reason: rule.validation.reason ?? 'Invalid', elapsed });
    }
  }
  return { denials, overlooked };
}

function timed<T>(clock: Stopwatch, act: () => T): { readonly done: T; readonly elapsed: Duration } {
  const startedAt = clock.elapsed();
  const done = act();
  return { done, elapsed: clock.elapsed() - startedAt };
}

type Messages = { readonly outcomes: readonly (Outcome | undefined)[] } | { readonly failure: string };

/** All messages are computed, whether they are needed or not. */
function messagesOf(rules: readonly Rule[], run: Run): Messages {
  try {
    return { outcomes: rules.map(({ message }) => message && run.evaluate(message)) };
  } catch (failure) {
    if (!(failure instanceof OutOfBudget)) throw failure;
    return { failure: `failed messageExpression: ${failure.message}` };
  }
}

/** Bytes. */
const longestMessage = 5 * 1024;

/** What was computed, if it can be shown in one line; else what the policy says; else the expression. */
function messageOf({ validation }: Rule, computed: Outcome | undefined): string {
  const value = computed && 'value' in computed && typeof computed.value === 'string' ? computed.value.trim() : '';
  const shown = value.includes('\n') || utf8Length(value) > longestMessage ? '' : value;
  return shown || validation.message?.trim() || `failed expression: ${(validation.expression ?? '').trim()}`;
}

function annotationsOf(
  { annotations, variables, lenient }: Validator,
  activation: Activation,
  clock: Stopwatch,
): readonly Annotation[] {
  const run = runWith(activation, variables, { left: policyBudget });
  return annotations.flatMap(({ key, expression }): readonly Annotation[] => {
    const { done: outcome, elapsed } = timed(clock, () => run.evaluate(expression));
    if ('error' in outcome) return lenient ? [] : [{ key, error: outcome.error, elapsed }];
    const { value } = outcome;
    if (typeof value === 'string') return value.trim() === '' ? [] : [{ key, value: value.trim() }];
    return value === null ? [] : [{ key, error: unsupported(expression, value), elapsed }];
  });
}

const unsupported = ({ text }: Expression, value: Value): string =>
  `valueExpression '${text}' resulted in unsupported return type: ${typeNameOf(value)}. Return type must be either string or null.`;
