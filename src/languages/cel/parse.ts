// Reads an expression into its tree. Mistakes are told in the words of upstream's generated parser, which goes on after many of them.

import { type Token, tokenize } from './lexer.ts';
import { LiteralError, readBytes, readDouble, readInt, readString, readUint } from './literals.ts';
import { type Macro, MacroError } from './macros.ts';
import type { Issue, Source } from './source.ts';
import {
  call,
  childrenOf,
  type Expr,
  ident,
  literal,
  type MapEntry,
  qualifiedName,
  type StructField,
} from './syntax.ts';
import type { Value } from './values.ts';

export interface ParseOptions {
  readonly macros: readonly Macro[];
  /** Whether `.?`, `[?` and `?x` may be written. */
  readonly optionals: boolean;
  /** Whether field names may be written between back quotes. */
  readonly backQuotes: boolean;
}

export interface Parsed {
  readonly expr: Expr;
  readonly issues: readonly Issue[];
}

const deepest = 250;
const longest = 100_000;

const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

const relations = new Set(['<', '<=', '>=', '>', '==', '!=', 'in']);
const products = new Set(['*', '/', '%']);
const sums = new Set(['+', '-']);

/** What may follow a value, whatever is around it. */
const continuations = [...relations, ...products, ...sums, '&&', '||', '?', '.', '['];

/** In the order in which messages list them. */
const order =
  '== != in < <= >= > && || [ ] { } ( ) . , - ! ? : + * / % true false null NUM_FLOAT NUM_INT NUM_UINT STRING BYTES IDENTIFIER ESC_IDENTIFIER'.split(
    ' ',
  );

const operands = new Set('[ { ( . - ! true false null NUM_FLOAT NUM_INT NUM_UINT STRING BYTES IDENTIFIER'.split(' '));

const classes = /^(?:<EOF>|[A-Z_]{2,})$/;
const shown = (type: string): string => (classes.test(type) ? type : `'${type}'`);

function listed(types: Iterable<string>): string {
  const sorted = [...types].sort((a, b) => order.indexOf(a) - order.indexOf(b)).map(shown);
  return sorted.length === 1 ? (sorted[0] ?? '') : `{${sorted.join(', ')}}`;
}

class TooDeep extends Error {}

export function parse(source: Source, options: ParseOptions): Parsed {
  const size = source.points.length;
  if (size > longest) return refused(`expression code point size exceeds limit: size: ${size}, limit ${longest}`);
  const { tokens, issues: unreadable } = tokenize(source);
  const parser = new Parser(tokens, options, [...unreadable]);
  try {
    const expr = parser.whole();
    return isDeep(expr) ? refused('max recursion depth exceeded') : { expr, issues: parser.issues };
  } catch (failure) {
    if (!(failure instanceof TooDeep)) throw failure;
    return refused(`expression recursion limit exceeded: ${deepest}`);
  }
}

const refused = (message: string): Parsed => ({ expr: ident('', 0), issues: [{ at: undefined, message }] });

/** Chains of operators and selections nest too, without brackets. */
function isDeep(expr: Expr): boolean {
  let level: readonly Expr[] = [expr];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return true;
    level = level.flatMap(childrenOf);
  }
  return false;
}

/** Recursive descent over the tokens. A mistake is told once; then tokens are passed over until one can go on. */
class Parser {
  readonly issues: Issue[];
  readonly #tokens: readonly Token[];
  readonly #options: ParseOptions;
  #next = 0;
  #depth = 0;
  /** After a mistake, until a token fits again: what else does not fit follows from it and is not told. */
  #recovering = false;
  #lastMistake = -1;
  /** What may end the expressions that are open, innermost last. */
  readonly #closers: (readonly string[])[] = [];

  constructor(tokens: readonly Token[], options: ParseOptions, issues: Issue[]) {
    this.#tokens = tokens;
    this.#options = options;
    this.issues = issues;
  }

  whole(): Expr {
    const expr = this.#within(['<EOF>'], () => this.#expression());
    this.#expect('<EOF>');
    return expr;
  }

