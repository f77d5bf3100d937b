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

/** As deep as Go goes. */
const maxDepth = 10_000;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** `__proto__` becomes a field like any other: whoever copies fields of unknown names has to define, not to assign, it. */
export function parseJson(bytes: Uint8Array | string, options: ParseOptions = {}): ParsedJson {
  const text = typeof bytes === 'string' ? bytes : decoder.decode(bytes);
  // Shorter texts cannot be too deep.
  const careful = options.strict || text.length > 2 * maxDepth;
  const duplicates = careful && mayRepeat(text) ? scan(text) : [];
  try {
    return { value: parseExactly(text), duplicates: options.strict ? duplicates : [] };
  } catch {
    scan(text);
    throw new JsonSyntaxError('invalid JSON');
  }
}

/** Whether a second look is worth it. A text without braces has nothing to say twice, nor any depth. */
const mayRepeat = (text: string): boolean => text.includes('{') || text.includes('[');

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
    top.key = JSON.parse(this.text.slice(start, this.at)) as string;
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
