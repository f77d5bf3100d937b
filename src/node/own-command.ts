// Which containers' own programs are run here: command lines of what our shell knows, as far as it can read them.

import type { Container } from '../kinds/generated/types/core-v1.ts';
import { expandReferences } from './environment.ts';
import { canGuess, knowsCommand } from './shell/session.ts';

/** Undefined: no program really runs. Who sits at an image's own program gets a shell. */
export function commandOf(
  container: Container,
  environment: Readonly<Record<string, string>>,
): readonly string[] | undefined {
  const given = wordsOf(container);
  if (given.length === 0 && container.stdin) return ['sh'];
  if (!runsKnownProgram(container)) return undefined;
  const words = given.map((word) => expandReferences(word, environment));
  const command = words[0] === 'exit' ? ['sh', '-c', words.join(' ')] : words;
  return canGuess(command) ? command : undefined;
}

/** Whether it is told to run something that is here. */
export const runsKnownProgram = (container: Container): boolean => {
  const words = wordsOf(container);
  return tellingFirst.test(words[0] ?? '') || (container.command !== undefined && knowsCommand(words));
};

const wordsOf = ({ command = [], args = [] }: Container): readonly string[] => [...command, ...args];

/** Arguments alone may be for the image's own program. Not these. */
const tellingFirst = /^(?:\S*\/)?(?:sh|bash|ash|dash|sleep|exit|true|false|echo)$/;