  // Tokens

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)] as Token;
  }

  #is(type: string): boolean {
    return this.#peek().type === type;
  }

  #take(): Token {
    this.#recovering = false;
    const token = this.#peek();
    if (this.#next < this.#tokens.length - 1) this.#next++;
    return token;
  }

  #accept(type: string): Token | undefined {
    return this.#is(type) ? this.#take() : undefined;
  }

  /** Takes a token of the type; an extra one before it, or its absence, is told and forgiven. */
  #expect(type: string, canFollow?: readonly string[]): Token {
    if (this.#is(type)) return this.#take();
    const token = this.#peek();
    if (this.#peek(1).type === type) {
      this.#tell(token, `extraneous input '${token.text}' expecting ${shown(type)}`);
      this.#next++;
      return this.#take();
    }
    if (type !== '<EOF>' && (canFollow ?? this.#mayFollow()).includes(token.type)) {
      this.#tell(token, `missing ${shown(type)} at '${token.text}'`);
    } else {
      this.#mismatch(shown(type));
    }
    return token;
  }

  /** What may come next when a value is complete. */
  #mayFollow(): readonly string[] {
    return [...continuations, ...(this.#closers.at(-1) ?? [])];
  }

  // Mistakes

  #tell(token: Token, message: string): void {
    if (!this.#recovering) this.issues.push({ at: token.at, message: `Syntax error: ${message}` });
    this.#recovering = true;
  }

  #mismatch(expected: string): void {
    const token = this.#peek();
    this.#tell(token, `mismatched input '${token.text}' expecting ${expected}`);
    this.#recover();
  }

  /** Passes over tokens until one may follow something that is open. */
  #recover(): void {
    if (this.#lastMistake === this.#next && !this.#is('<EOF>')) this.#next++;
    this.#lastMistake = this.#next;
    const goOn = new Set([...continuations, '<EOF>', ...this.#closers.flat()]);
    while (!goOn.has(this.#peek().type)) this.#next++;
  }

  /** Whether the next token is one of these, if need be after passing over a single wrong one. */
  #oneOf(types: ReadonlySet<string>): boolean {
    const token = this.#peek();
    if (types.has(token.type)) return true;
    if (types.has(this.#peek(1).type)) {
      this.#tell(token, `extraneous input '${token.text}' expecting ${listed(types)}`);
      this.#next++;
      this.#recovering = false;
      return true;
    }
    this.#mismatch(listed(types));
    return false;
  }

  #say(at: number, message: string): void {
    this.issues.push({ at, message });
  }

  #within<T>(closers: readonly string[], read: () => T): T {
    if (++this.#depth > deepest) throw new TooDeep();
    this.#closers.push(closers);
    const value = read();
    this.#closers.pop();
    this.#depth--;
    return value;
  }

  // Operators, from the loosest to the tightest

  #expression(): Expr {
    const condition = this.#logical('||', () => this.#logical('&&', () => this.#relation()));
    const question = this.#accept('?');
    if (!question) return condition;
    const yes = this.#within([':'], () => this.#logical('||', () => this.#logical('&&', () => this.#relation())));
    this.#expect(':', [...operands]);
    const no = this.#within(this.#closers.at(-1) ?? [], () => this.#expression());
    return call('_?_:_', [condition, yes, no], question.at);
  }

  /** A chain of && or ||, as a balanced tree. */
  #logical(sign: '&&' | '||', operand: () => Expr): Expr {
    const terms = [operand()];
    const places: number[] = [];
    for (let operator = this.#accept(sign); operator; operator = this.#accept(sign)) {
      places.push(operator.at);
      terms.push(operand());
    }
    return balanced(`_${sign}_`, terms, places);
  }

  #relation(): Expr {
    return this.#chain(relations, () => this.#chain(sums, () => this.#chain(products, () => this.#unary())));
  }

  /** Operators of one strength, from left to right. */
  #chain(signs: ReadonlySet<string>, operand: () => Expr): Expr {
    let left = operand();
    while (signs.has(this.#peek().type)) {
      const { type, at } = this.#take();
      left = call(type === 'in' ? '@in' : `_${type}_`, [left, operand()], at);
    }
    return left;
  }

  #unary(): Expr {
    if (!this.#oneOf(operands)) return ident('', this.#peek().at);
    if (this.#is('!')) return this.#repeated('!', '!_');
    if (this.#is('-') && !isNumber(this.#peek(1))) return this.#repeated('-', '-_');
    return this.#member();
  }

  /** An even number of signs cancels out. */
  #repeated(sign: '!' | '-', name: string): Expr {
    const first = this.#take();
    let count = 1;
    for (; this.#is(sign); count++) this.#take();
    const operand = this.#signed(sign, count);
    return count % 2 === 0 ? operand : call(name, [operand], first.at);
  }

  #signed(sign: '!' | '-', count: number): Expr {
    const token = this.#peek();
    if (sign === '-' && !operands.has(token.type)) {
      this.#tell(token, `no viable alternative at input '-${token.type === '<EOF>' ? '' : token.text}'`);
      if (count > 1) this.#recovering = false;
      if (count > 1) this.#mismatch(listed(operands));
      else this.#recover();
      return ident('', token.at);
    }
    return this.#oneOf(operands) ? this.#member() : ident('', token.at);
  }

  #member(): Expr {
    let operand = this.#primary();
    for (;;) {
      if (this.#is('.')) {
        const selected = this.#selection(operand);
        if (!selected) return operand;
        operand = selected;
      } else if (this.#is('[')) {
        operand = this.#index(operand);
      } else {
        return operand;
      }
    }
  }

  #selection(operand: Expr): Expr | undefined {
    const dot = this.#peek();
    const optional = this.#peek(1).type === '?';
    const name = this.#peek(optional ? 2 : 1);
    if (!names.has(name.type)) {
      this.#refuseSelection(operand, name);
      return undefined;
    }
    this.#take();
    if (optional) this.#take();
    this.#take();
    const field = this.#fieldName(name);
    if (optional) {
      if (!this.#options.optionals) this.#say(dot.at, "unsupported syntax '.?'");
      return call('_?._', [operand, literal(field, name.at)], dot.at);
    }
    if (name.type === 'IDENTIFIER' && this.#is('(')) return this.#call(field, operand);
    return { kind: 'select', operand, field, test: false, at: dot.at };
  }

  #refuseSelection(operand: Expr, name: Token): void {
    this.#next++;
    if (name.type === '<EOF>') this.#tell(name, "no viable alternative at input '.'");
    else if (qualifiedName(operand) === undefined) this.#tell(name, `no viable alternative at input '.${name.text}'`);
    else this.#tell(name, `mismatched input '${name.text}' expecting IDENTIFIER`);
    this.#recover();
  }

  #fieldName(token: Token): string {
    if (token.type !== 'ESC_IDENTIFIER') return token.text;
    if (!this.#options.backQuotes) this.#say(token.at, "unsupported syntax: '`'");
    return token.text.slice(1, -1);
  }

  #index(operand: Expr): Expr {
    const bracket = this.#take();
    const optional = this.#accept('?');
    if (optional && !this.#options.optionals) this.#say(bracket.at, "unsupported syntax '[?'");
    const index = this.#within([']'], () => this.#expression());
    this.#expect(']');
    return call(optional ? '_[?_]' : '_[_]', [operand, index], bracket.at);
  }

  #call(name: string, target: Expr | undefined): Expr {
    const bracket = this.#take();
    const args = this.#is(')') ? [] : this.#arguments();
    this.#expect(')');
    return this.#expanded(name, target, args, bracket.at);
  }

  #arguments(): readonly Expr[] {
    if (!this.#oneOf(new Set([...operands, ')']))) return [];
    const args: Expr[] = [];
    do args.push(this.#within([',', ')'], () => this.#expression()));
    while (this.#accept(','));
    return args;
  }

  #expanded(name: string, target: Expr | undefined, args: readonly Expr[], at: number): Expr {
    const plain: Expr = target ? { ...call(name, args, at), target } : call(name, args, at);
    const macro = this.#options.macros.find(
      (each) =>
        each.name === name && each.member === (target !== undefined) && (each.args ?? args.length) === args.length,
    );
    if (!macro) return plain;
    try {
      return macro.expand({ target, args, at }) ?? plain;
    } catch (failure) {
      if (!(failure instanceof MacroError)) throw failure;
      this.#say(failure.at, failure.message);
      return plain;
    }
  }

  // Values

  #primary(): Expr {
    const token = this.#peek();
    switch (token.type) {
      case 'IDENTIFIER':
        return this.#name('');
      case '.':
        return this.#leadingDot();
      case '(':
        return this.#nested();
      case '[':
        return this.#list();
      case '{':
        return this.#map();
      default:
        return this.#literal();
    }
  }

  #leadingDot(): Expr {
    const name = this.#peek(1);
    if (name.type === 'IDENTIFIER') {
      this.#take();
      return this.#name('.');
    }
    this.#next++;
    this.#tell(name, `no viable alternative at input '.${name.type === '<EOF>' ? '' : name.text}'`);
    this.#recover();
    return ident('', name.at);
  }

  #name(dot: string): Expr {
    const token = this.#take();
    const name = dot + token.text;
    const message = this.#messageName(name);
    if (message !== undefined) return this.#struct(message);
    if (reserved.has(token.text)) {
      this.#say(token.at, `reserved identifier: ${token.text}`);
      return literal(null, token.at);
    }
    if (this.#is('(')) return this.#call(name, undefined);
    return ident(name, token.at);
  }

  /** The rest of `a.b.c{`, if that is what follows. */
  #messageName(start: string): string | undefined {
    let ahead = 0;
    let name = start;
    while (this.#peek(ahead).type === '.' && this.#peek(ahead + 1).type === 'IDENTIFIER') {
      name += `.${this.#peek(ahead + 1).text}`;
      ahead += 2;
    }
    if (this.#peek(ahead).type !== '{') return undefined;
    this.#next += ahead;
    return name;
  }

  #nested(): Expr {
    this.#take();
    const expr = this.#within([')'], () => this.#expression());
    this.#expect(')');
    return expr;
  }

  /** Entries between brackets, with commas; a last comma may stand alone. */
  #entries(close: string, starts: ReadonlySet<string>, entry: () => void): void {
    if (!this.#oneOf(new Set([...starts, ',', close]))) return;
    while (!this.#is(close) && !this.#is(',')) {
      entry();
      if (!this.#oneOf(new Set([',', close]))) return;
      if (!this.#accept(',')) break;
    }
    this.#accept(',');
    this.#expect(close);
  }

  /** Whether a question mark stands before the next entry. */
  #optionalMark(): boolean {
    const mark = this.#accept('?');
    if (mark && !this.#options.optionals) this.#say(mark.at, "unsupported syntax '?'");
    return mark !== undefined;
  }

  /** What else is unsupported within an entry that is not told. */
  #entryValue(optional: boolean): Expr {
    const told = this.issues.length;
    const value = this.#within([',', '}'], () => this.#expression());
    if (optional && !this.#options.optionals) this.issues.length = told;
    return value;
  }

  #list(): Expr {
    const { at } = this.#take();
    const elements: Expr[] = [];
    const optional = new Set<number>();
    this.#entries(']', entryStarts, () => {
      if (this.#optionalMark()) optional.add(elements.length);
      elements.push(this.#within([',', ']'], () => this.#expression()));
    });
    return { kind: 'list', elements, optional, at };
  }

  #map(): Expr {
    const { at } = this.#take();
    const entries: MapEntry[] = [];
    this.#entries('}', entryStarts, () => {
      const optional = this.#optionalMark();
      const key = this.#within([':', '}'], () => this.#expression());
      const colon = this.#expect(':', [...operands]);
      if (this.#recovering) return;
      entries.push({ key, value: this.#entryValue(optional), optional, at: colon.at });
    });
    return { kind: 'map', entries, at };
  }

  #struct(name: string): Expr {
    const { at } = this.#take();
    const fields: StructField[] = [];
    this.#entries('}', fieldStarts, () => {
      const optional = this.#optionalMark();
      if (!this.#oneOf(names)) return;
      const field = this.#fieldName(this.#take());
      const colon = this.#within(['}', ','], () => this.#expect(':', [...operands]));
      if (this.#recovering) return;
      fields.push({ name: field, value: this.#entryValue(optional), optional, at: colon.at });
    });
    return { kind: 'struct', name, fields, at };
  }

  #literal(): Expr {
    const minus = this.#is('-') ? this.#take() : undefined;
    const token = this.#take();
    const at = minus?.at ?? token.at;
    try {
      return literal(literalValue(token, minus !== undefined), at);
    } catch (failure) {
      if (!(failure instanceof LiteralError)) throw failure;
      this.#say(at, failure.message);
      return literal(null, at);
    }
  }
}

const names = new Set(['IDENTIFIER', 'ESC_IDENTIFIER']);
const fieldStarts = new Set([...names, '?']);
const entryStarts = new Set([...operands, '?']);

const isNumber = (token: Token): boolean => token.type === 'NUM_INT' || token.type === 'NUM_FLOAT';

function literalValue(token: Token, negative: boolean): Value {
  switch (token.type) {
    case 'NUM_INT':
      return readInt(token.text, negative);
    case 'NUM_UINT':
      return readUint(token.text);
    case 'NUM_FLOAT':
      return readDouble(negative ? `-${token.text}` : token.text);
    case 'STRING':
      return readString(token.text);
    case 'BYTES':
      return readBytes(token.text);
    case 'true':
      return true;
    case 'false':
      return false;
    default:
      return null;
  }
}

function balanced(name: string, terms: readonly Expr[], places: readonly number[]): Expr {
  const build = (low: number, high: number): Expr => {
    if (low > high) return terms[low] as Expr;
    const middle = Math.floor((low + high + 1) / 2);
    return call(name, [build(low, middle - 1), build(middle + 1, high)], places[middle] ?? 0);
  };
  return build(0, places.length - 1);
}
