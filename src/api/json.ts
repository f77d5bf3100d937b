// Reads JSON as Kubernetes does: fast where it is well formed, and with Go's words where it is not.

import { parseExactly } from '../base/whole-number.ts';

export interface ParsedJson {
  readonly value: unknown;
  /** `duplicate field "spec.replicas"`, once for each place, in the order of the document. Only looked for when asked. */
  readonly duplicates: string[];
}

export interface ParseOptions {
  /** Look for fields given twice. */
  readonly strict?: boolean;
}

/** A text that is no JSON. The message is Go's: `unexpected end of JSON input`. */
export class JsonSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'JsonSyntaxError';
  }
}

/** How deep values nest at the most. Go reads deeper; we walk over values by recursion, and YAML of deeper ones takes seconds to print. */
export const maxDepth = 500;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** `__proto__` becomes a field like any other: whoever copies fields of unknown names has to define, not to assign, it. */
export function parseJson(bytes: Uint8Array | string, options: ParseOptions = {}): ParsedJson {
  const text = typeof bytes === 'string' ? bytes : decoder.decode(bytes);
  const duplicates = options.strict && mayRepeat(text) ? scan(text) : [];
  try {
    if (!isTooDeep(text)) return { value: parseExactly(text), duplicates };
  } catch {
    // The scanner says what is wrong.
  }
  scan(text);
  throw new JsonSyntaxError('invalid JSON');
}

/** Whether brackets are open to beyond the limit somewhere in a text that is JSON. */
function isTooDeep(text: string): boolean {
  if (text.length <= 2 * maxDepth) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (c === '"') at = endOfString(text, at);
    else if (c === '}' || c === ']') depth--;
    else if ((c === '{' || c === '[') && ++depth > maxDepth) return true;
  }
  return false;
}

/** Where the string that begins here has its closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text[at - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}

/** Whether a value nests deeper than a document may. */
export function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((each) => isDeeperThan(each, depth - 1));
}

/** Whether a second look is worth it. A text without braces has nothing to say twice. */
const mayRepeat = (text: string): boolean => text.includes('{');

interface Container {
  readonly array: boolean;
  readonly keys: Set<string>;
  key: string;
  index: number;
}

/** Walks over a text as Go's scanner does. Throws its errors; returns the fields given twice. */
export function scan(text: string): string[] {
  return new Scanner(text).run();
}

class Scanner {
  private at = 0;
  private readonly stack: Container[] = [];
  private readonly found = new Set<string>();
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  run(): string[] {
    this.value();
    while (this.stack.length > 0) this.next();
    this.space();
    if (this.at < this.text.length) throw this.unexpected('after top-level value');
    return [...this.found];
  }

  /** A whole scalar, or the opening of a container. */
  private value(): void {
    this.space();
    const c = this.text[this.at];
    if (c === '{' || c === '[') this.open(c === '[');
    else if (c === '"') this.string();
    else if (c === '-' || isDigit(c)) this.number();
    else if (c === 't' || c === 'f' || c === 'n') this.literal(c === 't' ? 'true' : c === 'f' ? 'false' : 'null');
    else throw this.unexpected('looking for beginning of value');
  }

  private open(array: boolean): void {
    this.at++;
    if (this.stack.length >= maxDepth) throw new JsonSyntaxError('exceeded max depth');
    this.stack.push({ array, keys: new Set(), key: '', index: -1 });
  }

  /** What follows inside the innermost container: its end or another member. */
  private next(): void {
    const { array, index } = this.top();
    this.space();
    const c = this.text[this.at];
    if (c === (array ? ']' : '}')) return this.close();
    if (index < 0) return this.member();
    if (c !== ',') throw this.unexpected(array ? 'after array element' : 'after object key:value pair');
    this.at++;
    this.member();
  }

  private close(): void {
    this.at++;
    this.stack.pop();
  }

  private member(): void {
    const top = this.top();
    top.index++;
    if (!top.array) this.key(top);
    this.value();
  }

