// What the words of a command come to: variables and commands filled in, split at blanks, patterns matched with files.

import { absolute } from './files.ts';
import type { List } from './syntax.ts';
import type { Task } from './task.ts';
import type { Word } from './words.ts';

/** What a list of commands writes, without the line ends at its end. */
export type OutputOf = (list: List, task: Task) => Promise<string>;

interface Expansion {
  /** Whether unquoted values fall apart at blanks, and patterns are matched. */
  readonly split: boolean;
  readonly outputOf: OutputOf;
}

/** The fields of some words. */
export async function expand(words: readonly Word[], task: Task, outputOf: OutputOf): Promise<string[]> {
  const expanded: string[] = [];
  for (const word of words) expanded.push(...(await expandWord(word, task, { split: true, outputOf })));
  return expanded;
}

/** Fields of one word; none where it expands to nothing unquoted. */
export async function expandWord(word: Word, task: Task, { split, outputOf }: Expansion): Promise<string[]> {
  const fields: string[] = [];
  let current: string | undefined;
  for (const [at, part] of word.entries()) {
    let value = part.is === 'text' ? part.text : await valueOf(part, task, outputOf);
    if (part.is === 'text' && at === 0 && !part.quoted)
      value = value.replace(/^~(?=\/|$)/, task.variables.get('HOME') ?? '/');
    if (part.quoted || part.is === 'text' || !split) {
      current = (current ?? '') + value;
      continue;
    }
    const pieces = value.split(/[ \t\n]+/);
    for (const [i, piece] of pieces.entries()) {
      if (i > 0 && current !== undefined) {
        fields.push(current);
        current = undefined;
      }
      if (piece !== '') current = (current ?? '') + piece;
    }
  }
  if (current !== undefined) fields.push(current);
  const isPattern = split && word.some((part) => part.is === 'text' && !part.quoted && /[*?]/.test(part.text));
  return isPattern ? fields.flatMap((field) => matches(field, task)) : split || fields.length > 0 ? fields : [''];
}

async function valueOf(part: Exclude<Word[number], { is: 'text' }>, task: Task, outputOf: OutputOf): Promise<string> {
  if (part.is === 'output') return outputOf(part.of, task);
  const { name, otherwise } = part;
  const special: Record<string, string> = {
    '?': String(task.state.code),
    '#': String(task.parameters.length - 1),
    $: '1',
    '@': task.parameters.slice(1).join(' '),
    '*': task.parameters.slice(1).join(' '),
  };
  const value = special[name] ?? (/^\d$/.test(name) ? task.parameters[Number(name)] : task.variables.get(name));
  return value === undefined || (value === '' && otherwise !== undefined) ? (otherwise ?? '') : value;
}

/** Names that a pattern stands for, or the pattern itself where there are none. */
function matches(pattern: string, { machine, state: { folder } }: Task): string[] {
  if (!/[*?]/.test(pattern)) return [pattern];
  const slash = pattern.lastIndexOf('/');
  const [lead, last] = [pattern.slice(0, slash + 1), pattern.slice(slash + 1)];
  if (/[*?]/.test(lead)) return [pattern];
  const like = new RegExp(
    `^${last
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  const found = machine.files
    .names(absolute(lead || '.', folder))
    .filter((name) => like.test(name) && (last.startsWith('.') || !name.startsWith('.')));
  return found.length > 0 ? found.map((name) => lead + name) : [pattern];
}
