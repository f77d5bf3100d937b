// Mistakes in literals that show without running: a pattern, duration or time that is none, a list or map of several types.

import type { Checked } from './check.ts';
import type { Environment } from './environment.ts';
import { compileRegex } from './regex.ts';
import type { Issue } from './source.ts';
import { type Call, childrenOf, type Expr } from './syntax.ts';
import { parseDurationText, parseTimestampText } from './time.ts';
import { formatType, isOptional, sameType, type Type } from './types.ts';

export function literalIssues(expr: Expr, env: Environment, checked: Checked): readonly Issue[] {
  if (!env.options.literalChecks) return [];
  const issues: Issue[] = [];
  walk(expr, (each) => {
    if (each.kind === 'call') issues.push(...callIssues(each));
    issues.push(...mixtureIssues(each, checked));
  });
  return issues;
}

function walk(expr: Expr, visit: (expr: Expr) => void): void {
  visit(expr);
  for (const child of childrenOf(expr)) walk(child, visit);
}

const readers: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['duration', (text) => parseDurationText(text) !== undefined],
  ['timestamp', (text) => parseTimestampText(text) !== undefined],
  ['matches', (text) => compileRegex(text) !== undefined],
]);

function callIssues(expr: Call): readonly Issue[] {
  const reads = readers.get(expr.name);
  const arg = expr.args.at(expr.name === 'matches' ? -1 : 0);
  if (!reads || arg?.kind !== 'literal' || typeof arg.value !== 'string' || reads(arg.value)) return [];
  return [{ at: arg.at, message: `invalid ${expr.name} argument` }];
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