  private key(top: Container): void {
    this.space();
    if (this.text[this.at] !== '"') throw this.unexpected('looking for beginning of object key string');
    const start = this.at;
    this.string();
    const quoted = this.text.slice(start, this.at);
    top.key = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
    if (top.keys.has(top.key)) this.found.add(`duplicate field ${JSON.stringify(this.path())}`);
    top.keys.add(top.key);
    this.space();
    if (this.text[this.at] !== ':') throw this.unexpected('after object key');
    this.at++;
  }

  private path(): string {
    return this.stack.map((c, depth) => (c.array ? `[${c.index}]` : `${depth > 0 ? '.' : ''}${c.key}`)).join('');
  }

  private top(): Container {
    const top = this.stack[this.stack.length - 1];
    if (!top) throw new JsonSyntaxError('unexpected end of JSON input');
    return top;
  }

  private string(): void {
    for (this.at++; this.text[this.at] !== '"'; this.at++) {
      const c = this.text[this.at];
      if (c === undefined || c < ' ') throw this.unexpected('in string literal');
      if (c === '\\') this.escape();
    }
    this.at++;
  }

  private escape(): void {
    const c = this.text[++this.at];
    if (c === undefined || !'"\\/bfnrtu'.includes(c)) throw this.unexpected('in string escape code');
    if (c !== 'u') return;
    for (let i = 0; i < 4; i++) {
      const digit = this.text[++this.at];
      if (digit === undefined || !/[0-9a-fA-F]/.test(digit))
        throw this.unexpected('in \\u hexadecimal character escape');
    }
  }

  private number(): void {
    if (this.text[this.at] === '-') this.at++;
    if (this.text[this.at] === '0') this.at++;
    else this.digits('in numeric literal');
    if (this.text[this.at] === '.') {
      this.at++;
      this.digits('after decimal point in numeric literal');
    }
    if (this.text[this.at] !== 'e' && this.text[this.at] !== 'E') return;
    this.at++;
    if (this.text[this.at] === '+' || this.text[this.at] === '-') this.at++;
    this.digits('in exponent of numeric literal');
  }

  private digits(place: string): void {
    if (!isDigit(this.text[this.at])) throw this.unexpected(place);
    while (isDigit(this.text[this.at])) this.at++;
  }

  private literal(word: string): void {
    for (const c of word) {
      if (this.text[this.at] !== c) throw this.unexpected(`in literal ${word} (expecting ${quoted(c)})`);
      this.at++;
    }
  }

  private space(): void {
    while (isSpace(this.text[this.at])) this.at++;
  }

  private unexpected(place: string): JsonSyntaxError {
    const c = this.text[this.at];
    if (c === undefined) return new JsonSyntaxError('unexpected end of JSON input');
    return new JsonSyntaxError(`invalid character ${quoted(firstByte(c))} ${place}`);
  }
}

const isDigit = (c: string | undefined): boolean => c !== undefined && c >= '0' && c <= '9';
const isSpace = (c: string | undefined): boolean => c === ' ' || c === '\n' || c === '\t' || c === '\r';

/** Go looks at bytes, so that of a character beyond ASCII it names only the first. */
function firstByte(c: string): string {
  const code = c.charCodeAt(0);
  if (code < 0x80) return c;
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6));
  return String.fromCharCode(code >= 0xd800 && code < 0xe000 ? 0xf0 : 0xe0 | (code >> 12));
}

/** A character as Go quotes it. */
function quoted(c: string): string {
  if (c === "'") return "'\\''";
  if (c === '"') return `'"'`;
  if (c >= ' ' && c !== '\x7f' && c !== '\\' && !(c >= '\x80' && c < '\xa1')) return `'${c}'`;
  const named: Record<string, string> = {
    '\n': '\\n',
    '\t': '\\t',
    '\r': '\\r',
    '\\': '\\\\',
    '\b': '\\b',
    '\f': '\\f',
  };
  const code = c
    .charCodeAt(0)
    .toString(16)
    .padStart(c < '\x80' ? 2 : 4, '0');
  return `'${named[c] ?? (c < '\x80' ? `\\x${code}` : `\\u${code}`)}'`;
}
