// Cuts an expression into tokens. Names them as the published grammar does, because messages list what would have been right.

import type { Issue, Source } from './source.ts';

export interface Token {
  /** The sign or keyword itself, or the class: IDENTIFIER, ESC_IDENTIFIER, NUM_INT, NUM_UINT, NUM_FLOAT, STRING, BYTES, <EOF>. */
  readonly type: string;
  readonly text: string;
  readonly at: number;
}

const string = String.raw`[rR]"""[\s\S]*?"""|[rR]'''[\s\S]*?'''|[rR]"[^"\n\r]*"|[rR]'[^'\n\r]*'`;
const escape = String.raw`\\(?:[abfnrtv"'\\?${'`'}]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})`;
const quoted = [
  `"""(?:${escape}|[^\\\\])*?"""`,
  `'''(?:${escape}|[^\\\\])*?'''`,
  `"(?:${escape}|[^\\\\"\\n\\r])*"`,
  `'(?:${escape}|[^\\\\'\\n\\r])*'`,
].join('|');
const text = `${string}|${quoted}`;

/** In order of preference where two match: the longest wins, then the first. */
const rules: readonly (readonly [type: string, pattern: RegExp])[] = [
  ['', /[\t \r\n\f]+|\/\/[^\n]*/uy],
  ['NUM_FLOAT', /\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?/uy],
  ['NUM_UINT', /(?:0x[0-9a-fA-F]+|\d+)[uU]/uy],
  ['NUM_INT', /0x[0-9a-fA-F]+|\d+/uy],
  ['BYTES', new RegExp(`[bB](?:${text})`, 'uy')],
  ['STRING', new RegExp(text, 'uy')],
  ['IDENTIFIER', /[A-Za-z_][A-Za-z0-9_]*/uy],
  ['ESC_IDENTIFIER', /`[A-Za-z0-9_.\-/ ]+`/uy],
  ['sign', /==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%]/uy],
];

const keywords = new Set(['in', 'true', 'false', 'null']);

export interface Tokens {
  readonly tokens: readonly Token[];
  readonly issues: readonly Issue[];
}

export function tokenize(source: Source): Tokens {
  const tokens: Token[] = [];
  const issues: Issue[] = [];
  let index = 0;
  let at = 0;
  while (index < source.text.length) {
    const [type, matched] = nextToken(source.text, index);
    if (matched === '') {
      const bad = unreadable(source.text, index);
      issues.push({ at, message: `Syntax error: token recognition error at: '${bad}'` });
      index += bad.length;
      at += lengthOf(bad);
      continue;
    }
    if (type !== '') tokens.push({ type: typeOfToken(type, matched), text: matched, at });
    index += matched.length;
    at += lengthOf(matched);
  }
  tokens.push({ type: '<EOF>', text: '<EOF>', at });
  return { tokens, issues };
}

/** In code points. */
function lengthOf(piece: string): number {
  let length = piece.length;
  for (let i = 0; i < piece.length; i++) if ((piece.charCodeAt(i) & 0xfc00) === 0xdc00) length--;
  return length;
}

function nextToken(input: string, index: number): readonly [type: string, text: string] {
  let best: readonly [string, string] = ['', ''];
  for (const [type, pattern] of rules) {
    pattern.lastIndex = index;
    const matched = pattern.exec(input)?.[0] ?? '';
    if (matched.length > best[1].length) best = [type, matched];
  }
  return best;
}

function typeOfToken(type: string, matched: string): string {
  return type === 'sign' || (type === 'IDENTIFIER' && keywords.has(matched)) ? matched : type;
}

/** What is said to be no token: all that was read before it was clear that none begins there. */
function unreadable(input: string, index: number): string {
  const rest = input.slice(index);
  const opened = /^(?:[bB]?[rR]?)(?:"""|'''|["'])/.exec(rest)?.[0];
  if (opened) return unfinishedText(rest, opened);
  if (/^[&|]/.test(rest)) return Array.from(rest).slice(0, 2).join('');
  if (rest.startsWith('`')) return /^`[A-Za-z0-9_.\-/ ]*[^]?/u.exec(rest)?.[0] ?? rest;
  return Array.from(rest)[0] ?? '';
}

/** A text without its end reaches to the end of its line, or through the first character that cannot stand in it. */
function unfinishedText(rest: string, opened: string): string {
  const raw = /[rR]/.test(opened);
  const long = opened.endsWith('"""') || opened.endsWith("'''");
  const inside = new RegExp(
    raw ? (long ? '[^]' : '[^\\n\\r]') : `${escape}|${long ? '[^\\\\]' : '[^\\\\\\n\\r]'}`,
    'uy',
  );
  let end = opened.length;
  while (end < rest.length) {
    inside.lastIndex = end;
    const matched = inside.exec(rest)?.[0];
    if (matched === undefined) break;
    end += matched.length;
  }
  const cut = /^\\(?:[xX][0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7}|[0-3][0-7]?)?[^]?/u.exec(
    rest.slice(end),
  )?.[0];
  return rest.slice(0, end) + (cut ?? rest.slice(end, end + 1));
}
