// Whether a script can be followed where some of its programs are only guessed: not where it goes on with what those say.

import { type Command, type List, parseScript } from './syntax.ts';
import { SyntaxFault, type Word } from './words.ts';

/** `knows`: the names of commands that are here. False, too, for what cannot be read. */
export function canFollow(script: string, knows: (name: string) => boolean): boolean {
  try {
    return !askedIn(parseScript(script), false, knows);
  } catch (error) {
    if (error instanceof SyntaxFault) return false;
    throw error;
  }
}

type Knows = (name: string) => boolean;

/** Whether something that is not here is asked. `heard`: what these commands write is read by others. */
const askedIn = (list: List, heard: boolean, knows: Knows): boolean =>
  list.some(({ commands }) => commands.some((each, at) => askedBy(each, heard || at < commands.length - 1, knows)));

function askedBy(command: Command, heard: boolean, knows: Knows): boolean {
  const inside = (list: List) => askedIn(list, heard, knows);
  const said = (word: Word) => word.some((part) => part.is === 'output' && askedIn(part.of, true, knows));
  if (command.redirects.some(({ target }) => said(target))) return true;
  switch (command.is) {
    case 'simple':
      return (
        (heard && command.words.length > 0 && !knows(literal(command.words[0]))) ||
        command.words.some(said) ||
        command.assignments.some(({ value }) => said(value))
      );
    case 'group':
      return inside(command.body);
    case 'if':
      return command.cases.some(({ test, body }) => inside(test) || inside(body)) || inside(command.otherwise ?? []);
    case 'while':
      return inside(command.test) || inside(command.body);
    case 'for':
      return (command.words ?? []).some(said) || inside(command.body);
  }
}

/** The text of a word, as far as it stands there. */
const literal = (word: Word | undefined): string =>
  (word ?? []).map((part) => (part.is === 'text' ? part.text : '$')).join('');
