// Trees of expressions as text, as upstream's debugging prints them: what the published parsing and checking data compares.

import { decodeText } from '../../src/languages/cel/bytes.ts';
import type { Checked } from '../../src/languages/cel/check.ts';
import { quoteText } from '../../src/languages/cel/library/strings.ts';
import type { Expr } from '../../src/languages/cel/syntax.ts';
import { formatDouble } from '../../src/languages/cel/text.ts';
import { formatType } from '../../src/languages/cel/types.ts';
import { Uint, type Value } from '../../src/languages/cel/values.ts';

type Adorn = (expr: Expr) => string;

/** Each part with its sort. White space is left out. */
export const treeText = (expr: Expr): string =>
  written(expr, (each) => `^#*expr.${sortOf(each)}#`, '^#*expr.Expr_CreateStruct_Entry#');

/** Each part with its type and what it refers to. White space is left out. */
export const checkedText = (expr: Expr, checked: Checked): string =>
  written(expr, (each) => adornment(each, checked), '', checked);

function adornment(expr: Expr, { types, references }: Checked): string {
  const type = types.get(expr);
  const reference = references.get(expr);
  const shown = type ? `~${formatType(type)}` : '';
  if (expr.kind === 'call' && expr.name === '_?._') return `${shown}^select_optional_field`;
  if (reference?.kind === 'function')
    return `${shown}^${reference.overloads
      .map((each) => each.id)
      .sort()
      .join('|')}`;
  if (reference) return `${shown}^${reference.name}`;
  return expr.kind === 'ident' && type ? `${shown}^${expr.name}` : shown;
}

const kinds = {
  ident: 'Expr_IdentExpr',
  select: 'Expr_SelectExpr',
  call: 'Expr_CallExpr',
  list: 'Expr_ListExpr',
  map: 'Expr_StructExpr',
  struct: 'Expr_StructExpr',
  comprehension: 'Expr_ComprehensionExpr',
};

function sortOf(expr: Expr): string {
  if (expr.kind !== 'literal') return kinds[expr.kind];
  const { value } = expr;
  if (value === null) return 'Constant_NullValue';
  if (value instanceof Uint) return 'Constant_Uint64Value';
  if (value instanceof Uint8Array) return 'Constant_BytesValue';
  const sorts: Record<string, string> = { bigint: 'Int64', number: 'Double', boolean: 'Bool', string: 'String' };
  return `Constant_${sorts[typeof value]}Value`;
}

function literalText(value: Value): string {
  if (value instanceof Uint) return `${value.value}u`;
  if (value instanceof Uint8Array) return `b"${bytesText(value)}"`;
  if (typeof value === 'number') return formatDouble(value);
  if (typeof value === 'string') return `"${escaped(value)}"`;
  return typeof value === 'object' && value !== null ? value.typeName : String(value);
}

const isPrintable = (point: string): boolean => /^[\p{L}\p{N}\p{S}\p{P}\p{M} ]$/u.test(point);

function escaped(text: string): string {
  return Array.from(text, (point) => {
    const quoted = quoteText(point).slice(1, -1);
    if (quoted !== point || isPrintable(point)) return quoted;
    const code = point.codePointAt(0) ?? 0;
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
  }).join('');
}

/** Sequences that are text as such, all other bytes by number. */
function bytesText(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const length = [1, 2, 3, 4].find((each) => decodeText(bytes.slice(i, i + each)) !== undefined) ?? 1;
    const point = decodeText(bytes.slice(i, i + length));
    const shown = point !== undefined && (point.length === 1 || isPrintable(point));
    text += shown ? escaped(point) : `\\x${bytes[i]?.toString(16).padStart(2, '0')}`;
    i += shown ? length : 1;
  }
  return text;
}

function written(expr: Expr, adorn: Adorn, entry: string, checked?: Checked): string {
  const show = (each: Expr): string => body(each) + adorn(each);
  const referred = (each: Expr): string | undefined => {
    const reference = checked?.references.get(each);
    return reference && reference.kind !== 'function' ? reference.name : undefined;
  };
  function body(each: Expr): string {
    switch (each.kind) {
      case 'literal':
        return literalText(each.value);
      case 'ident':
        return referred(each) ?? each.name;
      case 'select':
        return referred(each) ?? `${show(each.operand)}.${each.field}${each.test ? '~test-only~' : ''}`;
      case 'call': {
        const reference = checked?.references.get(each);
        const qualified = reference?.kind === 'function' && (reference.qualified || !each.target);
        const name = qualified
          ? reference.declaration.name
          : `${each.target ? `${show(each.target)}.` : ''}${each.name}`;
        return `${name}(${each.args.map(show).join(',')})`;
      }
      case 'list':
        return `[${each.elements.map(show).join(',')}]`;
      case 'map':
        return `{${each.entries.map((e) => `${e.optional ? '?' : ''}${show(e.key)}:${show(e.value)}${entry}`).join(',')}}`;
      case 'struct':
        return `${referred(each) ?? each.name}{${each.fields.map((f) => `${f.optional ? '?' : ''}${f.name}:${show(f.value)}${entry}`).join(',')}}`;
      case 'comprehension':
        return `__comprehension__(//Variable${each.variable},//Target${show(each.range)},//Accumulator${each.accumulator},//Init${show(each.init)},//LoopCondition${show(each.condition)},//LoopStep${show(each.step)},//Result${show(each.result)})`;
    }
  }
  return show(expr);
}

export const withoutSpace = (text: string): string => text.replace(/\s+/g, '');
