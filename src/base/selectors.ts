// Label and field selectors: what they say, as text and as objects, and whether labels match.

import { isLabelValue, isQualifiedName } from './names.ts';
import { ParseError } from './parse-error.ts';

export type Labels = Readonly<Record<string, string>>;

export type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
  /** How an In or NotIn of a single value was written, and is printed: `a=b` rather than `a in (b)`. */
  readonly sign?: '=' | '==' | '!=';
}

/** All requirements must hold; none at all matches everything. */
export interface Selector {
  readonly requirements: readonly Requirement[];
  matches(labels: Labels | undefined): boolean;
}

/** A `labelSelector` field of an object. */
export interface LabelSelector {
  readonly matchLabels?: Labels | null | undefined;
  readonly matchExpressions?:
    | readonly {
        readonly key: string;
        readonly operator: string;
        readonly values?: readonly string[] | null | undefined;
      }[]
    | null
    | undefined;
}

export const everything: Selector = { requirements: [], matches: () => true };

/** Matches no object; prints as the empty text, like `everything`. */
export const nothing: Selector = { requirements: [], matches: () => false };

const noLabels: Labels = {};

/** A selector of these requirements, ordered by key. */
export function selectorOfRequirements(requirements: readonly Requirement[]): Selector {
  if (requirements.length === 0) return everything;
  const sorted = [...requirements].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return {
    requirements: sorted,
    matches(labels = noLabels) {
      for (const requirement of sorted) if (!holds(requirement, labels)) return false;
      return true;
    },
  };
}

function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return isInteger(value) && BigInt(value) > BigInt(values[0] ?? 0);
    case 'Lt':
      return isInteger(value) && BigInt(value) < BigInt(values[0] ?? 0);
  }
}

const isInteger = (text: string | undefined): text is string => text !== undefined && /^-?\d+$/.test(text);

/** Labels that must all be there. */
export function selectorFromSet(labels: Labels | undefined): Selector {
  return selectorOfRequirements(Object.entries(labels ?? noLabels).map(([key, value]) => equals(key, value)));
}

const equals = (key: string, value: string): Requirement => ({ key, operator: 'In', values: [value], sign: '=' });

const objectOperators: readonly string[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/**
 * What a labelSelector field selects. An empty one selects everything; what an absent one selects, the caller says.
 * @throws ParseError for an operator that does not exist, and for In and NotIn without values
 */
export function selectorOf(selector: LabelSelector | null | undefined, whenAbsent: 'nothing' | 'everything'): Selector {
  if (!selector) return whenAbsent === 'nothing' ? nothing : everything;
  const exact = Object.entries(selector.matchLabels ?? noLabels).map(([key, value]) => equals(key, value));
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values }): Requirement => {
    if (!objectOperators.includes(operator)) {
      throw new ParseError(`${JSON.stringify(operator)} is not a valid label selector operator`);
    }
    return validRequirement({ key, operator: operator as Operator, values: sortedSet(values ?? []) });
  });
  return selectorOfRequirements([...exact, ...expressions]);
}

const sortedSet = (values: readonly string[]): string[] => [...new Set(values)].sort();

