// What is wrong with the rules (x-kubernetes-validations) of a definition: their texts, their expressions, and what they could cost.

import { type Issue, forbiddenField, internalError, invalid, notSupported, required } from '../../api/issues.ts';
import type { ValidationRule } from '../generated/types/apiextensions-v1.ts';
import { type Declared, declare, escapeName, mostInRequest } from './declared.ts';
import { rulePath } from './rule-path.ts';
import { type CompiledRule, compileRules } from './rules.ts';
import { type JsonSchema, additionalOf, isEmbedded, itemsOf } from './structural.ts';

/** What a rule may be estimated to cost on one object, and all rules of a schema together. */
const ruleLimit = 10_000_000;
const schemaLimit = 100_000_000;
/** Rules are named as the reason of a sum that is too large from this part of it on, and so many of them. */
const largePart = schemaLimit / 100;
const mostNamed = 4;

export interface RuleChecks {
  /** What else is looked for at every schema, before its rules. */
  readonly others: (schema: JsonSchema, field: string) => Issue[];
  /** Off where the schema is broken already: its types cannot be told. */
  readonly compiles: boolean;
  /** Off for a schema that is as it was: what was accepted stays accepted. */
  readonly limitsRules: boolean;
}

interface Place {
  readonly schema: JsonSchema;
  readonly field: string;
  readonly isResource: boolean;
  /** As the schema around it declared it, where that has rules. */
  readonly declared?: Declared | undefined;
  /** How often it can be there; undefined: nobody says. */
  readonly times: number | undefined;
  /** The list around it whose items cannot be told apart from one version of the object to the next. */
  readonly unordered?: string | undefined;
}

interface Walk {
  readonly checks: RuleChecks;
  total: number;
  readonly large: { readonly field: string; readonly cost: number }[];
}

interface Found {
  /** Of the schemas, which keep rules around them from being compiled. */
  readonly schema: readonly Issue[];
  readonly rules: readonly Issue[];
}

/** Of the schema of a whole resource, and of all below. */
export function ruleIssues(schema: JsonSchema, field: string, checks: RuleChecks): Issue[] {
  const walk: Walk = { checks, total: 0, large: [] };
  const found = look({ schema, field, isResource: true, times: 1 }, walk, checks.compiles);
  return [...found.schema, ...found.rules, ...totalIssues(walk, field)];
}

function look(place: Place, walk: Walk, compiles: boolean): Found {
  const { schema, field } = place;
  const rules = schema['x-kubernetes-validations'] ?? [];
  const declared =
    place.declared ?? (compiles && rules.length > 0 ? declare(schema, 'selfType1', place.isResource) : undefined);
  const below = [
    ...childrenOf({ ...place, declared }).map((child) => look(child, walk, compiles)),
    ...alternativesOf(schema).map(([name, inner]) =>
      look({ schema: inner, field: `${field}.${name}`, isResource: false, times: 1 }, walk, false),
    ),
  ];
  const issues = [
    ...walk.checks.others(schema, field),
    ...below.flatMap((each) => each.schema),
    ...rules.flatMap((rule, i) => textIssues(rule, `${field}.x-kubernetes-validations[${i}]`, schema)),
  ];
  const inner = below.flatMap((each) => each.rules);
  if (rules.length === 0 || !compiles || issues.length > 0) return { schema: issues, rules: inner };
  return { schema: issues, rules: [...inner, ...compileIssues({ ...place, declared }, walk)] };
}

function childrenOf({ schema, field, declared, times, unordered }: Place): Place[] {
  const items = itemsOf(schema);
  const additional = additionalOf(schema);
  const most = mostBelow(schema);
  const often = times === undefined || most === undefined ? undefined : times * most;
  const child = (inner: JsonSchema, name: string, known: Declared | undefined, list = unordered): Place => ({
    schema: inner,
    field: `${field}.${name}`,
    isResource: isEmbedded(inner),
    declared: known,
    times: often,
    unordered: list,
  });
  const isUnordered = schema['x-kubernetes-list-type'] !== 'map';
  return [
    ...(additional ? [child(additional, 'additionalProperties', declared?.element)] : []),
    ...Object.entries(schema.properties ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, property]) => {
        const known = escapeName(name);
        return child(property, `properties[${name}]`, known === undefined ? undefined : declared?.fields?.get(known));
      }),
    ...(items ? [child(items, 'items', declared?.element, unordered ?? (isUnordered ? field : undefined))] : []),
  ];
}

function alternativesOf(schema: JsonSchema): [string, JsonSchema][] {
  const lists = (['allOf', 'oneOf', 'anyOf'] as const).flatMap((word) =>
    (schema[word] ?? []).map((inner, i): [string, JsonSchema] => [`${word}[${i}]`, inner]),
  );
  return schema.not ? [['not', schema.not], ...lists] : lists;
}

/** By how much a schema multiplies what is below it; undefined where there is no bound. */
function mostBelow({ type, additionalProperties, maxItems, maxProperties }: JsonSchema): number | undefined {
  const limit = type === 'array' ? maxItems : type === 'object' && additionalProperties ? maxProperties : 1;
  return limit === undefined ? undefined : Math.max(limit, 0);
}

const breaksLine = (text: string): boolean => /[\n\r]/.test(text);
const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

function textIssues(given: ValidationRule, field: string, schema: JsonSchema): Issue[] {
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

function compileIssues({ schema, field, declared, times, unordered }: Place, walk: Walk): Issue[] {
  const place = `${field}.x-kubernetes-validations`;
  if (!declared) {
    const why = 'unable to convert structural schema to CEL declarations';
    const what = 'failed to construct type information for x-kubernetes-validations rules';
    return [internalError(place, `internal error: ${what}: ${why}`)];
  }
  return compileRules(schema, declared).flatMap((compiled, i) =>
    oneRuleIssues(compiled, `${place}[${i}]`, times ?? mostInRequest(declared.least), unordered, walk),
  );
}

function oneRuleIssues(
  { rule, condition, message, usesOldSelf }: CompiledRule,
  field: string,
  times: number,
  unordered: string | undefined,
  walk: Walk,
): Issue[] {
  const issues = costIssues(`${field}.rule`, 'estimated rule cost', condition.cost * times, walk);
  if (condition.problem !== undefined) issues.push(invalid(`${field}.rule`, goRule(rule), condition.problem));
  if (message?.problem !== undefined) {
    issues.push(invalid(`${field}.messageExpression`, goRule(rule), message.problem));
  } else if (message) {
    issues.push(...costIssues(`${field}.messageExpression`, 'estimated messageExpression cost', message.cost, walk));
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

/** As Go prints the rule. */
const goRule = (rule: ValidationRule) => ({
  Rule: rule.rule,
  Message: rule.message ?? '',
  MessageExpression: rule.messageExpression ?? '',
  Reason: rule.reason ?? null,
  FieldPath: rule.fieldPath ?? '',
  OptionalOldSelf: rule.optionalOldSelf ?? null,
});

/** Counts the cost towards the sum as well. */
function costIssues(field: string, name: string, cost: number, walk: Walk): Issue[] {
  walk.total += cost;
  if (cost >= largePart) walk.large.push({ field, cost });
  return walk.checks.limitsRules && cost > ruleLimit ? [forbiddenField(field, excess(name, cost / ruleLimit))] : [];
}

function totalIssues({ total, large }: Walk, field: string): Issue[] {
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
