// What the rules of a schema (x-kubernetes-validations) say of an object.

import { utf8Length } from '../../base/bytes.ts';
import { deepEqual, isJsonObject } from '../../base/equal.ts';
import { type Issue, duplicateOf, forbiddenField, invalid, invalidAs, required } from '../../api/issues.ts';
import type { Outcome } from '../../languages/cel/cel.ts';
import { noValue, Optional, valueOf } from '../../languages/cel/values.ts';
import type { ValidationRule } from '../generated/types/apiextensions-v1.ts';
import { type Declared, declare, escapeName } from './declared.ts';
import { type CompiledRule, compileRules } from './rules.ts';
import { type JsonSchema, additionalOf, isEmbedded, itemsOf } from './structural.ts';

/** What one rule may cost on one value, in the units of CEL. */
const ruleLimit = 1_000_000;
/** What the rules of one object may cost together. */
const objectLimit = 10_000_000;
/** The longest message an expression may make, in bytes. */
const longestMessage = 5 * 1024;

/** A schema with rules at it or below it. */
interface Node {
  readonly schema: JsonSchema;
  readonly isResource: boolean;
  readonly declared: Declared;
  readonly rules: readonly CompiledRule[];
  readonly element: Node | undefined;
  readonly properties: ReadonlyMap<string, Node>;
}

/** What the rules say of an object. */
export interface Judgement {
  readonly issues: readonly Issue[];
  /** Failures of what is as it was before: told of, and tolerated. */
  readonly warnings: readonly string[];
}

/** Judges a value by the rules of its schema; `previous` is what it was before, for rules that compare. */
export type Judge = (value: unknown, previous?: unknown, options?: { readonly path?: string }) => Judgement;

/** Times what rules take. */
export type Timed = <T>(what: 'compilation' | 'evaluation', act: () => T) => T;

const untimed: Timed = (_, act) => act();

const fine: Judgement = { issues: [], warnings: [] };

/** Compiles the rules of a schema and of all below when they are first needed. Undefined where there are none. */
export function judgeOf(schema: JsonSchema, isResource: boolean, timed: Timed = untimed): Judge | undefined {
  if (!hasRules(schema)) return undefined;
  let root: Node | undefined;
  return (value, previous, { path = '' } = {}) => {
    root ??= timed('compilation', () => nodeOf(schema, isResource));
    const node = root;
    if (!node) return fine;
    const run: Run = { budget: objectLimit, issues: [], warnings: [] };
    const place: Place = { path, old: previous ?? undefined, isAsBefore: () => false, isRoot: true };
    timed('evaluation', () => judge(node, value, place, run));
    return run;
  };
}

export function hasRules(schema: JsonSchema): boolean {
  if ((schema['x-kubernetes-validations'] ?? []).length > 0) return true;
  const below = [itemsOf(schema), additionalOf(schema), ...Object.values(schema.properties ?? {})];
  return below.some((each) => each !== undefined && hasRules(each));
}

function nodeOf(
  schema: JsonSchema,
  isResource: boolean,
  declared = declare(schema, 'selfType1', isResource),
): Node | undefined {
  if (!declared || !hasRules(schema)) return undefined;
  const inner = itemsOf(schema) ?? additionalOf(schema);
  const properties = new Map<string, Node>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const known = escapeName(name);
    if (known !== undefined && !declared.fields?.has(known)) continue;
    const node = nodeOf(property, isEmbedded(property), known === undefined ? undefined : declared.fields?.get(known));
    if (node) properties.set(name, node);
  }
  return {
    schema,
    isResource,
    declared,
    rules: compileRules(schema, declared),
    element: inner && nodeOf(inner, isEmbedded(inner), declared.element),
    properties,
  };
}

interface Run {
  /** What is left to spend; below zero nothing more is looked at. */
  budget: number;
  readonly issues: Issue[];
  readonly warnings: string[];
}

interface Place {
  readonly path: string;
  /** What stood there before; undefined where nothing did, or nobody can tell what. */
  readonly old: unknown;
  /** Whether the nearest thing around it that can be found again is as it was. */
  readonly isAsBefore: () => boolean;
  readonly isRoot?: boolean;
}

/** Rules of the whole come before rules of its parts. Of null nothing is asked. */
function judge(node: Node, value: unknown, place: Place, run: Run): void {
  if (value === null || value === undefined || run.budget < 0) return;
  const isAsBefore = once(() => (place.old === undefined ? place.isAsBefore() : deepEqual(value, place.old)));
  judgeRules(node, value, { ...place, isAsBefore }, run);
  if (Array.isArray(value)) return judgeItems(node, value, { ...place, isAsBefore }, run);
  if (!isJsonObject(value)) return;
  const before = isJsonObject(place.old) ? place.old : {};
  for (const [name, inner] of Object.entries(value)) {
    const property = node.properties.get(name);
    const below = property ?? (node.schema.properties ? undefined : node.element);
    if (!below) continue;
    // Version and kind are the same in what is stored and what is sent, whatever was written.
    const isHead = place.isRoot === true && (name === 'apiVersion' || name === 'kind');
    const path = property ? (place.path ? `${place.path}.${name}` : name) : `${place.path}[${name}]`;
    judge(below, inner, { path, old: before[name] ?? undefined, isAsBefore: isHead ? () => false : isAsBefore }, run);
  }
}