/** Checks a requirement in apimachinery's order and words. */
function validRequirement(requirement: Requirement): Requirement {
  const { key, operator, values, sign } = requirement;
  const issues = [...keyIssues('key', key)];
  const shown = JSON.stringify(values);
  if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1)
      issues.push(`values: Invalid value: ${shown}: for 'Gt', 'Lt' operators, exactly one value is required`);
    values.forEach((value, i) => {
      if (isInteger(value)) return;
      issues.push(
        `values[${i}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    });
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      issues.push(`values: Invalid value: ${shown}: values set must be empty for exists and does not exist`);
  } else if (!sign && values.length === 0) {
    issues.push(`values: Invalid value: ${shown}: for 'in', 'notin' operators, values set can't be empty`);
  }
  values.forEach((value, i) => {
    const wrong = isLabelValue(value);
    if (wrong.length > 0)
      issues.push(`values[${i}][${key}]: Invalid value: ${JSON.stringify(value)}: ${wrong.join('; ')}`);
  });
  if (issues.length > 0) throw new ParseError(issues.length === 1 ? (issues[0] ?? '') : `[${issues.join(', ')}]`);
  return requirement;
}

function keyIssues(path: string, key: string): string[] {
  const wrong = isQualifiedName(key);
  return wrong.length > 0 ? [`${path}: Invalid value: ${JSON.stringify(key)}: ${wrong.join('; ')}`] : [];
}

/** The selector as text, which parseSelector reads back. */
export const printSelector = (selector: Selector): string => selector.requirements.map(printRequirement).join(',');

function printRequirement({ key, operator, values, sign }: Requirement): string {
  switch (operator) {
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    case 'Gt':
      return `${key}>${values[0]}`;
    case 'Lt':
      return `${key}<${values[0]}`;
    default:
      if (sign) return `${key}${sign}${values[0]}`;
      return `${key} ${operator === 'In' ? 'in' : 'notin'} (${[...values].sort().join(',')})`;
  }
}

type Token = 'end' | 'word' | 'in' | 'notin' | '=' | '==' | '!=' | '!' | '>' | '<' | '(' | ')' | ',';

interface Lexeme {
  readonly token: Token;
  readonly text: string;
}

function lexemesOf(text: string): Lexeme[] {
  const lexemes: Lexeme[] = [];
  for (const [part] of text.matchAll(/==|!=|[=!><(),]|[^\s=!><(),]+/g)) {
    const keyword = part === 'in' || part === 'notin' || /^[=!><(),]/.test(part);
    lexemes.push({ token: keyword ? (part as Token) : 'word', text: part });
  }
  return lexemes;
}

/**
 * Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<2`.
 * @throws ParseError in apimachinery's words
 */
export function parseSelector(text: string): Selector {
  const reader = lexemeReader(lexemesOf(text));
  const requirements: Requirement[] = [];
  while (reader.peek().token !== 'end') {
    const { token, text: found } = reader.peek();
    if (token !== 'word' && token !== '!')
      throw new ParseError(`found '${found}', expected: !, identifier, or 'end of string'`);
    requirements.push(parseRequirement(reader));
    const separator = reader.take();
    if (separator.token === 'end') break;
    if (separator.token !== ',') throw new ParseError(`found '${separator.text}', expected: ',' or 'end of string'`);
    const next = reader.peek();
    if (next.token !== 'word' && next.token !== '!') {
      throw new ParseError(`found '${next.text}', expected: identifier after ','`);
    }
  }
  return selectorOfRequirements(requirements);
}

interface LexemeReader {
  /** `in` and `notin` are words except where an operator is due. */
  peek(): Lexeme;
  take(): Lexeme;
  takeOperator(): Lexeme;
}

function lexemeReader(lexemes: readonly Lexeme[]): LexemeReader {
  const end: Lexeme = { token: 'end', text: '' };
  let position = 0;
  const asWord = (lexeme: Lexeme): Lexeme =>
    lexeme.token === 'in' || lexeme.token === 'notin' ? { token: 'word', text: lexeme.text } : lexeme;
  return {
    peek: () => asWord(lexemes[position] ?? end),
    take: () => asWord(lexemes[position++] ?? end),
    takeOperator: () => lexemes[position++] ?? end,
  };
}

const unparsable = (message: string) => new ParseError(`unable to parse requirement: ${message}`);

function parseRequirement(reader: LexemeReader): Requirement {
  const negated = reader.peek().token === '!';
  if (negated) reader.take();
  const key = reader.take();
  if (key.token !== 'word') throw unparsable(`found '${key.text}', expected: identifier`);
  const wrong = keyIssues('<nil>', key.text);
  if (wrong[0]) throw unparsable(wrong[0]);
  if (negated) return { key: key.text, operator: 'DoesNotExist', values: [] };
  const next = reader.peek().token;
  if (next === 'end' || next === ',') return { key: key.text, operator: 'Exists', values: [] };
  return checkedOrUnparsable(comparison(key.text, reader));
}

function checkedOrUnparsable(requirement: Requirement): Requirement {
  try {
    return validRequirement(requirement);
  } catch (error) {
    throw error instanceof ParseError ? unparsable(error.message) : error;
  }
}

function comparison(key: string, reader: LexemeReader): Requirement {
  const { token, text } = reader.takeOperator();
  switch (token) {
    case 'in':
    case 'notin':
      return { key, operator: token === 'in' ? 'In' : 'NotIn', values: parseValues(reader) };
    case '=':
    case '==':
      return { key, operator: 'In', values: [parseExactValue(reader)], sign: token };
    case '!=':
      return { key, operator: 'NotIn', values: [parseExactValue(reader)], sign: token };
    case '>':
    case '<':
      return { key, operator: token === '>' ? 'Gt' : 'Lt', values: [parseExactValue(reader)] };
    default:
      throw unparsable(`found '${text}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

function parseExactValue(reader: LexemeReader): string {
  const { token } = reader.peek();
  if (token === 'end' || token === ',') return '';
  const value = reader.take();
  if (value.token !== 'word') throw unparsable(`found '${value.text}', expected: identifier`);
  return value.text;
}

/** `(a,b)`; a comma without a word before or after it stands for the empty value. */
function parseValues(reader: LexemeReader): string[] {
  const open = reader.take();
  if (open.token !== '(') throw unparsable(`found '${open.text}' expected: '('`);
  const first = reader.peek();
  if (first.token !== 'word' && first.token !== ',' && first.token !== ')')
    throw unparsable(`found '${first.text}', expected: ',', ')' or identifier`);
  const values: string[] = [];
  let pending = '';
  for (;;) {
    const { token, text } = reader.take();
    if (token === 'word') {
      pending = text;
      const next = reader.peek();
      if (next.token !== ',' && next.token !== ')') throw unparsable(`found '${next.text}', expected: ',' or ')'`);
    } else if (token === ',' || token === ')') {
      values.push(pending);
      pending = '';
      if (token === ')') return sortedSet(values);
    } else {
      throw unparsable(`found '${text}', expected: ',', or identifier`);
    }
  }
}

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/**
 * Reads `metadata.name=a,status.phase!=Running`; a backslash escapes `\`, `,` and `=` in values.
 * @throws ParseError in apimachinery's words
 */
export function parseFieldSelector(text: string): FieldRequirement[] {
  const terms = text.match(/(?:\\.?|[^\\,])+/gsu) ?? [];
  return terms.map((term) => {
    const parts = /^((?:\\.?|[^\\=!]|!(?!=))*)(!=|==|=)(.*)$/su.exec(term);
    if (!parts) throw new ParseError(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field = '', sign, value = ''] = parts;
    return { field, operator: sign === '!=' ? '!=' : '=', value: unescaped(value) };
  });
}

function unescaped(value: string): string {
  return value.replace(/\\(.?)|[,=]/gsu, (whole: string, escaped: string | undefined) => {
    if (escaped === undefined) {
      throw new ParseError(`invalid field selector: unescaped character in value: ${whole.charCodeAt(0)}`);
    }
    if (!['\\', ',', '='].includes(escaped))
      throw new ParseError(`invalid field selector: invalid escape sequence: ${whole}`);
    return escaped;
  });
}

/** The selector as text; values are escaped. */
export const printFieldSelector = (requirements: readonly FieldRequirement[]): string =>
  requirements.map(({ field, operator, value }) => `${field}${operator}${value.replace(/[\\,=]/g, '\\$&')}`).join(',');
