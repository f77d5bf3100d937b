// What is wrong with the rules (x-kubernetes-validations) of a definition: their texts, their expressions, and what they could cost.

import { type Issue, forbiddenField, internalError, invalid, notSupported, required } from '../../api/issues.ts';
import type { ValidationRule } from '../generated/types/apiextensions-v1.ts';
import { type Declared, mostInRequest } from './declared.ts';
import { internalRule } from './internal-form.ts';
import { rulePath } from './rule-path.ts';
import { type CompiledRule, compileRules } from './rules.ts';
import type { JsonSchema } from './structural.ts';

/** What a rule may be estimated to cost on one object, and all rules of a schema together. */
const ruleLimit = 10_000_000;
const schemaLimit = 100_000_000;
/** Rules are named as the reason of a sum that is too large from this part of it on, and so many of them. */
const largePart = schemaLimit / 100;
const mostNamed = 4;

/** What the rules of a schema are estimated to cost together. */
export interface CostSum {
  /** Off for a schema that is as it was: what was accepted stays accepted. */
  readonly limitsRules: boolean;
  total: number;
  readonly large: { readonly field: string; readonly cost: number }[];
}

/** A schema with rules. */
export interface RuledPlace {
  readonly schema: JsonSchema;
  readonly field: string;
  /** Undefined where expressions see nothing. */
  readonly declared: Declared | undefined;
  /** How often it can be there; undefined: nobody says. */
  readonly times: number | undefined;
  /** The list around it whose items cannot be told apart from one version of the object to the next. */
  readonly unordered?: string | undefined;
}

const breaksLine = (text: string): boolean => /[\n\r]/.test(text);
const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

/** Of everything but the expressions. */
export function textIssues(given: ValidationRule, field: string, schema: JsonSchema): Issue[] {
  const { rule = '', message = '', messageExpression = '', reason, fieldPath = '' } = given;
  const issues: Issue[] = [];
  if (rule.trim() === '') issues.push(required(`${field}.rule`, 'rule is not specified'));
  else if (message !== '' && message.trim() === '')
    issues.push(invalid(`${field}.message`, message, 'must be non-empty if specified'));
  else if (breaksLine(message.trim()))
    issues.push(invalid(`${field}.message`, message, 'must not contain line breaks'));
  else if (breaksLine(rule.trim()) && message.trim() === '')
    issues.push(required(`${field}.message`, 'message must be specified if rule contains line breaks'));
  if (messageExpression !== '' && messageExpression.trim() === '')
    issues.push(required(`${field}.messageExpression`, 'messageExpression must be non-empty if specified'));
  if (reason !== undefined && !reasons.includes(reason)) issues.push(notSupported(`${field}.reason`, reason, reasons));
  if (fieldPath === '') return issues;
  const path = (detail: string) => void issues.push(invalid(`${field}.fieldPath`, fieldPath, detail));
  if (fieldPath.trim() === '') path('must be non-empty if specified');
  if (breaksLine(fieldPath)) path('must not contain line breaks');
  if (rulePath(fieldPath, schema) === undefined) path('must be a valid path');
  return issues;
}

export function compileIssues({ schema, field, declared, times, unordered }: RuledPlace, sum: CostSum): Issue[] {
  const place = `${field}.x-kubernetes-validations`;
  if (!declared) {
    const why = 'unable to convert structural schema to CEL declarations';
    const what = 'failed to construct type information for x-kubernetes-validations rules';
    return [internalError(place, `internal error: ${what}: ${why}`)];
  }
  return compileRules(schema, declared).flatMap((compiled, i) =>
    oneRuleIssues(compiled, `${place}[${i}]`, times ?? mostInRequest(declared.least), unordered, sum),
  );
}

function oneRuleIssues(
  { rule, condition, message, usesOldSelf }: CompiledRule,
  field: string,
  times: number,
  unordered: string | undefined,
  sum: CostSum,
): Issue[] {
  const issues = costIssues(`${field}.rule`, 'estimated rule cost', condition.cost * times, sum);
  if (condition.problem !== undefined) issues.push(invalid(`${field}.rule`, internalRule(rule), condition.problem));
  if (message?.problem !== undefined) {
    issues.push(invalid(`${field}.messageExpression`, internalRule(rule), message.problem));
  } else if (message) {
    issues.push(...costIssues(`${field}.messageExpression`, 'estimated messageExpression cost', message.cost, sum));
  }
  if (usesOldSelf && unordered !== undefined) {
    const where = 'oldSelf cannot be used on the uncorrelatable portion of the schema within';
    issues.push(invalid(`${field}.rule`, rule.rule, `${where} ${unordered}`));
  }
  if (!usesOldSelf && rule.optionalOldSelf !== undefined) {
    const when = 'may not be set if oldSelf is not used in rule';
    issues.push(invalid(`${field}.optionalOldSelf`, rule.optionalOldSelf, when));
  }
  return issues;
}

/** Counts the cost towards the sum as well. */
function costIssues(field: string, name: string, cost: number, sum: CostSum): Issue[] {
  sum.total += cost;
  if (cost >= largePart) sum.large.push({ field, cost });
  return sum.limitsRules && cost > ruleLimit ? [forbiddenField(field, excess(name, cost / ruleLimit))] : [];
}

export function totalIssues({ total, large }: CostSum, field: string): Issue[] {
  if (total <= schemaLimit) return [];
  const part = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
  const whole = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
  const named = [...large].sort((a, b) => b.cost - a.cost).slice(0, mostNamed);
  return [
    ...named.map((each) => forbiddenField(each.field, part)),
    forbiddenField(field, excess(whole, total / schemaLimit)),
  ];
}

function excess(name: string, factor: number): string {
  const advice =
    'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared';
  const times = factor > 100 ? 'more than 100' : factor.toFixed(factor < 1.5 ? 6 : 1);
  return `${name} exceeds budget by factor of ${times}x (${advice})`;
}
