// A shell script cut into words and operators: quotes, variables and the output of commands inside words.

import type { List } from './syntax.ts';

/** What a word is made of. Unquoted values are split at blanks. */
export type Part =
  | { readonly is: 'text'; readonly text: string; readonly quoted: boolean }
  | { readonly is: 'variable'; readonly name: string; readonly otherwise: string | undefined; readonly quoted: boolean }
  | { readonly is: 'output'; readonly of: List; readonly quoted: boolean };

export type Word = readonly Part[];

/** What cannot be read; the message is a shell's. `unfinished`: more lines could complete it. */
export class SyntaxFault extends Error {
  readonly unfinished: boolean;

  constructor(message: string, unfinished = false) {
    super(message);
    this.unfinished = unfinished;
  }
}

export type Token = { readonly is: 'word'; readonly word: Word; readonly bare: string | undefined } | Operator;
export interface Operator {
  readonly is: 'operator';
  readonly text: string;
  /** Of redirections: the digit before. */
  readonly descriptor: string;
}

/** Reads a script inside a script, one step deeper. */
export type ParseInner = (script: string) => List;

const operators = ['&&', '||', '>>', '>&', '<<', ';;', ';', '\n', '|', '&', '(', ')', '>', '<'];

/** Words and operators, comments left out. */
export function tokensOf(script: string, parse: ParseInner): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < script.length; ) {
    const rest = script.slice(at);
    const blank = /^(?:[ \t\r]|\\\n|#[^\n]*)/.exec(rest);
    const [redirect, descriptor = '', arrow = ''] = /^([012]?)(>>|>&|<<|>|<)/.exec(rest) ?? [];
    const operator = operators.find((each) => rest.startsWith(each));
    if (blank) at += blank[0].length;
    else if (redirect !== undefined) {
      tokens.push({ is: 'operator', text: arrow, descriptor });
      at += redirect.length;
    } else if (operator) {
      tokens.push({ is: 'operator', text: operator, descriptor: '' });
      at += operator.length;
    } else {
      const { word, end } = wordAt(script, at, parse);
      const only = word.length === 1 ? word[0] : undefined;
      tokens.push({ is: 'word', word, bare: only?.is === 'text' && !only.quoted ? only.text : undefined });
      at = end;
    }
  }
  return tokens;
}

const plain = /[^\s;|&<>()`'"\\$]+/y;

function wordAt(script: string, from: number, parse: ParseInner): { word: Word; end: number } {
  const word: Part[] = [];
  let at = from;
  while (at < script.length && !/[\s;|&<>()]/.test(script[at] as string)) {
    const letter = script[at];
    plain.lastIndex = at;
    const text = plain.exec(script)?.[0];
    if (text !== undefined) {
      word.push({ is: 'text', text, quoted: false });
      at += text.length;
    } else if (letter === "'") {
      const end = closing(script, at + 1, "'");
      word.push({ is: 'text', text: script.slice(at + 1, end), quoted: true });
      at = end + 1;
    } else if (letter === '"') at = quoted(script, at + 1, word, parse);
    else if (letter === '\\') {
      if (script[at + 1] !== '\n') word.push({ is: 'text', text: script[at + 1] ?? '\\', quoted: true });
      at += 2;
    } else at = expansion(script, at, word, { quoted: false, parse });
  }
  return { word, end: at };
}

function closing(script: string, from: number, mark: string): number {
  const end = script.indexOf(mark, from);
  if (end < 0) throw new SyntaxFault('syntax error: unterminated quoted string', true);
  return end;
}

/** Text in double quotes; gives where it goes on after them. */
function quoted(script: string, from: number, word: Part[], parse: ParseInner): number {
  let at = from;
  let text = '';
  const flush = () => {
    if (text !== '') word.push({ is: 'text', text, quoted: true });
    text = '';
  };
  word.push({ is: 'text', text: '', quoted: true });
  for (; script[at] !== '"'; ) {
    const letter = script[at];
    if (letter === undefined) throw new SyntaxFault('syntax error: unterminated quoted string', true);
    if (letter === '\\' && /["\\$`\n]/.test(script[at + 1] ?? '')) {
      if (script[at + 1] !== '\n') text += script[at + 1];
      at += 2;
    } else if (letter === '$' || letter === '`') {
      flush();
      at = expansion(script, at, word, { quoted: true, parse });
    } else {
      text += letter;
      at++;
    }
  }
  flush();
  return at + 1;
}

interface Place {
  readonly quoted: boolean;
  readonly parse: ParseInner;
}

/** `$NAME`, `${NAME}`, `${NAME:-text}`, `$(command)`, `` `command` ``; gives where it goes on after it. */
function expansion(script: string, at: number, word: Part[], { quoted: isQuoted, parse }: Place): number {
  if (script[at] === '`') {
    const end = closing(script, at + 1, '`');
    word.push({ is: 'output', of: parse(script.slice(at + 1, end)), quoted: isQuoted });
    return end + 1;
  }
  if (script.startsWith('$((', at)) throw new SyntaxFault('arithmetic ("$((…))") is beyond this simulated shell');
  if (script.startsWith('$(', at)) {
    const end = matching(script, at + 2);
    word.push({ is: 'output', of: parse(script.slice(at + 2, end)), quoted: isQuoted });
    return end + 1;
  }
  const [whole, braced, otherwise, bare] =
    /^\$(?:\{([A-Za-z_]\w*|[?#@*$\d])(?::?-([^}]*))?\}|([A-Za-z_]\w*|[?#@*$\d]))/.exec(script.slice(at)) ?? [];
  if (whole === undefined && script.startsWith('${', at)) throw new SyntaxFault(`syntax error: bad substitution`);
  if (whole === undefined) word.push({ is: 'text', text: '$', quoted: isQuoted });
  else word.push({ is: 'variable', name: braced ?? bare ?? '', otherwise, quoted: isQuoted });
  return at + (whole ?? '$').length;
}

/** Where the parenthesis closes, quotes and further parentheses aside. */
function matching(script: string, from: number): number {
  let open = 1;
  for (let at = from; at < script.length; at++) {
    const letter = script[at];
    if (letter === '\\') at++;
    else if (letter === "'") at = closing(script, at + 1, "'");
    else if (letter === '(') open++;
    else if (letter === ')' && --open === 0) return at;
  }
  throw new SyntaxFault('syntax error: unterminated "$("', true);
}
