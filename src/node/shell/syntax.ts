// The shell's grammar, as far as simulated containers speak it: text into commands, pipelines, lists, and the compound commands people type.

/** What a word is made of. Unquoted values are split at blanks. */
export type Part =
  | { readonly is: 'text'; readonly text: string; readonly quoted: boolean }
  | { readonly is: 'variable'; readonly name: string; readonly otherwise: string | undefined; readonly quoted: boolean }
  | { readonly is: 'output'; readonly of: List; readonly quoted: boolean };

export type Word = readonly Part[];

export interface Redirect {
  readonly descriptor: 0 | 1 | 2;
  /** `&` is another descriptor. */
  readonly mode: '<' | '>' | '>>' | '&';
  readonly target: Word;
}

interface Redirected {
  readonly redirects: readonly Redirect[];
}

export type Command =
  | ({
      readonly is: 'simple';
      readonly assignments: readonly { readonly name: string; readonly value: Word }[];
      readonly words: readonly Word[];
    } & Redirected)
  | ({ readonly is: 'group'; readonly body: List; readonly apart: boolean } & Redirected)
  | ({
      readonly is: 'if';
      readonly cases: readonly { readonly test: List; readonly body: List }[];
      readonly otherwise: List | undefined;
    } & Redirected)
  | ({ readonly is: 'while'; readonly test: List; readonly body: List; readonly until: boolean } & Redirected)
  | ({
      readonly is: 'for';
      readonly variable: string;
      readonly words: readonly Word[] | undefined;
      readonly body: List;
    } & Redirected);

export interface Pipeline {
  /** How it is joined to the one before. */
  readonly joined: ';' | '&&' | '||';
  readonly negated: boolean;
  readonly commands: readonly Command[];
}

export type List = readonly Pipeline[];

/** What cannot be read; the message is a shell's. `unfinished`: more lines could complete it. */
export class SyntaxFault extends Error {
  readonly unfinished: boolean;

  constructor(message: string, unfinished = false) {
    super(message);
    this.unfinished = unfinished;
  }
}

/** How deep commands may lie in one another. */
const deepest = 50;

type Token = { readonly is: 'word'; readonly word: Word; readonly bare: string | undefined } | Operator;
interface Operator {
  readonly is: 'operator';
  readonly text: string;
  /** Of redirections: the digit before. */
  readonly descriptor: string;
}

/** @throws SyntaxFault */
export function parseScript(script: string, depth = 0): List {
  if (depth > deepest) throw new SyntaxFault('syntax error: commands lie too deep in one another');
  const tokens = tokensOf(script, depth);
  const parser = parserOf(tokens);
  const list = parser.list([]);
  const left = parser.peek();
  if (left) throw unexpected(left);
  return list;
}

const shown = (token: Token | undefined): string =>
  token === undefined
    ? 'end of file'
    : token.is === 'operator'
      ? token.text.replace('\n', 'newline')
      : (token.bare ?? 'word');

const unexpected = (token: Token | undefined): SyntaxFault =>
  new SyntaxFault(`syntax error: unexpected ${token ? `"${shown(token)}"` : shown(token)}`, token === undefined);

const operators = ['&&', '||', '>>', '>&', '<<', ';;', ';', '\n', '|', '&', '(', ')', '>', '<'];
const listEnds = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', '}', ')']);

interface Parser {
  peek(): Token | undefined;
  list(ends: readonly string[]): List;
}

