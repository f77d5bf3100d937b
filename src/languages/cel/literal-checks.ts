// Mistakes in literals that show without running: a pattern, duration or time that is none, a list or map of several types.

import type { Checked } from './check.ts';
import type { Environment } from './environment.ts';
import { clauses, type FormatStyle, refusal, verbsOf } from './library/format-text.ts';
import { compileRegex } from './regex.ts';
import type { Issue } from './source.ts';
import { type Call, childrenOf, type Expr } from './syntax.ts';
import { parseDurationText, parseTimestampText } from './time.ts';
import type { Value } from './values.ts';
import { formatType, isOptional, sameType, type Type, typeName } from './types.ts';

export function literalIssues(expr: Expr, env: Environment, checked: Checked): readonly Issue[] {
  const { literalChecks, formatChecks } = env.options;
  const issues: Issue[] = [];
  walk(expr, false, (each, formatted) => {
    if (formatChecks && each.kind === 'call') issues.push(...formatIssues(each, checked, formatChecks));
    if (!literalChecks) return;
    if (each.kind === 'call') issues.push(...callIssues(each));
    if (!formatted) issues.push(...mixtureIssues(each, checked));
  });
  return issues;
}

/** Lists given to `format` hold what they like. */
function walk(expr: Expr, formatted: boolean, visit: (expr: Expr, formatted: boolean) => void): void {
  visit(expr, formatted);
  const within =
    expr.kind === 'call' ? expr.name === 'format' : formatted && (expr.kind === 'list' || expr.kind === 'map');
  for (const child of childrenOf(expr)) walk(child, within, visit);
}

const readers: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['duration', (text) => parseDurationText(text) !== undefined],
  ['timestamp', (text) => parseTimestampText(text) !== undefined],
  ['matches', (text) => compileRegex(text) !== undefined],
]);

function callIssues(expr: Call): readonly Issue[] {
  const reads = readers.get(expr.name);
  const arg = expr.args.at(expr.name === 'matches' ? -1 : 0);
  if (!reads || arg?.kind !== 'literal' || !isBad(arg.value, expr.name, reads)) return [];
  return [{ at: arg.at, message: `invalid ${expr.name} argument` }];
}

/** Seconds since 1970 make a time from the year 1 to 9999. */
const isBad = (value: Value, name: string, reads: (text: string) => boolean): boolean =>
  typeof value === 'string'
    ? !reads(value)
    : name === 'timestamp' && typeof value === 'bigint' && (value < -62_135_596_800n || value > 253_402_300_799n);

/** A pattern and a list that are both written out are checked against each other; the first mistake is told. */
function formatIssues(expr: Call, { types }: Checked, style: FormatStyle): readonly Issue[] {
  const [list] = expr.args;
  const pattern = expr.target?.kind === 'literal' ? expr.target.value : undefined;
  if (expr.name !== 'format' || typeof pattern !== 'string' || list?.kind !== 'list') return [];
  const verbs = verbsOf(pattern, style);
  if (typeof verbs === 'string') return [{ at: expr.at, message: verbs }];
  for (const [place, verb] of verbs.entries()) {
    const arg = list.elements[place];
    if (!arg) return [{ at: expr.at, message: `index ${place} out of range` }];
    const type = types.get(arg);
    const clause = clauses[style][verb];
    if (!clause || !type || type.kind === 'dyn' || clause.kinds.includes(type.kind)) continue;
    return [{ at: arg.at, message: refusal(clause, typeName(type)) }];
  }
  const { length } = list.elements;
  if (length <= verbs.length) return [];
  const message = `too many arguments supplied to string.format (expected ${verbs.length}, got ${length})`;
  return [{ at: expr.at, message }];
}

/** Lists and maps written out hold one type each, unless dyn is among them. */
function mixtureIssues(expr: Expr, { types }: Checked): readonly Issue[] {
  if (expr.kind === 'list') return firstOther(expr.elements, types, (i) => expr.optional.has(i));
  if (expr.kind !== 'map') return [];
  const optional = (i: number) => expr.entries[i]?.optional ?? false;
  return [
    ...firstOther(
      expr.entries.map((entry) => entry.key),
      types,
      () => false,
    ),
    ...firstOther(
      expr.entries.map((entry) => entry.value),
      types,
      optional,
    ),
  ];
}

function firstOther(
  parts: readonly Expr[],
  types: ReadonlyMap<Expr, Type>,
  optional: (place: number) => boolean,
): readonly Issue[] {
  let expected: Type | undefined;
  for (const [i, part] of parts.entries()) {
    const type = typeWithin(types.get(part), optional(i));
    if (!type) continue;
    if (!expected) expected = type;
    else if (!sameType(expected, type) && ![expected, type].some((each) => each.kind === 'dyn')) {
      return [{ at: part.at, message: `expected type '${formatType(expected)}' but found '${formatType(type)}'` }];
    }
  }
  return [];
}

const typeWithin = (type: Type | undefined, optional: boolean): Type | undefined =>
  optional && type && isOptional(type) ? type.parameters[0] : type;