function judgeItems(node: Node, items: readonly unknown[], place: Place, run: Run): void {
  const { element } = node;
  if (!element) return;
  const keys = node.schema['x-kubernetes-list-type'] === 'map' ? node.schema['x-kubernetes-list-map-keys'] : undefined;
  const before: readonly unknown[] = keys && Array.isArray(place.old) ? place.old : [];
  const isSame = (a: unknown, b: unknown) =>
    isJsonObject(a) && isJsonObject(b) && (keys ?? []).every((key) => deepEqual(a[key], b[key]));
  items.forEach((item, i) => {
    const old = before.find((other) => isSame(other, item));
    judge(element, item, { path: `${place.path}[${i}]`, old, isAsBefore: place.isAsBefore }, run);
  });
}

function once(ask: () => boolean): () => boolean {
  let answer: boolean | undefined;
  return () => (answer ??= ask());
}

function judgeRules({ rules, schema, declared }: Node, value: unknown, place: Place, run: Run): void {
  const field = place.path || '<nil>';
  const type = schema.type ?? '';
  const { old } = place;
  const complain = (detail: string) => void run.issues.push(invalid(field, type, detail));
  /** Nothing more is looked at. */
  const stop = (detail: string) => {
    complain(detail);
    run.budget = -1;
  };
  const spent = 'validation failed due to running out of cost budget, no further validation rules will be run';
  for (const compiled of rules) {
    const { rule, condition, usesOldSelf } = compiled;
    if (run.budget <= 0) return stop(spent);
    if (!condition.program) {
      complain(`rule compile error: ${condition.problem}`);
      continue;
    }
    if (usesOldSelf && old === undefined && !rule.optionalOldSelf) continue;
    const variables = { self: value, ...(old !== undefined && { oldSelf: old }) };
    const former = old === undefined ? noValue : new Optional(valueOf(old, declared.type));
    const given = rule.optionalOldSelf ? { ...variables, oldSelf: former } : variables;
    const outcome = condition.program.evaluate(given, { costLimit: ruleLimit });
    if (outcome.cost > run.budget) return stop(spent);
    run.budget -= outcome.cost;
    if ('error' in outcome) {
      if (outcome.exceeded) return stop(failureText(outcome, rule));
      complain(failureText(outcome, rule));
      continue;
    }
    if (outcome.value === true) continue;
    const issue = brokenIssue(compiled, value, type, place.path, variables, run);
    if (!usesOldSelf && place.isAsBefore()) run.warnings.push(`${issue.field}: ${issue.message}`);
    else run.issues.push(issue);
    if (run.budget < 0) return;
  }
}

const called = ({ message = '', rule }: ValidationRule): string => (message || rule).trim();

function failureText({ error, exceeded }: Extract<Outcome, { error: string }>, rule: ValidationRule): string {
  if (exceeded) {
    return `'${error}': no further validation rules will be run due to call cost exceeds limit for rule: ${called(rule)}`;
  }
  if (!error.startsWith('no such overload')) return `${error} evaluating rule: ${called(rule)}`;
  const what = 'call arguments did not match a supported operator, function or macro signature';
  return `'${error}': ${what} for rule: ${called(rule)}`;
}

/** What is told of a rule that does not hold. */
function brokenIssue(
  compiled: CompiledRule,
  value: unknown,
  type: string,
  path: string,
  variables: Readonly<Record<string, unknown>>,
  run: Run,
): Issue {
  const { rule } = compiled;
  const field = (path && compiled.path ? `${path}.${compiled.path}` : path || compiled.path) || '<nil>';
  const made = messageOf(compiled, variables, run);
  if (made.spent !== undefined) return invalid(field, type, made.spent);
  const detail = made.text ?? (rule.message ? called(rule) : `failed rule: ${called(rule)}`);
  // Objects and lists are not printed.
  const shown = type === 'object' || type === 'array' ? undefined : { value };
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return forbiddenField(field, detail);
    case 'FieldValueRequired':
      return required(field, detail);
    case 'FieldValueDuplicate':
      return duplicateOf(field, shown);
    default:
      return invalidAs(field, shown, detail);
  }
}

/** The message that an expression makes, unless it fails or makes none; `spent` when it costs more than there is. */
function messageOf(
  { message, rule }: CompiledRule,
  variables: Readonly<Record<string, unknown>>,
  run: Run,
): { readonly text?: string; readonly spent?: string } {
  if (!message?.program) return {};
  const outcome = message.program.evaluate(variables, { costLimit: ruleLimit });
  const stop = (spent: string) => {
    run.budget = -1;
    return { spent };
  };
  if (outcome.cost > run.budget) {
    return stop(
      'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run',
    );
  }
  if ('error' in outcome) {
    if (outcome.exceeded) {
      const limit = 'no further validation rules will be run due to call cost exceeds limit for messageExpression';
      return stop(`${limit}: ${JSON.stringify(rule.messageExpression)}`);
    }
    run.budget -= outcome.cost;
    return {};
  }
  run.budget -= outcome.cost;
  const text = typeof outcome.value === 'string' ? outcome.value.trim() : '';
  const isFit = text !== '' && !text.includes('\n') && utf8Length(text) <= longestMessage;
  return isFit ? { text } : {};
}