function parserOf(tokens: readonly Token[]): Parser {
  let at = 0;
  const peek = (): Token | undefined => tokens[at];
  const bareWord = (): string | undefined => {
    const token = peek();
    return token?.is === 'word' ? token.bare : undefined;
  };
  const isOperator = (...texts: string[]): boolean => {
    const token = peek();
    return token?.is === 'operator' && texts.includes(token.text);
  };
  const reserved = (): string | undefined => bareWord() ?? (isOperator(')') ? ')' : undefined);
  const skipLines = (): void => {
    while (isOperator('\n')) at++;
  };

  function expect(text: string): void {
    if (reserved() !== text && !isOperator(text)) throw unexpected(peek());
    at++;
  }

  function list(ends: readonly string[]): List {
    const pipelines: Pipeline[] = [];
    let joined: Pipeline['joined'] = ';';
    for (;;) {
      skipLines();
      const word = reserved();
      if (peek() === undefined || (word !== undefined && (ends.includes(word) || listEnds.has(word)))) {
        if (joined !== ';') throw unexpected(peek());
        return pipelines;
      }
      pipelines.push(pipeline(joined));
      joined = ';';
      if (isOperator('&&', '||')) joined = (tokens[at++] as Operator).text as '&&' | '||';
      else if (isOperator(';', '\n')) at++;
      else if (isOperator('&'))
        throw new SyntaxFault('commands in the background ("&") are beyond this simulated shell');
      else if (peek() !== undefined && !isOperator(')')) throw unexpected(peek());
    }
  }

  function pipeline(joined: Pipeline['joined']): Pipeline {
    let negated = false;
    while (bareWord() === '!') {
      negated = !negated;
      at++;
    }
    const commands = [command()];
    while (isOperator('|')) {
      at++;
      skipLines();
      commands.push(command());
    }
    return { joined, negated, commands };
  }

  function command(): Command {
    if (isOperator('(')) {
      at++;
      return closed({ is: 'group', body: list([')']), apart: true }, ')');
    }
    switch (bareWord()) {
      case '{':
        at++;
        return closed({ is: 'group', body: list(['}']), apart: false }, '}');
      case 'if':
        return conditional();
      case 'while':
      case 'until':
        return loop(bareWord() === 'until');
      case 'for':
        return each();
      case 'case':
      case 'function':
        throw new SyntaxFault(`"${bareWord()}" is beyond this simulated shell`);
      default:
        return simple();
    }
  }

  function closed<T extends object>(made: T, end: string): T & Redirected {
    expect(end);
    return { ...made, redirects: redirects() };
  }

  function conditional(): Command {
    const cases: { test: List; body: List }[] = [];
    let otherwise: List | undefined;
    do {
      at++;
      const test = list(['then']);
      expect('then');
      cases.push({ test, body: list(['elif', 'else', 'fi']) });
    } while (bareWord() === 'elif');
    if (bareWord() === 'else') {
      at++;
      otherwise = list(['fi']);
    }
    return closed({ is: 'if', cases, otherwise }, 'fi');
  }

  function loop(until: boolean): Command {
    at++;
    const test = list(['do']);
    expect('do');
    return closed({ is: 'while', test, body: list(['done']), until }, 'done');
  }

  function each(): Command {
    at++;
    const variable = bareWord() ?? '';
    if (!/^[A-Za-z_]\w*$/.test(variable)) throw unexpected(peek());
    at++;
    let words: Word[] | undefined;
    if (bareWord() === 'in') {
      at++;
      words = [];
      for (let token = peek(); token?.is === 'word'; token = peek()) {
        words.push(token.word);
        at++;
      }
    }
    if (isOperator(';')) at++;
    skipLines();
    expect('do');
    return closed({ is: 'for', variable, words, body: list(['done']) }, 'done');
  }

  function simple(): Command {
    const assignments: { name: string; value: Word }[] = [];
    const words: Word[] = [];
    const found: Redirect[] = [];
    for (;;) {
      const token = peek();
      const redirect = redirection();
      if (redirect) found.push(redirect);
      else if (token?.is !== 'word') break;
      else {
        const assigned = words.length === 0 ? assignment(token.word) : undefined;
        if (assigned) assignments.push(assigned);
        else words.push(token.word);
        at++;
      }
    }
    if (assignments.length + words.length + found.length === 0) throw unexpected(peek());
    return { is: 'simple', assignments, words, redirects: found };
  }

  function redirects(): Redirect[] {
    const found: Redirect[] = [];
    for (let next = redirection(); next; next = redirection()) found.push(next);
    return found;
  }

  function redirection(): Redirect | undefined {
    const token = peek();
    if (token?.is !== 'operator' || !/^[<>]/.test(token.text)) return undefined;
    if (token.text === '<<') throw new SyntaxFault('here-documents ("<<") are beyond this simulated shell');
    const target = tokens[++at];
    if (target?.is !== 'word') throw unexpected(target);
    at++;
    const mode = token.text === '>&' ? '&' : (token.text as Redirect['mode']);
    const descriptor = Number(token.descriptor || (token.text === '<' ? 0 : 1)) as Redirect['descriptor'];
    return { descriptor, mode, target: target.word };
  }

  return { peek, list };
}

function assignment(word: Word): { name: string; value: Word } | undefined {
  const [first, ...rest] = word;
  const [whole, name] = (first?.is === 'text' && !first.quoted && /^([A-Za-z_]\w*)=/.exec(first.text)) || [];
  if (first?.is !== 'text' || whole === undefined || name === undefined) return undefined;
  const text = first.text.slice(whole.length);
  return { name, value: [...(text ? [{ ...first, text }] : []), ...rest] };
}

/** Words and operators, comments left out. */
function tokensOf(script: string, depth: number): readonly Token[] {
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
      const { word, end } = wordAt(script, at, depth);
      const only = word.length === 1 ? word[0] : undefined;
      tokens.push({ is: 'word', word, bare: only?.is === 'text' && !only.quoted ? only.text : undefined });
      at = end;
    }
  }
  return tokens;
}

const plain = /[^\s;|&<>()`'"\\$]+/y;

function wordAt(script: string, from: number, depth: number): { word: Word; end: number } {
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
    } else if (letter === '"') at = quoted(script, at + 1, word, depth);
    else if (letter === '\\') {
      if (script[at + 1] !== '\n') word.push({ is: 'text', text: script[at + 1] ?? '\\', quoted: true });
      at += 2;
    } else at = expansion(script, at, word, { quoted: false, depth });
  }
  return { word, end: at };
}

function closing(script: string, from: number, mark: string): number {
  const end = script.indexOf(mark, from);
  if (end < 0) throw new SyntaxFault('syntax error: unterminated quoted string', true);
  return end;
}

/** Text in double quotes; gives where it goes on after them. */
function quoted(script: string, from: number, word: Part[], depth: number): number {
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
      at = expansion(script, at, word, { quoted: true, depth });
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
  readonly depth: number;
}

/** `$NAME`, `${NAME}`, `${NAME:-text}`, `$(command)`, `` `command` ``; gives where it goes on after it. */
function expansion(script: string, at: number, word: Part[], { quoted: isQuoted, depth }: Place): number {
  if (script[at] === '`') {
    const end = closing(script, at + 1, '`');
    word.push({ is: 'output', of: parseScript(script.slice(at + 1, end), depth + 1), quoted: isQuoted });
    return end + 1;
  }
  if (script.startsWith('$((', at)) throw new SyntaxFault('arithmetic ("$((…))") is beyond this simulated shell');
  if (script.startsWith('$(', at)) {
    const end = matching(script, at + 2);
    word.push({ is: 'output', of: parseScript(script.slice(at + 2, end), depth + 1), quoted: isQuoted });
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
