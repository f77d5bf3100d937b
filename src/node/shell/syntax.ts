// The shell's grammar, as far as simulated containers speak it: text into commands, pipelines, lists, and the compound commands people type.

import { type Operator, SyntaxFault, type Token, tokensOf, type Word } from './words.ts';

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

/** How deep commands may lie in one another. */
const deepest = 50;

/** @throws SyntaxFault */
export function parseScript(script: string, depth = 0): List {
  if (depth > deepest) throw new SyntaxFault('syntax error: commands lie too deep in one another');
  const tokens = tokensOf(script, (inner) => parseScript(inner, depth + 1));
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
